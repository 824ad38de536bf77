#!/usr/bin/env node
/** The command `parley-archivist`. Exit codes: 0 done or stopped as asked, 1 could not, 2 wrong usage. */
import { fileURLToPath } from 'node:url'
import { ask, runningStatus } from './ask.ts'
import { type ChildConfig, runChild } from './child.ts'
import { COMMANDS, type Request, readRequest } from './commands.ts'
import { readServeConfig } from './config.ts'
import { type FolderTask, runTask } from './folder-tasks.ts'
import { STOP_MS } from './limits.ts'
import { type Operation, reasonOf } from './operations.ts'
import { answerText } from './print.ts'
import { type RunningArchivist, startArchivist } from './serve.ts'
import { readLine } from './standard-input.ts'
import { commandUsage, programUsage } from './usage.ts'

function fail(code: number, lines: readonly string[]): number {
  process.stderr.write(lines.map((line) => `parley-archivist: ${line}\n`).join(''))
  if (code === 2) process.stderr.write('Try --help.\n')
  return code
}

/** The first SIGTERM or SIGINT flushes and closes; a second one ends at once. */
function stopOnSignal(archivist: RunningArchivist): void {
  let stopping = false
  const stop = () => {
    if (stopping) process.exit(1)
    stopping = true
    setTimeout(() => process.exit(1), STOP_MS + 1_000).unref()
    archivist.close().catch((error: unknown) => {
      process.exitCode = fail(1, [reasonOf(error)])
    })
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
}

async function serve(args: readonly string[]): Promise<number> {
  const verdict = readServeConfig(args, process.env)
  if (!verdict.ok) return fail(2, verdict.errors)
  stopOnSignal(await startArchivist(verdict.value, fileURLToPath(import.meta.url)))
  return 0
}

function print({ json }: Request, text: string, value: unknown): void {
  process.stdout.write(`${json ? JSON.stringify(value) : text}\n`)
}

async function status(request: Request): Promise<number> {
  const value = await runningStatus(request.dir)
  if (value === null) return fail(1, ['no archivist runs on this folder'])
  print(request, JSON.stringify(value, null, 2), value)
  const { at, status: facts } = value as { at?: string; status?: { readOnly?: unknown } | null }
  return at === 'running' && !facts?.readOnly ? 0 : 1
}

async function operate(request: Request, given: Operation): Promise<number> {
  const operation: Operation =
    given.op === 'add' && given.link === '-' ? { ...given, link: await readLine() } : given
  const outcome = await ask(request.dir, request.logLevel, operation)
  if (!outcome.ok) return fail(1, [outcome.error])
  print(request, answerText(operation, outcome.value), outcome.value)
  return 0
}

async function runTaskOf(request: Request, task: FolderTask): Promise<number> {
  const { text, value, isWell } = await runTask(request.dir, task)
  print(request, text, value)
  return isWell ? 0 : 1
}

async function request(asked: Request): Promise<number> {
  switch (asked.asked.kind) {
    case 'status':
      return status(asked)
    case 'verify':
    case 'backup':
    case 'restore':
    case 'prune':
      return runTaskOf(asked, asked.asked)
    case 'operation':
      return operate(asked, asked.asked.operation)
  }
}

async function run(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  const command = COMMANDS.find((one) => one.name === name)
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(command ? commandUsage(command) : programUsage())
    return 0
  }
  if (!command) {
    const names = COMMANDS.map((one) => one.name).join(', ')
    return fail(2, [name ? `unknown command: ${name}` : `a command is needed: ${names}`])
  }
  if (command.name === 'serve') return serve(rest)
  const verdict = readRequest(command, rest, process.env)
  if (!verdict.ok) return fail(2, verdict.errors)
  const code = await request(verdict.value)
  // The WebRTC package leaves handles behind that would keep the process for seconds.
  process.stdout.write('', () => process.exit(code))
  return code
}

const args = process.argv.slice(2)
if (args[0] === 'keeper' && process.send) {
  await runChild(JSON.parse(args[1] ?? '') as ChildConfig)
} else {
  process.exitCode = await run(args).catch((error: unknown) => fail(1, [reasonOf(error)]))
}
