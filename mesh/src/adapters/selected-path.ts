/** Which pair of candidates a connection uses, from its statistics (W3C webrtc-stats §8). */
import type { LinkPath } from '../ports.ts'

interface Stat {
  readonly type?: unknown
  readonly [name: string]: unknown
}

/** The transport names its pair; where it does not, the one that was nominated and works. */
function selectedPair(stats: ReadonlyMap<string, Stat>): Stat | undefined {
  const all = [...stats.values()]
  const named = all.find(({ type }) => type === 'transport')?.['selectedCandidatePairId']
  if (typeof named === 'string' && stats.has(named)) return stats.get(named)
  return all.find(
    (stat) => stat.type === 'candidate-pair' && stat['nominated'] === true && stat['state'] === 'succeeded',
  )
}

/** `null` before a pair was chosen. Never rejects: a connection that was closed meanwhile has none. */
export async function selectedPath(
  connection: Pick<RTCPeerConnection, 'getStats'>,
): Promise<LinkPath | null> {
  const stats = new Map<string, Stat>()
  try {
    const report = await connection.getStats()
    report.forEach((stat: Stat, id: string) => {
      stats.set(id, stat)
    })
  } catch {
    // The only reason to refuse is a connection that was closed meanwhile.
    return null
  }
  const pair = selectedPair(stats)
  const ends = ['localCandidateId', 'remoteCandidateId'].map((name) => stats.get(String(pair?.[name])))
  if (!pair || ends.some((end) => end === undefined)) return null
  const seconds = pair['currentRoundTripTime']
  return {
    kind: ends.some((end) => end?.['candidateType'] === 'relay') ? 'relayed' : 'direct',
    roundTripMs: typeof seconds === 'number' ? seconds * 1000 : null,
  }
}
