/** The signaling server as a process of its own, so that it can die as processes do. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const MAIN = join(import.meta.dirname, '../../signaling/dist/main.js')

export interface SignalingProcess {
  readonly port: number
  /** SIGKILL: nobody is told goodbye. */
  kill(): Promise<void>
}

/** What another command of the server prints. Throws when it fails. */
export function runSignaling(...args: readonly string[]): string {
  return execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' }).trim()
}

/** `publicHosts` are those that clients dial; none for the machine's own. */
export async function startSignaling(
  publicHosts: readonly string[],
  flags: readonly string[] = [],
): Promise<SignalingProcess> {
  const hosts = publicHosts.length > 0 ? ['--public-hosts', publicHosts.join(',')] : []
  const args = ['serve', '--port', '0', ...hosts, ...flags]
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
