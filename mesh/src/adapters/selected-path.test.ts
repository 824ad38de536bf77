import { describe, expect, it } from 'vitest'
import { selectedPath } from './selected-path.ts'

type Stats = Readonly<Record<string, Readonly<Record<string, unknown>>>>

const told = (stats: Stats) =>
  selectedPath({ getStats: async () => new Map(Object.entries(stats)) as unknown as RTCStatsReport })
const ends = (local: string, remote: string): Stats => ({
  l: { type: 'local-candidate', candidateType: local },
  r: { type: 'remote-candidate', candidateType: remote },
})
const pair = {
  type: 'candidate-pair',
  localCandidateId: 'l',
  remoteCandidateId: 'r',
  currentRoundTripTime: 0.035,
}

describe('the path of a connection', () => {
  it.each([
    ['host', 'host', 'direct'],
    ['srflx', 'prflx', 'direct'],
    ['relay', 'host', 'relayed'],
    ['host', 'relay', 'relayed'],
    ['relay', 'relay', 'relayed'],
  ])('[RL4] from %s to %s is %s', async (local, remote, kind) => {
    const stats = { ...ends(local, remote), t: { type: 'transport', selectedCandidatePairId: 'p' }, p: pair }
    expect(await told(stats)).toEqual({ kind, roundTripMs: 35 })
  })

  it('[RL4] is that of the nominated pair where the transport names none', async () => {
    const other = { ...pair, localCandidateId: 'x', nominated: true, state: 'failed' }
    const used = { ...pair, nominated: true, state: 'succeeded', currentRoundTripTime: undefined }
    const stats = { ...ends('relay', 'host'), a: other, b: used, t: { type: 'transport' } }
    expect(await told(stats)).toEqual({ kind: 'relayed', roundTripMs: null })
  })

  it.each<[string, Stats]>([
    ['nothing', {}],
    ['a transport without its pair', { t: { type: 'transport', selectedCandidatePairId: 'p' } }],
    ['a pair without its ends', { t: { type: 'transport', selectedCandidatePairId: 'p' }, p: pair }],
  ])('[RL4] is not known from %s', async (_what, stats) => {
    expect(await told(stats)).toBeNull()
  })

  it('[RL4] is not known of a connection that was closed', async () => {
    const closed = { getStats: () => Promise.reject(new Error('closed')) }
    expect(await selectedPath(closed)).toBeNull()
  })
})
