/** What every benchmark is given. */
import type { PageServer } from './browser/page-server.ts'
import type { Contender } from './contenders.ts'
import type { Result } from './results.ts'

export interface BenchContext {
  readonly pages: PageServer
  readonly ours: Contender
  readonly yWebrtc: Contender
  /** Interleaved repeats. */
  readonly rounds: number
  readonly report: (line: string) => void
}

export type Bench = (context: BenchContext) => Promise<Result[]>

/** Whoever goes first in one round goes last in the next: a machine that warms up or tires favours nobody. */
export function inTurns<T>(round: number, contenders: readonly T[]): readonly T[] {
  return round % 2 === 0 ? contenders : [...contenders].reverse()
}
