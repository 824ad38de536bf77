/** The command as a process of its own, as operators run it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

export function launch(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

export interface ServerProcess {
  readonly url: string
  readonly port: number
  /** Standard output and error up to now. */
  log(): string
  /** Resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** `args` go behind `serve --port 0`. */
export async function serveProcess(...args: readonly string[]): Promise<ServerProcess> {
  const child = launch('serve', '--port', '0', ...args)
  const exited = once(child, 'close')
  let log = ''
  child.stderr?.on('data', (chunk) => (log += String(chunk)))
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      log += `${line}\n`
      const { event, url } = JSON.parse(line) as { readonly event?: string; readonly url?: string }
      if (event === 'listening' && url) resolve(url)
    })
    void exited.then(() => reject(new Error(`ended before it listened: ${log}`)))
  })
  return {
    url,
    port: Number(new URL(url).port),
    log: () => log,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      const [code] = await exited
      return code as number | null
    },
  }
}
