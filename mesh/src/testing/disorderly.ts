/**
 * A way between two hosts that keeps none of the promises of {@link Transport}: messages are lost, come twice, and overtake each
 * other. Only those that sync makes good: a lost HELLO or key is a link that does not come about, which is tested elsewhere.
 */
import { FRAME } from '@parley/protocol'
import type { Clock, ConnectTransport, TransportEvents } from '../ports.ts'

export interface Disorder {
  readonly lossFraction: number
  readonly twiceFraction: number
  /** Come so much later than they would have, between 0 and this. */
  readonly lateFraction: number
  readonly lateMs: number
}

export interface DisorderCounts {
  lost: number
  twice: number
  late: number
}

/** First and last chunk of its frame (docs/spec.md, CH). */
const WHOLE = 0b1_1000
const MADE_GOOD: ReadonlySet<number> = new Set([
  FRAME.entry,
  FRAME.ihave,
  FRAME.digest,
  FRAME.heads,
  FRAME.want,
  FRAME.graft,
  FRAME.prune,
  FRAME.reading,
  FRAME.receipt,
  FRAME.presence,
])

function isMadeGood(chunk: Uint8Array): boolean {
  return ((chunk[0] as number) & WHOLE) === WHOLE && MADE_GOOD.has(chunk[1] as number)
}

/** @param fraction uniform in [0, 1) */
export function disorderly(
  connect: ConnectTransport,
  clock: Pick<Clock, 'after'>,
  { lossFraction, twiceFraction, lateFraction, lateMs }: Disorder,
  fraction: () => number,
  counts: DisorderCounts,
): ConnectTransport {
  return (options, events) => {
    let isOver = false
    const give = (bytes: Uint8Array): void => {
      if (!isOver) events.message(bytes)
    }
    const receive = (bytes: Uint8Array): void => {
      if (!isMadeGood(bytes)) return give(bytes)
      if (fraction() < lossFraction) {
        counts.lost++
        return
      }
      if (fraction() < twiceFraction) {
        counts.twice++
        clock.after(fraction() * lateMs, () => give(bytes))
      }
      if (fraction() >= lateFraction) return give(bytes)
      counts.late++
      clock.after(fraction() * lateMs, () => give(bytes))
    }
    const tapped: TransportEvents = {
      signal: (data) => events.signal(data),
      open: () => events.open(),
      message: (bytes) => receive(bytes.slice()),
      writable: () => events.writable(),
      closed: (error) => {
        isOver = true
        events.closed(error)
      },
    }
    return connect(options, tapped)
  }
}
