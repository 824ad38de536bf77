/** How many connections each address has, before and after their proof. Pure. */
import type { Limits } from './limits.ts'

interface Count {
  unproven: number
  proven: number
}

export type Stage = 'unproven' | 'proven'

export class ConnectionPlaces {
  readonly #counts = new Map<string, Count>()
  readonly #limits: Pick<Limits, 'unprovenPerAddress' | 'provenPerAddress'>
  readonly #total: Count = { unproven: 0, proven: 0 }

  constructor(limits: Pick<Limits, 'unprovenPerAddress' | 'provenPerAddress'>) {
    this.#limits = limits
  }

  get total(): Readonly<Record<Stage, number>> {
    return this.#total
  }

  /** False when the address has no place left at this stage. */
  take(key: string, stage: Stage): boolean {
    const count = this.#counts.get(key) ?? { unproven: 0, proven: 0 }
    const most = stage === 'proven' ? this.#limits.provenPerAddress : this.#limits.unprovenPerAddress
    if (count[stage] >= most) return false
    count[stage]++
    this.#total[stage]++
    this.#counts.set(key, count)
    return true
  }

  free(key: string, stage: Stage): void {
    const count = this.#counts.get(key)
    if (!count || count[stage] === 0) throw new Error(`no ${stage} place was taken`)
    count[stage]--
    this.#total[stage]--
    if (count.unproven + count.proven === 0) this.#counts.delete(key)
  }
}
