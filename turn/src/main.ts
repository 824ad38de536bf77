#!/usr/bin/env node
/** The command `parley-turn`. Exit codes: 0 stopped as asked, 1 could not run or ended by itself, 2 wrong usage. */
import { type Config, readConfig, SECRET_ENV, SETTINGS, type Setting } from './config.ts'
import { factsFor, LaunchError, startRelay } from './launch.ts'
import { turnserverConf } from './turnserver-conf.ts'

/** Where the explanation of a flag begins. */
const COLUMN = 32

function usageLine({ flag, env, value, help }: Setting): string {
  return `${`  --${flag} ${value}`.padEnd(COLUMN)}${help}\n${' '.repeat(COLUMN)}${env}`
}

const USAGE = `Usage: parley-turn serve [options]     run coturn with a configuration made for Parley
       parley-turn config [options]    print that configuration, the secret included

A relay for people whose networks let no direct connection through. It carries what is encrypted from end to end, sees
who talks to whom and how much, and reaches no private network. Needs coturn's turnserver on PATH for serve.

Options (flags win over the environment):
${SETTINGS.map(usageLine).join('\n')}
${`  (no flag: command lines are public)`.padEnd(COLUMN)}
${' '.repeat(COLUMN)}${SECRET_ENV}
${'  --help'.padEnd(COLUMN)}this text

Example: parley-turn serve --secret-file /etc/parley/turn-secret --external-ip 198.51.100.7
`

function failUsage(lines: readonly string[]): number {
  process.stderr.write(`${lines.map((line) => `parley-turn: ${line}`).join('\n')}\nTry --help.\n`)
  return 2
}

async function serve(config: Config): Promise<number> {
  const relay = startRelay(config, (line) => process.stdout.write(`${line}\n`))
  let asked = false
  const stop = () => {
    asked = true
    relay.stop()
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
  const code = await relay.ended
  if (asked) return 0
  process.stderr.write(`parley-turn: turnserver ended by itself with code ${code}\n`)
  return 1
}

async function run(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(USAGE)
    return 0
  }
  const [command, ...rest] = args
  if (command !== 'serve' && command !== 'config')
    return failUsage([command ? `unknown command: ${command}` : 'a command is needed: serve or config'])
  const verdict = readConfig(rest, process.env)
  if (!verdict.ok) return failUsage(verdict.errors)
  try {
    if (command === 'serve') return await serve(verdict.config)
    process.stdout.write(turnserverConf(verdict.config, factsFor(verdict.config, '/run/parley-turn')))
    return 0
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error
    process.stderr.write(`parley-turn: ${error.message}\n`)
    return 1
  }
}

process.exitCode = await run(process.argv.slice(2))
