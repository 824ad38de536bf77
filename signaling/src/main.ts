#!/usr/bin/env node
/** The command `parley-signaling`. Exit codes: 0 stopped as asked, 1 could not run, 2 wrong usage. */
import { DEFAULT_CONFIG, readConfig, SETTINGS, type Setting } from './config.ts'
import { STOP_MS } from './limits.ts'
import { type RunningServer, startServer } from './server.ts'
import type { CommandResult } from './tokens/command-result.ts'
import { runKeysCommand } from './tokens/keys-command.ts'
import { runTokenCommand } from './tokens/token-command.ts'

/** Where the explanation of a flag begins. */
const COLUMN = 32

function usageLine({ flag, env, value, help }: Setting): string {
  return `${`  --${flag} ${value}`.padEnd(COLUMN)}${help}\n${' '.repeat(COLUMN)}${env}`
}

const USAGE = `Usage: parley-signaling serve [options]
       parley-signaling token --help
       parley-signaling keys --help

Introduces Parley peers to each other over WebSocket (/v1), and serves the built app when told where it is.
It sees who meets whom and when, never content. Also on this port: /healthz, /readyz, /metrics.

Options (flags win over the environment):
${SETTINGS.map(usageLine).join('\n')}
${'  --help'.padEnd(COLUMN)}this text

Example: parley-signaling serve --host ${DEFAULT_CONFIG.host} --port ${DEFAULT_CONFIG.port}
`

function failUsage(lines: readonly string[]): number {
  process.stderr.write(`${lines.map((line) => `parley-signaling: ${line}`).join('\n')}\nTry --help.\n`)
  return 2
}

/** The first SIGTERM or SIGINT drains; a second one, or a drain that takes too long, ends at once. */
function stopOnSignal(server: RunningServer): void {
  let stopping = false
  const stop = () => {
    if (stopping) process.exit(1)
    stopping = true
    setTimeout(() => process.exit(1), STOP_MS).unref()
    server.close().catch((error: unknown) => {
      process.stderr.write(`parley-signaling: ${String(error)}\n`)
      process.exitCode = 1
    })
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

function finish({ code, out, err }: CommandResult): number {
  process.stdout.write(out)
  process.stderr.write(err)
  return code
}

async function run(args: readonly string[]): Promise<number> {
  if (args[0] === 'token') return finish(await runTokenCommand(args.slice(1), Date.now()))
  if (args[0] === 'keys') return finish(await runKeysCommand(args.slice(1)))
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(USAGE)
    return 0
  }
  const [command, ...rest] = args
  if (command !== 'serve')
    return failUsage([command ? `unknown command: ${command}` : 'a command is needed: serve, token or keys'])
  const verdict = readConfig(rest, process.env)
  if (!verdict.ok) return failUsage(verdict.errors)
  try {
    stopOnSignal(await startServer(verdict.config))
    return 0
  } catch (error) {
    process.stderr.write(`parley-signaling: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

process.exitCode = await run(process.argv.slice(2))
