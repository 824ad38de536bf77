import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { testRoom } from '@parley/protocol/testing'
import { describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from './server.ts'
import { join } from './testing/test-client.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

function launch(...args: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

async function result(child: ChildProcess): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk) => (out += String(chunk)))
  child.stderr?.on('data', (chunk) => (err += String(chunk)))
  const [code] = await once(child, 'close')
  return { code: code as number, out, err }
}

describe('the command', () => {
  it('explains itself', async () => {
    const { code, out } = await result(launch('serve', '--help'))
    expect(code).toBe(0)
    expect(out).toContain('PARLEY_PUBLIC_HOSTS')
  })

  it('lists what is wrong and ends with 2', async () => {
    const { code, err } = await result(launch('serve', '--port', 'x', '--nonsense'))
    expect(code).toBe(2)
    expect(err).toContain('--nonsense')
    expect(err).toContain('PARLEY_PORT')
    expect((await result(launch('dance'))).code).toBe(2)
  })

  it('ends with 1 when it cannot listen', async () => {
    const taken = await startServer({ port: 0, logLevel: 'silent' })
    const { code, err } = await result(launch('serve', '--port', String(taken.port)))
    await taken.close()
    expect(code).toBe(1)
    expect(err).toContain('EADDRINUSE')
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('drains on %s and ends with 0', async (signal) => {
    const child = launch('serve', '--port', '0', '--log-level', 'debug')
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
    const listening = JSON.parse((await lines.next()).value as string) as { event: string; url: string }
    expect(listening.event).toBe('listening')
    const room = testRoom('main')
    const owner = await room.device('owner')
    const { client } = await join({ url: listening.url } as RunningServer, room, owner)
    child.kill(signal)
    expect(await client.closed).toBe(1001)
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
    let log = ''
    for (let line = await lines.next(); !line.done; line = await lines.next()) log += line.value
    expect(log).toContain('"event":"stopped"')
    expect(log).not.toContain(room.roomId)
  })
})
