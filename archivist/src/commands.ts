/** The commands: what each takes and what it asks for. Pure. */
import { resolve } from 'node:path'
import { DIR, LOG_LEVEL, SERVE_SETTINGS, type Verdict } from './config.ts'
import type { FolderTask } from './folder-tasks.ts'
import { LOG_LEVELS, type LogLevel } from './log.ts'
import { type Operation, parseOperation } from './operations.ts'
import { SEARCH_WORDS, WORD_CHARACTERS } from './reading/limits.ts'
import {
  anyText,
  type Env,
  integerFrom,
  oneOf,
  type Parse,
  readValues,
  type Setting,
  type Values,
} from './settings.ts'

export interface Command {
  readonly name: string
  /** What stands after the name, as the help shows it; in brackets what may be left out. */
  readonly positionals: readonly string[]
  readonly settings: readonly Setting[]
  readonly help: string
  readonly example: string
}

const JSON_FLAG: Setting = { flag: 'json', env: null, value: null, help: 'print JSON, one value' }
const COMMON: readonly Setting[] = [DIR, JSON_FLAG, LOG_LEVEL]

export const COMMANDS: readonly Command[] = [
  {
    name: 'serve',
    positionals: [],
    settings: SERVE_SETTINGS,
    help: 'Keeps rooms: meets their people over signaling, stores what they write, serves it to newcomers.',
    example: 'serve --dir ./data --signaling ws://127.0.0.1:8787',
  },
  {
    name: 'add',
    positionals: ['LINK'],
    settings: [
      ...COMMON,
      {
        flag: 'blind',
        env: null,
        value: null,
        help: 'takes no key to read with, also from a link that shows it',
      },
    ],
    help: 'Keeps one more room, by an invite link for an archivist: sighted where the link shows the key to read with, else blind. LINK - reads it from standard input, out of sight of `ps`.',
    example: 'add - --dir ./data < link.txt',
  },
  {
    name: 'list',
    positionals: [],
    settings: COMMON,
    help: 'Lists the rooms that are kept, with their size and state, and whether they are blind or sighted.',
    example: 'list --dir ./data',
  },
  {
    name: 'status',
    positionals: [],
    settings: COMMON,
    help: 'Says how the archivist that runs on the folder is. Ends with 1 when none runs or it is not ready.',
    example: 'status --dir ./data',
  },
  {
    name: 'verify',
    positionals: ['[ROOM]'],
    settings: COMMON,
    help: 'Reads and checks everything that is stored of one room, or of all. Ends with 1 when something is damaged.',
    example: 'verify --dir ./data',
  },
  {
    name: 'search',
    positionals: ['ROOM', 'WORDS…'],
    settings: [
      ...COMMON,
      { flag: 'all', env: null, value: null, help: 'in all sighted rooms; ROOM is left out' },
    ],
    help: 'Finds the documents of a sighted room whose text contains all the words, as it reads now. A blind room cannot be searched.',
    example: 'search KTr0u9wXlmaKyWfEzTbQdg harbour festival --dir ./data',
  },
  {
    name: 'export',
    positionals: ['ROOM', 'FILE'],
    settings: [
      ...COMMON,
      {
        flag: 'plain',
        env: null,
        value: null,
        help: 'of a sighted room, into a new folder FILE: pages as Markdown or text, and JSON; nothing is sealed',
      },
    ],
    help: 'Writes a room into one .parley file, as sealed as it is stored: only people of the room can read it. With --plain into a folder of files that everybody can read.',
    example: 'export KTr0u9wXlmaKyWfEzTbQdg room.parley --dir ./data',
  },
  {
    name: 'import',
    positionals: ['FILE'],
    settings: COMMON,
    help: 'Stores what a .parley file holds, after checking all of it. A room that is not kept yet needs `add` as well.',
    example: 'import room.parley --dir ./data',
  },
  {
    name: 'remove',
    positionals: ['ROOM'],
    settings: COMMON,
    help: 'Stops keeping a room and deletes what is stored of it, for good.',
    example: 'remove KTr0u9wXlmaKyWfEzTbQdg --dir ./data',
  },
  {
    name: 'backup',
    positionals: [],
    settings: [
      ...COMMON,
      { flag: 'to', env: null, value: 'DIR', help: 'folder for the copy; only what it lacks is copied' },
    ],
    help: 'Copies all rooms and the identity, also while the archivist goes on.',
    example: 'backup --dir ./data --to /backup/parley',
  },
  {
    name: 'restore',
    positionals: [],
    settings: [...COMMON, { flag: 'from', env: null, value: 'DIR', help: 'folder that `backup` made' }],
    help: 'Puts the rooms of a backup into the folder. Overwrites none, and not while an archivist runs on it.',
    example: 'restore --dir ./data --from /backup/parley',
  },
  {
    name: 'prune',
    positionals: [],
    settings: [
      ...COMMON,
      {
        flag: 'unused-days',
        env: null,
        value: 'NUMBER',
        help: 'deletes rooms that nobody wrote to for so long, for good (none)',
      },
    ],
    help: 'Deletes leftovers, and damaged copies of rooms that were restored. Not while an archivist runs.',
    example: 'prune --dir ./data --unused-days 730',
  },
]

export type Asked =
  | { readonly kind: 'operation'; readonly operation: Operation }
  | { readonly kind: 'status' }
  | FolderTask

export interface Request {
  readonly dir: string
  readonly json: boolean
  readonly logLevel: LogLevel
  readonly asked: Asked
}

const daysFrom: Parse<number | null> = integerFrom(1, 100_000)
const ROOM = /^[A-Za-z0-9_-]{22,43}$/

/** The last one may stand for several. */
const SEVERAL = '…'

function checkPositionals(positionals: readonly string[], given: readonly string[], errors: string[]): void {
  for (const [at, name] of positionals.entries()) {
    const value = given[at]
    if (value === undefined && !name.startsWith('[')) errors.push(`${name} is needed`)
    if (value !== undefined && name.includes('ROOM') && !ROOM.test(value))
      errors.push(`${name}: expected the 22 characters of a room that \`list\` shows, or its whole id`)
  }
  if (positionals.at(-1)?.endsWith(SEVERAL)) return
  for (const extra of given.slice(positionals.length)) errors.push(`unexpected argument: ${extra}`)
}

function askedBy(name: string, values: Values): Asked {
  const [first = '', second = ''] = values.positionals
  const operation = (asked: Operation): Asked => ({ kind: 'operation', operation: asked })
  switch (name) {
    case 'add':
      return operation({ op: 'add', link: first, blind: values.has('blind') })
    case 'search': {
      const isAll = values.has('all')
      const words = values.positionals.slice(isAll ? 0 : 1)
      return operation({ op: 'search', room: isAll ? null : first, words })
    }
    case 'verify':
      return { kind: 'verify', room: values.positionals[0] ?? null }
    case 'backup':
      return { kind: 'backup', to: resolve(values.need('to', 'a folder')) }
    case 'restore':
      return { kind: 'restore', from: resolve(values.need('from', 'a folder that `backup` made')) }
    case 'prune':
      return {
        kind: 'prune',
        unusedDays: values.read('unused-days', null, 'a number of days from 1', daysFrom),
      }
    case 'export':
      return operation({
        op: 'export',
        room: first,
        file: resolve(second),
        plain: values.has('plain'),
      })
    case 'import':
      return operation({ op: 'import', file: resolve(first) })
    case 'remove':
      return operation({ op: 'remove', room: first })
    case 'status':
      return { kind: 'status' }
    default:
      return operation({ op: 'list' })
  }
}

/** `args` are those after the name of the command. Collects every error before it gives up. */
export function readRequest(command: Command, args: readonly string[], env: Env): Verdict<Request> {
  const errors: string[] = []
  const values = readValues(command.settings, args, env, errors)
  const isAll = command.name === 'search' && values.has('all')
  checkPositionals(isAll ? command.positionals.slice(1) : command.positionals, values.positionals, errors)
  const value: Request = {
    dir: resolve(values.need('dir', 'a folder', anyText)),
    json: values.has('json'),
    logLevel: values.read<LogLevel>(
      'log-level',
      'warn',
      `one of ${LOG_LEVELS.join(', ')}`,
      oneOf(LOG_LEVELS),
    ),
    asked: askedBy(command.name, values),
  }
  const { asked } = value
  if (errors.length === 0 && asked.kind === 'operation' && asked.operation.op === 'search')
    if (!parseOperation(asked.operation))
      errors.push(`WORDS: at most ${SEARCH_WORDS}, each of at most ${WORD_CHARACTERS} characters`)
  return errors.length > 0 ? { ok: false, errors } : { ok: true, value }
}
