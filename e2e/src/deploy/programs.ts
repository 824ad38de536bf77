/** The programs as their images run them: the same bundle, command and settings, with ports and folders of this machine. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT, text } from './files.ts'

export type ProgramName = 'signaling' | 'archivist' | 'turn'

/** To listen, also on a busy machine. */
const START_MS = 20_000

const BUNDLES = {
  signaling: 'signaling/dist/main.js',
  archivist: 'archivist/dist/main.js',
  turn: 'turn/dist/main.js',
} as const

export function bundleOf(name: ProgramName): string {
  return join(ROOT, BUNDLES[name])
}

/** Options of Node that the image starts it with. */
function nodeOptionsOf(name: ProgramName): readonly string[] {
  const line = text(`docker/${name}.Dockerfile`).match(/^ENTRYPOINT (\[.*\])$/m)?.[1]
  return (JSON.parse(line ?? '[]') as string[]).filter((word) => word.startsWith('--'))
}

/** What the image hands to its entry point. */
export function commandOf(name: ProgramName): readonly string[] {
  const line = text(`docker/${name}.Dockerfile`).match(/^CMD (\[.*\])$/m)?.[1]
  if (!line) throw new Error(`the image of ${name} has no command`)
  return JSON.parse(line) as string[]
}

export function helpOf(name: ProgramName): string {
  const args = [bundleOf(name), ...commandOf(name), '--help']
  return execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 })
}

export interface Program {
  readonly child: ChildProcess
  /** Of the line of its log that says `listening`. */
  readonly url: string
  stop(): Promise<number | null>
}

interface LogLine {
  readonly event?: string
  readonly url?: string
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

/** Starts one and waits until it listens; its log is part of the error when it does not. */
export async function startProgram(
  name: 'signaling' | 'archivist',
  env: Readonly<Record<string, string>>,
): Promise<Program> {
  const child = spawn(process.execPath, [...nodeOptionsOf(name), bundleOf(name), ...commandOf(name)], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log: string[] = []
  child.stderr?.on('data', (data: Buffer) => void log.push(data.toString()))
  const url = await new Promise<string>((resolve, reject) => {
    const fail = (code: number | null) => reject(new Error(`${name} ended with ${code}:\n${log.join('\n')}`))
    child.once('exit', fail)
    setTimeout(() => {
      reject(new Error(`${name} does not listen after ${START_MS} ms:\n${log.join('\n')}`))
    }, START_MS).unref()
    child.once('error', reject)
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      log.push(line)
      const entry = parseLine(line)
      if (entry.event !== 'listening' || entry.url === undefined) return
      child.off('exit', fail)
      resolve(entry.url)
    })
  })
  return {
    child,
    url,
    async stop() {
      if (child.exitCode !== null) return child.exitCode
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const [code] = (await ended) as [number | null]
      return code
    },
  }
}
