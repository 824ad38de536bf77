import type { KeyId } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import type { Present } from './presence/presence-sync.ts'
import { type ConnectionFacts, connectionState, people, saveState } from './room-state.ts'

const UP = { name: 'up', self: 'p' } as unknown as ConnectionFacts['signaling']
const DOWN = { name: 'down', retryAtMs: 0 } as const
const nobody: ConnectionFacts = {
  closed: false,
  revoked: false,
  linkCount: 0,
  relayedCount: 0,
  signaling: UP,
  signalingLost: false,
  isTrying: false,
  isFull: false,
  unlinkedCount: 0,
  hasFailed: false,
}
const state = (facts: Partial<ConnectionFacts>) => connectionState({ ...nobody, ...facts })

describe('the connection as shown', () => {
  it.each([
    ['closed', { closed: true, linkCount: 3 }],
    ['refused', { revoked: true, linkCount: 3 }],
    ['alone', {}],
    ['connecting', { signaling: { name: 'dialing' } as const }],
    ['offline', { signaling: DOWN, signalingLost: true }],
    ['offline', { signaling: { name: 'dialing' } as const, signalingLost: true }],
    ['connecting', { isTrying: true, unlinkedCount: 1, hasFailed: true }],
    ['connecting', { unlinkedCount: 1 }],
    ['full', { unlinkedCount: 12, isFull: true, hasFailed: true }],
    ['unreachable', { unlinkedCount: 1, hasFailed: true }],
  ])('is %s', (name, facts) => {
    expect(state(facts).name).toBe(name)
  })

  it('[OV4] with a link is connected, whatever signaling says', () => {
    const refused = { name: 'refused', reason: 'notProven' } as const
    for (const signaling of [DOWN, refused]) {
      expect(state({ signaling, linkCount: 2, signalingLost: true })).toEqual({
        name: 'connected',
        linkCount: 2,
        relayedCount: 0,
        signaling: 'down',
      })
    }
    expect(state({ linkCount: 1 })).toMatchObject({ signaling: 'up' })
    expect(state({ signaling: refused })).toEqual({ name: 'refused', reason: 'notProven' })
  })
})

it('[SV3] a device that cannot store says so, whatever else is under way', () => {
  const facts = {
    failed: false,
    unsealed: false,
    pending: false,
    written: true,
    holders: 1,
    archivist: 'behind',
  } as const
  expect(saveState(facts)).toEqual({
    device: 'saved',
    holderCount: 1,
    archivist: 'behind',
    written: true,
  })
  expect(saveState({ ...facts, pending: true }).device).toBe('saving')
  expect(saveState({ ...facts, pending: true, failed: true }).device).toBe('failed')
})

it('[SV4] what is no entry yet is held by nobody', () => {
  const facts = { failed: false, pending: false, written: true, holders: 2, archivist: 'holds' } as const
  const expected = { device: 'saving', holderCount: 0, archivist: 'behind', written: true }
  expect(saveState({ ...facts, unsealed: true })).toEqual(expected)
  expect(saveState({ ...facts, unsealed: false })).toMatchObject({
    device: 'saved',
    holderCount: 2,
    archivist: 'holds',
  })
})

describe('the people as shown', () => {
  const shows = (key: string, name: string): Present => ({
    key: key as KeyId,
    name,
    color: '#000000',
    handRaised: false,
    page: null,
  })
  const self = { ...shows('self', 'Zoe'), role: 'owner' as const }

  it('[HS5] carry the role of their key’s chain; without one nobody is shown', () => {
    const shown = people(self, [shows('b', 'Ben'), shows('x', 'Owner')], (key) =>
      key === 'b' ? 'viewer' : null,
    )
    expect(shown.map(({ name, role }) => `${name} ${role}`)).toEqual(['Zoe owner', 'Ben viewer'])
  })

  it('are one a key, oneself first, then by name', () => {
    const present = [
      shows('c', 'Cleo'),
      shows('b', ''),
      shows('b', 'Ben'),
      shows('self', 'Zoe'),
      shows('b', 'Bob'),
    ]
    expect(people(self, present, () => 'editor').map(({ name, self }) => [name, self])).toEqual([
      ['Zoe', true],
      ['Ben', false],
      ['Cleo', false],
    ])
  })
})
