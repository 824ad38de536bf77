/** The real commands as processes, and peers in this one. Waiting is for a line or a state, never for time. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ARCHIVIST = fileURLToPath(new URL('../main.ts', import.meta.url))
const SIGNALING = fileURLToPath(new URL('../../../signaling/src/main.ts', import.meta.url))

export type Line = Readonly<Record<string, unknown>> & { readonly event?: string }

export interface Finished {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A command that runs until it is told to stop. */
export class Service {
  readonly child: ChildProcess
  readonly lines: Line[] = []
  readonly #waiting = new Set<() => void>()
  readonly ended: Promise<number | null>

  constructor(main: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    })
    this.ended = once(this.child, 'exit').then(([code]) => code as number | null)
    void this.ended.then(() => this.#wake())
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line)
      this.#wake()
    })
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }

  /** The first line with this event from `since` on; rejects when the process ends before. */
  async line(event: string, since = 0): Promise<Line> {
    for (;;) {
      const line = this.lines.slice(since).find((one) => one.event === event)
      if (line) return line
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`ended before it said ${event}: ${JSON.stringify(this.lines)}`)
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake)
          resolve()
        }
        this.#waiting.add(wake)
      })
    }
  }

  async url(): Promise<string> {
    return (await this.line('listening'))['url'] as string
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal)
    return this.ended
  }
}

export const startSignaling = (...args: string[]): Service =>
  new Service(SIGNALING, ['serve', '--port', '0', ...args])

export const startArchivist = (dir: string, signalingUrl: string, ...args: string[]): Service =>
  new Service(ARCHIVIST, [
    ...['serve', '--dir', dir, '--signaling', signalingUrl.replace('http', 'ws'), '--port', '0'],
    ...args,
  ])

/** One command, to its end. */
export async function runArchivist(args: readonly string[], input = ''): Promise<Finished> {
  const child = spawn(process.execPath, ['--import', 'tsx', ARCHIVIST, ...args], { stdio: 'pipe' })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    err += String(chunk)
  })
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  return { code: code as number, out, err }
}

export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'parley-archivist-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
