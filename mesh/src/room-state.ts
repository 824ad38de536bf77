/** What the screen reads, computed from facts; nothing here is ever set. */
import type { KeyId, Role } from '@parley/protocol'
import type { ConnectionState, Person, SaveState } from './api.ts'
import type { SignalingState } from './join/signaling-session.ts'
import type { LinkPath } from './ports.ts'
import type { Present } from './presence/presence-sync.ts'

export interface ConnectionFacts {
  readonly closed: boolean
  readonly revoked: boolean
  readonly linkCount: number
  readonly relayedCount: number
  readonly signaling: SignalingState
  /** Signaling was up before and is not now, or could never be reached. */
  readonly signalingLost: boolean
  readonly isTrying: boolean
  readonly isFull: boolean
  readonly unlinkedCount: number
  readonly hasFailed: boolean
}

export function connectionState(facts: ConnectionFacts): ConnectionState {
  if (facts.closed) return { name: 'closed' }
  if (facts.revoked) return { name: 'refused', reason: 'revoked' }
  const up = facts.signaling.name === 'up'
  if (facts.linkCount > 0) {
    const { linkCount, relayedCount } = facts
    return { name: 'connected', linkCount, relayedCount, signaling: up ? 'up' : 'down' }
  }
  if (facts.signaling.name === 'refused') return { name: 'refused', reason: facts.signaling.reason }
  if (!up) return { name: facts.signalingLost ? 'offline' : 'connecting' }
  if (facts.isTrying) return { name: 'connecting' }
  if (facts.isFull) return { name: 'full' }
  if (facts.hasFailed) return { name: 'unreachable', peerCount: facts.unlinkedCount }
  return { name: facts.unlinkedCount > 0 ? 'connecting' : 'alone' }
}

export interface SaveFacts {
  readonly failed: boolean
  /** Edits that are no entries yet: nobody can hold them. */
  readonly unsealed: boolean
  /** Entries not durable yet. */
  readonly pending: boolean
  readonly written: boolean
  readonly holders: number
  readonly archivist: SaveState['archivist']
}

export function saveState(facts: SaveFacts): SaveState {
  const { failed, unsealed, pending, holders, archivist, written } = facts
  const device = failed ? 'failed' : pending || unsealed ? 'saving' : 'saved'
  if (!unsealed) return { device, holderCount: holders, archivist, written }
  return { device, holderCount: 0, archivist: archivist === 'holds' ? 'behind' : archivist, written }
}

/** One item per device key, oneself first, then by name. A key that has no name yet is listed all the same. */
export function people(
  self: Omit<Present, 'key'> & { readonly key: KeyId; readonly role: Role },
  present: readonly Present[],
  roleOf: (key: KeyId) => Role | null,
  pathOf: (key: KeyId) => LinkPath | null = () => null,
): Person[] {
  const others = new Map<KeyId, Person>()
  for (const { key, name, color, handRaised, page } of present) {
    const role = roleOf(key)
    if (key === self.key || role === null || others.get(key)?.name) continue
    others.set(key, { key, name, color, role, self: false, handRaised, page, path: pathOf(key) })
  }
  const sorted = [...others.values()].sort((a, b) => a.name.localeCompare(b.name) || (a.key < b.key ? -1 : 1))
  return [{ ...self, self: true, path: null }, ...sorted]
}
