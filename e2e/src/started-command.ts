/** `npm start` as a person at a terminal runs it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = join(import.meta.dirname, '../..')

export interface StartedCommand {
  /** The address that it printed, without the last slash. */
  readonly origin: string
  stop(): Promise<void>
}

async function printedAddress(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no output')
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /Parley is ready: (http:\S+?)\/ /.exec(line)?.[1]
    if (address) return address
    lines.push(line)
  }
  throw new Error(`npm start ended without an address:\n${lines.join('\n')}`)
}

/** Without an archivist unless a folder for one is given: the default one is that of whoever works here. */
export async function npmStart(dataDir: string | null = null): Promise<StartedCommand> {
  const keeping = dataDir === null ? ['--no-archivist'] : ['--data', dataDir]
  const child = spawn(process.execPath, [join(ROOT, 'scripts/start.mjs'), '--port', '0', ...keeping], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  return {
    origin: await printedAddress(child),
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
