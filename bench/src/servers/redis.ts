/** A Redis of a benchmark's own, with nothing on disk. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from './server-process.ts'

export interface RedisServer {
  readonly url: string
  close(): Promise<void>
}

/** `null` when redis-server is not on the PATH. */
export async function startRedis(): Promise<RedisServer | null> {
  if (spawnSync('redis-server', ['--version']).error) return null
  const port = await freePort()
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'] })
  let log = ''
  for await (const chunk of child.stdout) {
    log += String(chunk)
    if (log.includes('Ready to accept connections')) break
  }
  if (child.exitCode !== null) throw new Error(`redis-server ended: ${log}`)
  return {
    url: `redis://127.0.0.1:${port}`,
    async close() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
