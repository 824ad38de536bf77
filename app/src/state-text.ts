/** From what the mesh reports to what people read. Pure. */
import type { ParleyErrorKind } from '@parley/mesh'
import { NEVER_MS } from '@parley/protocol'
import type {
  ConnectionState,
  LinkPath,
  Person,
  ReachState,
  RoomState,
  SaveState,
  Support,
  SyncState,
} from './mesh-types.ts'

import { counted, dateText, isProblemKind, type ProblemKind, sizeText, type UiKey, word } from './words.ts'

/** The facts side by side, never folded into one. */
export function saveStateText(save: SaveState): string {
  const device = { saved: 'onThisDevice', saving: 'saving', failed: 'notSaved' } as const
  const facts = [word(device[save.device])]
  if (save.holderCount > 0) facts.push(counted('withPerson', 'withPeople', save.holderCount))
  if (save.archivist === 'holds') facts.push(word('withArchivist'))
  return facts.join(' · ')
}

/** Of entries that were asked for, in whole percent: never 100 while some are missing. */
export function receivedPercent({ receivedCount, missingCount }: SyncState): number {
  return Math.floor((receivedCount / (receivedCount + missingCount)) * 100)
}

export function receivingText(sync: SyncState): string {
  return word('receiving', { percent: receivedPercent(sync), size: sizeText(sync.receivedBytes) })
}

function connectedText(linkCount: number, signaling: 'up' | 'down'): string {
  return signaling === 'up'
    ? counted('connectedOne', 'connectedMany', linkCount)
    : counted('connectedOneDown', 'connectedManyDown', linkCount)
}

/** Nothing where all links are direct, which is what one expects. */
function relayedText(linkCount: number, relayedCount: number): string[] {
  if (relayedCount === 0) return []
  return [relayedCount >= linkCount ? word('relayed') : word('relayedSome', { count: relayedCount })]
}

export function connectionText(connection: ConnectionState, reach: ReachState): string {
  if (connection.name === 'connected') {
    const { linkCount, relayedCount, signaling } = connection
    return [connectedText(linkCount, signaling), ...relayedText(linkCount, relayedCount)].join(' · ')
  }
  if (connection.name === 'unreachable' && reach.relayOffered === false) {
    return word(reach.relayOnly ? 'unreachableRelayOnly' : 'unreachableNoRelay')
  }
  return word(connection.name)
}

/** How bytes travel to somebody, and how long there and back; nothing for who is reached through others. */
export function pathText(path: LinkPath | null): string {
  if (!path) return ''
  const { kind, roundTripMs } = path
  if (roundTripMs === null) return word(kind === 'relayed' ? 'pathRelayed' : 'pathDirect')
  const ms = Math.max(1, Math.round(roundTripMs))
  return word(kind === 'relayed' ? 'pathRelayedTime' : 'pathDirectTime', { ms })
}

/** How much the connection line should stand out. */
export function connectionTone(connection: ConnectionState): 'good' | 'waiting' | 'bad' {
  switch (connection.name) {
    case 'connected':
      return connection.signaling === 'up' ? 'good' : 'waiting'
    case 'alone':
      return 'good'
    case 'connecting':
    case 'offline':
    case 'closed':
    case 'detached':
      return 'waiting'
    case 'full':
    case 'unreachable':
    case 'refused':
      return 'bad'
  }
}

/** What the connection needs to be said in full, if anything. */
export function connectionProblem(connection: ConnectionState): ProblemKind | null {
  if (connection.name === 'full' || connection.name === 'unreachable') return connection.name
  if (connection.name !== 'refused') return null
  switch (connection.reason) {
    case 'revoked':
      return 'revoked'
    case 'version':
      return 'other-version'
    case 'rate':
      return 'busy'
    case 'full':
      return 'full'
    default:
      return 'refused'
  }
}

export function stateProblem(state: RoomState): ProblemKind | null {
  if (state.save.device === 'failed') return 'storage-failed'
  const kind = connectionProblem(state.connection)
  const { relayOnly, relayOffered } = state.reach
  return kind === 'unreachable' && relayOnly && relayOffered === false ? 'no-relay' : kind
}

/** An insecure address hides the other features too, so it is named first. */
export function supportProblem(support: Support): ProblemKind | null {
  if (!support.secureContext) return 'insecure'
  const { ed25519, x25519, webRtc, indexedDb } = support
  return ed25519 && x25519 && webRtc && indexedDb ? null : 'unsupported'
}

/** Anything may have been thrown. Told by its name, so that the shell need not carry the mesh to know its errors. */
export function problemOf(error: unknown): ProblemKind {
  if (!(error instanceof Error) || error.name !== 'ParleyError') return 'unexpected'
  const { kind } = error as Error & { kind?: ParleyErrorKind }
  return kind !== undefined && isProblemKind(kind) ? kind : 'unexpected'
}

const ROLE_WORDS = {
  viewer: 'roleViewer',
  commenter: 'roleCommenter',
  editor: 'roleEditor',
  owner: 'roleOwner',
  archivist: 'roleArchivist',
} as const satisfies Record<Person['role'], UiKey>

export function roleText(role: Person['role']): string {
  return word(ROLE_WORDS[role])
}

/** `name` is what to call them by, marked where it has to be. */
export function personText({ self }: Pick<Person, 'self'>, name: string): string {
  return self ? word('personYou', { name }) : name
}

/** Whether this device may only read what it has: nothing that it writes would reach anybody. */
export function isShutOut({ connection }: RoomState): boolean {
  return connection.name === 'refused' && connection.reason === 'revoked'
}

/** `notAfterMs` in Unix milliseconds. */
export function untilText(notAfterMs: number): string {
  return notAfterMs >= NEVER_MS ? word('forever') : word('until', { when: dateText(notAfterMs) })
}
