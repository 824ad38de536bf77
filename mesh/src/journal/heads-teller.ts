/**
 * Tells one neighbour the heads of buckets, in frames of bounded size under its credit: one frame waits at a time,
 * whatever the room's size. Sans I/O. Rules: docs/spec.md, SY.
 */
import { DIGEST_BUCKETS, type Head, type HeadsFrame, limits } from '@parley/protocol'
import { ParleyError } from '../errors.ts'
import { HEADS_REPLY_MS } from '../limits.ts'
import type { Heads } from './heads.ts'

export interface TellerDeps {
  readonly heads: Pick<Heads, 'inBuckets'>
  readonly nowMs: () => number
  /** Resolves when the frame has left; rejects with {@link ParleyError} `closed`. */
  readonly send: (frame: HeadsFrame) => Promise<void>
}

export class HeadsTeller {
  readonly #deps: TellerDeps
  /** Buckets to be told, and whether the neighbour's own are asked for in return. */
  readonly #asked = new Map<number, boolean>()
  /** When each bucket was told last: a storm of questions costs nothing. */
  readonly #toldAtMs = new Float64Array(DIGEST_BUCKETS).fill(Number.NEGATIVE_INFINITY)
  #telling = false

  constructor(deps: TellerDeps) {
    this.#deps = deps
  }

  /** Each bucket at most once in {@link HEADS_REPLY_MS}. */
  ask(buckets: Uint8Array, answer: boolean): void {
    const nowMs = this.#deps.nowMs()
    for (const bucket of buckets) {
      if (nowMs - (this.#toldAtMs[bucket] ?? 0) < HEADS_REPLY_MS) continue
      this.#toldAtMs[bucket] = nowMs
      this.#asked.set(bucket, answer || (this.#asked.get(bucket) ?? false))
    }
    if (this.#telling || this.#asked.size === 0) return
    this.#tell().catch((error: unknown) => {
      if (!(error instanceof ParleyError)) throw error
    })
  }

  stop(): void {
    this.#asked.clear()
  }

  async #tell(): Promise<void> {
    this.#telling = true
    try {
      while (this.#asked.size > 0) for (const frame of this.#nextFrames()) await this.#deps.send(frame)
    } finally {
      this.#telling = false
    }
  }

  /**
   * As many whole buckets as fit a frame. Of a bucket that does not fit, the first frame is full and names it, the others
   * name none: a frame that names a bucket and is not full has all of it.
   */
  #nextFrames(): HeadsFrame[] {
    const [first] = this.#asked
    if (!first) return []
    const [, answer] = first
    const buckets: number[] = []
    const heads: Head[] = []
    for (const [bucket, wantsAnswer] of this.#asked) {
      if (wantsAnswer !== answer) continue
      const more = this.#deps.heads.inBuckets(Uint8Array.of(bucket))
      if (buckets.length > 0 && heads.length + more.length > limits.HEADS_COUNT) break
      this.#asked.delete(bucket)
      buckets.push(bucket)
      for (const head of more) heads.push(head)
    }
    const parts: HeadsFrame[] = []
    for (let at = 0; at === 0 || at < heads.length; at += limits.HEADS_COUNT) {
      const named = at === 0 ? Uint8Array.from(buckets) : new Uint8Array()
      const part = heads.slice(at, at + limits.HEADS_COUNT)
      parts.push({ type: 'heads', answer: answer && at === 0, buckets: named, heads: part })
    }
    return parts
  }
}
