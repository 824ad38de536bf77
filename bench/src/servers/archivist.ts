/** `parley-archivist` as it is installed, as a process, seen from outside alone: its port and its metrics. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { freePort } from './server-process.ts'

const PACKAGE = new URL('../../../archivist/', import.meta.url)
/** Beside its package, where its native module is found. */
const PROGRAM = fileURLToPath(new URL('dist/measured.js', PACKAGE))
const POLL_MS = 10
const START_LIMIT_MS = 240_000

/** Resolves with a function that removes it. */
export async function bundleArchivist(): Promise<() => Promise<void>> {
  await build({
    entryPoints: [fileURLToPath(new URL('src/main.ts', PACKAGE))],
    outfile: PROGRAM,
    external: ['@roamhq/wrtc'],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'error',
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'\nconst require = requireFrom(import.meta.url)",
    },
  })
  return () => rm(PROGRAM)
}

/** Makes a folder keep the room of a link. */
export async function addRoom(dir: string, link: string): Promise<void> {
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, 'add', '-', '--dir', dir], {
    input: `${link}\n`,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the room was not added: ${stderr}`)
}

export class ArchivistProcess {
  readonly #child: ChildProcess
  readonly #url: string
  readonly #startedMs = performance.now()

  private constructor(child: ChildProcess, url: string) {
    this.#child = child
    this.#url = url
  }

  static async spawn(dir: string, signaling: string): Promise<ArchivistProcess> {
    const port = await freePort()
    const args = [
      'serve',
      '--dir',
      dir,
      '--signaling',
      signaling,
      '--port',
      `${port}`,
      '--log-level',
      'error',
    ]
    const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'inherit', 'inherit'] })
    return new ArchivistProcess(child, `http://127.0.0.1:${port}`)
  }

  /** Milliseconds from its start until `/readyz` says 200. */
  readyMs(): Promise<number> {
    return this.#until(async () => (await fetch(`${this.#url}/readyz`)).status === 200)
  }

  /** Milliseconds from its start until the one room is open with so many entries. */
  openMs(entryCount: number): Promise<number> {
    return this.#until(async () => {
      const [entries, unopened] = await Promise.all([this.metric('entries'), this.metric('rooms_unopened')])
      return entries >= entryCount && unopened === 0
    })
  }

  /** `NaN` where there is none. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.#url}/metrics`)).text()
    const line = text.split('\n').find((each) => each.startsWith(`parley_archivist_${name} `))
    return Number(line?.split(' ')[1] ?? Number.NaN)
  }

  /** Of the process that keeps rooms. */
  residentBytes(): Promise<number> {
    return this.metric('keeper_process_resident_memory_bytes')
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }

  async #until(holds: () => Promise<boolean>): Promise<number> {
    for (;;) {
      if (this.#child.exitCode !== null) throw new Error(`the archivist ended with ${this.#child.exitCode}`)
      // Nobody listens yet.
      const held = await holds().catch(() => false)
      const elapsedMs = performance.now() - this.#startedMs
      if (held) return elapsedMs
      if (elapsedMs > START_LIMIT_MS) throw new Error('the archivist does not come up')
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }
}
