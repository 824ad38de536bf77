/** The libraries under comparison: each with its page and its own signaling server. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { DEFAULT_CONFIG, startServer } from '@parley/signaling'
import type { PageServer } from './browser/page-server.ts'

/** Pages of one run at most. */
const COPIES = 16

export interface Contender {
  readonly page: 'ours' | 'y-webrtc'
  readonly signaling: string
  close(): Promise<void>
}

export async function startOurs(pages: PageServer): Promise<Contender> {
  const origins = Array.from({ length: COPIES }, (_, copy) => new URL(pages.url('ours', copy)).origin)
  const server = await startServer({
    ...DEFAULT_CONFIG,
    port: 0,
    allowedOrigins: origins,
    logLevel: 'error',
  })
  const signaling = `${server.url.replace('http', 'ws')}/v1`
  return { page: 'ours', signaling, close: () => server.close() }
}

/** Another process may take it before it is used; the server then fails to start, which is reported. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function announced(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve())
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the server of y-webrtc ended with ${code}`)))
  })
}

/** With the server that comes in its own package. */
export async function startYWebrtc(): Promise<Contender> {
  const script = join(dirname(createRequire(import.meta.url).resolve('y-webrtc')), '../bin/server.js')
  const port = await freePort()
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = (): void => void child.kill()
  process.once('exit', kill)
  await announced(child)
  return {
    page: 'y-webrtc',
    signaling: `ws://127.0.0.1:${port}`,
    async close() {
      const ended = once(child, 'exit')
      process.off('exit', kill)
      child.kill()
      await ended
    },
  }
}
