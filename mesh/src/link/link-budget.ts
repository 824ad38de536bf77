/**
 * What one link may send without having been asked: token buckets by kind of frame. A sender keeps to the smaller
 * figures itself, so that an honest one is never over what a receiver allows.
 */
import type { FrameName } from '@parley/protocol'
import { LINK_BUDGET } from '../limits.ts'

interface Allowance {
  readonly perSecond: number
  readonly burst: number
}

/** A token bucket; time is what the caller says it is. */
export class TokenBucket {
  readonly #allowance: Allowance
  #level: number
  #lastMs: number

  constructor(allowance: Allowance, nowMs: number) {
    this.#allowance = allowance
    this.#level = allowance.burst
    this.#lastMs = nowMs
  }

  /** False, and nothing is taken, when there is not enough left. */
  take(amount: number, nowMs: number): boolean {
    const { perSecond, burst } = this.#allowance
    const elapsedMs = Math.max(0, nowMs - this.#lastMs)
    this.#lastMs = nowMs
    this.#level = Math.min(burst, this.#level + (elapsedMs * perSecond) / 1000)
    if (amount > this.#level) return false
    this.#level -= amount
    return true
  }
}

/** `drop`: it is left out, nothing else happens. `close`: no honest peer sends so much. */
export type BudgetVerdict = 'take' | 'drop' | 'close'

function kindOf(frame: FrameName): keyof typeof LINK_BUDGET {
  if (frame === 'entry') return 'news'
  if (frame === 'author' || frame === 'presence' || frame === 'draft') return frame
  return 'control'
}

export class LinkBudget {
  readonly #bytes: TokenBucket
  readonly #frames = new Map<string, TokenBucket>()

  constructor(nowMs: number) {
    this.#bytes = new TokenBucket(LINK_BUDGET.bytes, nowMs)
    for (const kind of ['news', 'author', 'presence', 'draft', 'control'] as const) {
      this.#frames.set(kind, new TokenBucket(LINK_BUDGET[kind], nowMs))
    }
  }

  spend(frame: FrameName, bytes: number, nowMs: number): BudgetVerdict {
    const taken = this.#frames.get(kindOf(frame))?.take(1, nowMs)
    if (frame === 'presence' || frame === 'draft') return taken ? 'take' : 'drop'
    return taken && this.#bytes.take(bytes, nowMs) ? 'take' : 'close'
  }
}

/** What a sender allows itself of news to one link; the rest goes by sync, where the receiver grants credit. */
export class NewsAllowance {
  readonly #bytes: TokenBucket
  readonly #frames: TokenBucket
  readonly #authors: TokenBucket

  constructor(nowMs: number) {
    this.#bytes = new TokenBucket(half(LINK_BUDGET.bytes), nowMs)
    this.#frames = new TokenBucket(half(LINK_BUDGET.news), nowMs)
    this.#authors = new TokenBucket(half(LINK_BUDGET.author), nowMs)
  }

  /** Whether so many chains of an author may go ahead of an entry. */
  introduce(chains: number, nowMs: number): boolean {
    return this.#authors.take(chains, nowMs)
  }

  spend(bytes: number, nowMs: number): boolean {
    return this.#frames.take(1, nowMs) && this.#bytes.take(bytes, nowMs)
  }
}

function half(allowance: Allowance): Allowance {
  return { perSecond: allowance.perSecond / 2, burst: allowance.burst / 2 }
}
