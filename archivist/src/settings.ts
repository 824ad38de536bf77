/** Flags and `PARLEY_*` environment variables, one row each: parsing and help text come from the row. Pure; flags win. */
import { parseArgs } from 'node:util'

export interface Setting {
  readonly flag: string
  /** `null` where only a flag makes sense. */
  readonly env: string | null
  /** What stands for the value in the help; `null` for a switch. */
  readonly value: string | null
  readonly help: string
}

export type Parse<T> = (text: string) => T | null
export type Env = Readonly<Record<string, string | undefined>>

export interface Values {
  /** Collects an error that names the setting and what it takes, never the value: secrets may be in it. */
  read<T>(flag: string, otherwise: T, expected: string, parse: Parse<T>): T
  /** An error when it is not given; then `''`. */
  need(flag: string, expected: string, parse?: Parse<string>): string
  has(flag: string): boolean
  readonly positionals: readonly string[]
}

function settingName({ flag, env }: Setting): string {
  return env ? `--${flag} or ${env}` : `--${flag}`
}

function readArgs(settings: readonly Setting[], args: readonly string[], errors: string[]) {
  const options = Object.fromEntries(
    settings.map(({ flag, value }) => [
      flag,
      { type: value === null ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  const flags = new Map<string, string>()
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const option = options[token.name]
    if (!option) errors.push(`unknown flag: ${token.rawName}`)
    else if (option.type === 'boolean') flags.set(token.name, 'yes')
    else if (!token.value) errors.push(`--${token.name} needs a value`)
    else flags.set(token.name, token.value)
  }
  return { flags, positionals }
}

/** Errors go to `errors`, all of them, so that one try shows everything. */
export function readValues(
  settings: readonly Setting[],
  args: readonly string[],
  env: Env,
  errors: string[],
): Values {
  const { flags, positionals } = readArgs(settings, args, errors)
  const rowOf = (flag: string): Setting => {
    const row = settings.find((one) => one.flag === flag)
    if (!row) throw new Error(`no such setting: ${flag}`)
    return row
  }
  const textOf = (flag: string): string | undefined => {
    const { env: variable } = rowOf(flag)
    return flags.get(flag) ?? (variable ? env[variable] || undefined : undefined)
  }
  const read = <T>(flag: string, otherwise: T, expected: string, parse: Parse<T>): T => {
    const text = textOf(flag)
    if (text === undefined) return otherwise
    const value = parse(text)
    if (value === null) errors.push(`${settingName(rowOf(flag))}: expected ${expected}`)
    return value ?? otherwise
  }
  return {
    read,
    need(flag, expected, parse = anyText) {
      if (textOf(flag) === undefined) errors.push(`${settingName(rowOf(flag))} is needed: ${expected}`)
      return read(flag, '', expected, parse)
    },
    has: (flag) => textOf(flag) !== undefined,
    positionals,
  }
}

export const anyText: Parse<string> = (text) => text

export function integerFrom(least: number, most: number): Parse<number> {
  return (text) =>
    /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : null
}

export function oneOf<T extends string>(values: readonly T[]): Parse<T> {
  return (text) => values.find((value) => value === text) ?? null
}
