import { keyIdOf, NEVER_MS } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import type { ConnectionState, Person } from './mesh-types.ts'
import {
  connectionProblem,
  connectionText,
  isShutOut,
  pathText,
  personText,
  problemOf,
  receivedPercent,
  receivingText,
  roleText,
  saveStateText,
  stateProblem,
  supportProblem,
  untilText,
} from './state-text.ts'

const OFFERED = { relayOnly: false, relayOffered: true } as const

const saved = { device: 'saved', holderCount: 0, archivist: 'none', written: true } as const
const quiet = { save: saved, reach: OFFERED, sync: null, archivistOffered: false, people: [] } as const

describe('the save state', () => {
  it('reads as agreed, fact beside fact', () => {
    expect(saveStateText(saved)).toBe('On this device')
    expect(saveStateText({ ...saved, holderCount: 2 })).toBe('On this device · With 2 people')
    expect(saveStateText({ ...saved, holderCount: 1 })).toBe('On this device · With 1 person')
    expect(saveStateText({ ...saved, holderCount: 1200 })).toBe('On this device · With 1,200 people')
    expect(saveStateText({ ...saved, device: 'failed' })).toBe('Not saved')
  })

  it('[AR4] [J5] names the archivist only while it holds the last change', () => {
    expect(saveStateText({ ...saved, archivist: 'holds' })).toBe('On this device · With the archivist')
    const everywhere = { ...saved, holderCount: 2, archivist: 'holds' } as const
    expect(saveStateText(everywhere)).toBe('On this device · With 2 people · With the archivist')
    for (const archivist of ['none', 'behind'] as const) {
      expect(saveStateText({ ...saved, archivist })).toBe('On this device')
    }
  })

  it('never claims the device while saving or after failing', () => {
    for (const device of ['saving', 'failed'] as const) {
      expect(saveStateText({ ...saved, device, holderCount: 3 })).not.toContain('On this device')
      expect(saveStateText({ ...saved, device, holderCount: 3 })).toContain('With 3 people')
    }
  })
})

describe('receiving a room', () => {
  it('reads in percent and megabytes, and is not said to be whole while something is missing', () => {
    const sync = { receivedCount: 300, missingCount: 100, receivedBytes: 12_340_000 }
    expect(receivingText(sync)).toBe('Receiving the room: 75 % (12.3 MB)')
    expect(receivedPercent({ ...sync, receivedCount: 99_999, missingCount: 1 })).toBe(99)
    expect(receivedPercent({ ...sync, receivedCount: 0 })).toBe(0)
  })
})

describe('the connection', () => {
  const states: readonly [ConnectionState, string][] = [
    [{ name: 'connecting' }, 'Connecting…'],
    [{ name: 'alone' }, 'Online, nobody else is here'],
    [{ name: 'connected', linkCount: 1, relayedCount: 0, signaling: 'up' }, 'Connected to 1 device'],
    [{ name: 'connected', linkCount: 3, relayedCount: 0, signaling: 'up' }, 'Connected to 3 devices'],
    [
      { name: 'connected', linkCount: 1, relayedCount: 0, signaling: 'down' },
      'Connected to 1 device; nobody new can join at the moment',
    ],
    [
      { name: 'connected', linkCount: 3, relayedCount: 0, signaling: 'down' },
      'Connected to 3 devices; nobody new can join at the moment',
    ],
    [{ name: 'offline' }, 'Offline: you can go on, it merges later'],
    [{ name: 'full' }, 'The room is full'],
    [{ name: 'unreachable', peerCount: 2 }, 'Others are here but cannot be reached'],
    [{ name: 'refused', reason: 'role' }, 'Not admitted'],
    [{ name: 'closed' }, 'Room closed'],
  ]

  it.each(states)('%j reads "%s"', (state, text) => {
    expect(connectionText(state, OFFERED)).toBe(text)
  })

  it('[RL4] says what is relayed, and nothing of it where nothing is', () => {
    const connected = { name: 'connected', linkCount: 3, signaling: 'up' } as const
    const text = (relayedCount: number) => connectionText({ ...connected, relayedCount }, OFFERED)
    expect([text(0), text(1), text(3)]).toEqual([
      'Connected to 3 devices',
      'Connected to 3 devices · 1 relayed',
      'Connected to 3 devices · relayed',
    ])
  })

  it('[RL3] says where a relay would help and none is offered', () => {
    const unreachable = { name: 'unreachable', peerCount: 1 } as const
    const text = (relayOnly: boolean) => connectionText(unreachable, { relayOnly, relayOffered: false })
    expect(text(false)).toMatch(/^Others are here but cannot be reached: .*this server offers none$/)
    expect(text(true)).toMatch(/^This room connects through a relay alone, and this server offers none/)
  })

  it('[RL4] tells the path to somebody and how long it takes', () => {
    expect(pathText(null)).toBe('')
    expect(pathText({ kind: 'relayed', roundTripMs: 34.6 })).toBe('relayed, 35 ms')
    expect(pathText({ kind: 'direct', roundTripMs: 0.2 })).toBe('direct, 1 ms')
    expect(pathText({ kind: 'direct', roundTripMs: null })).toBe('direct')
  })

  it('explains itself only where somebody has to do something', () => {
    const explained = states.map(([state]) => connectionProblem(state)).filter((problem) => problem !== null)
    expect(explained).toEqual(['full', 'unreachable', 'refused'])
    expect(connectionProblem({ name: 'refused', reason: 'revoked' })).toBe('revoked')
    expect(connectionProblem({ name: 'refused', reason: 'version' })).toBe('other-version')
  })

  it('shuts out whose access was taken back, and nobody else', () => {
    const shutOut = (connection: ConnectionState): boolean => isShutOut({ ...quiet, connection })
    expect(shutOut({ name: 'refused', reason: 'revoked' })).toBe(true)
    for (const [state] of states) expect(shutOut(state), state.name).toBe(false)
  })

  it('gives way to unsaved work', () => {
    const connection = { name: 'unreachable', peerCount: 1 } as const
    expect(stateProblem({ ...quiet, connection, save: { ...saved, device: 'failed' } })).toBe(
      'storage-failed',
    )
    expect(stateProblem({ ...quiet, connection })).toBe('unreachable')
  })
})

describe('the end of access', () => {
  it('is a date, or none', () => {
    expect(untilText(Date.UTC(2026, 4, 3, 12))).toBe('until May 3, 2026')
    expect(untilText(NEVER_MS)).toBe('without end')
  })
})

describe('what the browser has', () => {
  const all = { secureContext: true, ed25519: true, x25519: true, webRtc: true, indexedDb: true }

  it('is enough only when nothing is missing', () => {
    expect(supportProblem(all)).toBeNull()
    for (const feature of ['ed25519', 'x25519', 'webRtc', 'indexedDb'] as const) {
      expect(supportProblem({ ...all, [feature]: false }), feature).toBe('unsupported')
    }
    expect(supportProblem({ ...all, secureContext: false, ed25519: false })).toBe('insecure')
  })
})

describe('what was thrown', () => {
  const thrown = (name: string, kind: unknown): Error => Object.assign(new Error('…'), { name, kind })

  it('keeps its kind when the mesh threw it', () => {
    expect(problemOf(thrown('ParleyError', 'link-expired'))).toBe('link-expired')
  })

  it('is unexpected otherwise', () => {
    expect(problemOf(thrown('TypeError', 'link-expired'))).toBe('unexpected')
    expect(problemOf(thrown('ParleyError', 'toString'))).toBe('unexpected')
    expect(problemOf('link-expired')).toBe('unexpected')
    expect(problemOf(undefined)).toBe('unexpected')
  })
})

describe('people', () => {
  const ada: Person = {
    key: keyIdOf(new Uint8Array(32)),
    name: 'Ada',
    color: '#1f5fa8',
    role: 'editor',
    self: true,
    handRaised: false,
    page: null,
    path: null,
  }

  it('read with their role', () => {
    expect(`${personText(ada, 'Ada')} — ${roleText(ada.role)}`).toBe('Ada (you) — Can edit')
    expect(personText({ ...ada, self: false }, 'Ada · k3f9')).toBe('Ada · k3f9')
  })
})
