/** The signaling server as a process of its own, so that it can die as processes do. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const MAIN = join(import.meta.dirname, '../../signaling/dist/main.js')

export interface SignalingProcess {
  readonly port: number
  /** SIGKILL: nobody is told goodbye. */
  kill(): Promise<void>
}

/** `publicHosts` are those that clients dial. */
export async function startSignaling(publicHosts: readonly string[]): Promise<SignalingProcess> {
  const args = ['serve', '--port', '0', '--public-hosts', publicHosts.join(',')]
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    const { event, url } = JSON.parse(line) as { readonly event?: string; readonly url?: string }
    if (event !== 'listening' || !url) continue
    child.stdout.resume()
    return {
      port: Number(new URL(url).port),
      async kill() {
        child.kill('SIGKILL')
        await ended
      },
    }
  }
  throw new Error('the signaling server ended before it listened')
}
