/**
 * What the links of one key have cost in work, and what of it was in vain. Useful work over the limit waits, work in vain
 * over it ends the link. Time is what the caller says it is. Rules: docs/spec.md, WK.
 */
import { LINK_WASTE, LINK_WORK } from '../limits.ts'

export interface WorkLimit {
  readonly perSecondMs: number
  readonly burstMs: number
  /** No more than so much is ever owed: nobody waits for ever for what one frame turned out to cost. */
  readonly owedMs: number
}

/** A token bucket that can be overdrawn: what work costs is known when it is done. */
class WorkBucket {
  readonly #limit: WorkLimit
  #levelMs: number
  #lastMs: number

  constructor(limit: WorkLimit, nowMs: number) {
    this.#limit = limit
    this.#levelMs = limit.burstMs
    this.#lastMs = nowMs
  }

  levelAt(nowMs: number): number {
    const { perSecondMs, burstMs } = this.#limit
    const elapsedMs = Math.max(0, nowMs - this.#lastMs)
    this.#lastMs = nowMs
    this.#levelMs = Math.min(burstMs, this.#levelMs + (elapsedMs * perSecondMs) / 1000)
    return this.#levelMs
  }

  spend(workMs: number, nowMs: number): number {
    this.#levelMs = Math.max(-this.#limit.owedMs, this.levelAt(nowMs) - workMs)
    return this.#levelMs
  }

  isFull(nowMs: number): boolean {
    return this.levelAt(nowMs) >= this.#limit.burstMs
  }
}

export class LinkWork {
  readonly #limit: WorkLimit
  readonly #work: WorkBucket
  readonly #waste: WorkBucket
  #spentMs = 0

  constructor(nowMs: number, work: WorkLimit = LINK_WORK, waste: WorkLimit = LINK_WASTE) {
    this.#limit = work
    this.#work = new WorkBucket(work, nowMs)
    this.#waste = new WorkBucket(waste, nowMs)
  }

  /** All that was ever charged, in milliseconds of work. */
  get spentMs(): number {
    return this.#spentMs
  }

  charge(workMs: number, nowMs: number): void {
    this.#spentMs += workMs
    this.#work.spend(workMs, nowMs)
  }

  /** How long what comes next has to wait; 0 within the limit. */
  waitMs(nowMs: number): number {
    const levelMs = this.#work.levelAt(nowMs)
    return levelMs >= 0 ? 0 : Math.ceil((-levelMs * 1000) / this.#limit.perSecondMs)
  }

  /** Of what was charged so much was in vain. False when that is more than anybody honest comes to. */
  waste(workMs: number, nowMs: number): boolean {
    const enough = this.#waste.levelAt(nowMs) >= workMs
    this.#waste.spend(workMs, nowMs)
    return enough
  }

  /** Nothing is remembered of this key that a new one would not have. */
  isClean(nowMs: number): boolean {
    return this.#work.isFull(nowMs) && this.#waste.isFull(nowMs)
  }
}

interface Account {
  readonly work: LinkWork
  linkCount: number
}

/** By key, beyond the end of a link: coming back does not begin anew, nor do many links have many shares. */
export class LinkWorks {
  readonly #byKey = new Map<string, Account>()

  /** Of whoever has a link, or had one and has not made up for it. */
  known(key: string): LinkWork | undefined {
    return this.#byKey.get(key)?.work
  }

  /** For another link of this key, until {@link detach}. */
  attach(key: string, nowMs: number): LinkWork {
    for (const [other, { work, linkCount }] of this.#byKey) {
      if (linkCount === 0 && work.isClean(nowMs)) this.#byKey.delete(other)
    }
    const account = this.#byKey.get(key) ?? { work: new LinkWork(nowMs), linkCount: 0 }
    account.linkCount++
    this.#byKey.set(key, account)
    return account.work
  }

  detach(key: string): void {
    const account = this.#byKey.get(key)
    if (account) account.linkCount--
  }
}
