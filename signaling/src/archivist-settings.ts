/** Settings of the archivist behind this server. Pure. */
import type { ArchivistConfig } from './archivist-link.ts'

const TOKEN_ENV = 'PARLEY_ARCHIVIST_TOKEN'
/** Each is asked for every room that is to be kept. */
const URLS_MOST = 16

export const ARCHIVIST_SETTINGS = [
  {
    flag: 'archivist',
    env: 'PARLEY_ARCHIVIST',
    value: 'LIST',
    help: `http(s)://host[:port] of archivists that keep rooms, comma separated; what they ask for is in ${TOKEN_ENV} (none)`,
  },
] as const

export type ReadArchivistSetting = <T>(
  flag: (typeof ARCHIVIST_SETTINGS)[number]['flag'],
  otherwise: T,
  expected: string,
  parse: (text: string) => T | null,
) => T

const URL_PATTERN = /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?$/

function parseUrls(text: string): readonly string[] | null {
  const urls = text.split(',').map((item) => item.trim().toLowerCase().replace(/\/$/, ''))
  return urls.length <= URLS_MOST && urls.every((url) => URL_PATTERN.test(url)) ? urls : null
}

/** A secret among the arguments would be shown by `ps`: it comes by the environment alone. No error shows it. */
export function readArchivistSettings(
  read: ReadArchivistSetting,
  env: Readonly<Record<string, string | undefined>>,
  errors: string[],
): ArchivistConfig | null {
  const urls = read('archivist', [], `up to ${URLS_MOST} http(s)://host[:port], comma separated`, parseUrls)
  const token = env[TOKEN_ENV] || null
  if (token !== null && !/^[\w.~+/=-]{22,}$/.test(token))
    errors.push(`${TOKEN_ENV}: expected a secret of at least 22 letters, digits or any of _.~+/=-`)
  return urls.length > 0 ? { urls, token } : null
}
