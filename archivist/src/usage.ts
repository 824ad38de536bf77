/** Help texts, printed from the tables of commands and settings. Pure. */
import { COMMANDS, type Command } from './commands.ts'
import type { Setting } from './settings.ts'

/** Where the explanation of a flag begins. */
const COLUMN = 26

function settingLine({ flag, env, value, help }: Setting): string {
  const name = `  --${flag}${value ? ` ${value}` : ''}`
  const variable = env ? `\n${' '.repeat(COLUMN)}${env}` : ''
  return `${name.padEnd(COLUMN)}${name.length >= COLUMN ? ' ' : ''}${help}${variable}`
}

export function programUsage(): string {
  const lines = COMMANDS.map(({ name, help }) => `  ${name.padEnd(10)}${help}`)
  return `Usage: parley-archivist COMMAND [options]

Keeps Parley rooms when nobody is there, without being able to read them unless an owner of a room lets it.

Commands:
${lines.join('\n')}

parley-archivist COMMAND --help explains one. Commands on a folder that an archivist runs on are done by that one,
through its port; on any other folder they work by themselves.
Exit codes: 0 done, 1 could not, 2 wrong usage.
`
}

export function commandUsage({ name, positionals, settings, help, example }: Command): string {
  return `Usage: ${['parley-archivist', name, ...positionals, '[options]'].join(' ')}

${help}

Options (flags win over the environment):
${settings.map(settingLine).join('\n')}
${'  --help'.padEnd(COLUMN)}this text

Example: parley-archivist ${example}
`
}
