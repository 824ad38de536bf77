/**
 * Who lacks what: digests, heads, wants. Sans I/O: frames in, frames out through `send`. Rules: docs/spec.md, SY.
 *
 * Pulled, so that a receiver takes what it has room for; one WANT outstanding per log, so that twelve neighbours do not
 * all send the same range.
 */
import {
  equalBytes,
  type Frame,
  type Head,
  type HeadsFrame,
  type LogKey,
  limits,
  type Range,
  type SealedEntry,
} from '@parley/protocol'
import { HEADS_REPLY_MS, WANT_TIMEOUT_MS } from '../limits.ts'
import { AheadHeads } from './ahead-heads.ts'
import type { AuthorLog } from './author-log.ts'
import { HeadsTeller } from './heads-teller.ts'
import type { Journal } from './journal.ts'

export interface SyncDeps<Link extends object> {
  readonly journal: Journal
  readonly nowMs: () => number
  readonly send: (link: Link, frame: Frame) => void
  /** Under the receiver's credit: resolves when the frame has left, rejects when the link is closed. */
  readonly sendBulk: (link: Link, frame: HeadsFrame) => Promise<void>
  /** Entries of these ranges, in the order in which they were stored here, after their authors' chains. */
  readonly serve: (link: Link, ranges: readonly Range[]) => void
  /** A head that no right of its author covers is never asked for. */
  readonly mayWant: (head: Head) => boolean
}

/** Of the logs that a link was asked for, so few are left that more are asked for. */
const ASK_AGAIN_AT = limits.HEADS_COUNT / 2

interface Want<Link> {
  readonly link: Link
  readonly to: number
  readonly from: number
  readonly deadlineMs: number
  /** Asked of every link: beyond a cut one does not know who has it. */
  readonly anyLink: boolean
}

interface LinkSync {
  /** Heads as this neighbour told them, where they are ahead of ours. */
  readonly ahead: AheadHeads
  /** Logs that this neighbour was asked for and has not sent. */
  readonly wanted: Set<LogKey>
  repliedAtMs: number
  /** What of ours it is being told. */
  readonly teller: HeadsTeller
}

export class JournalSync<Link extends object> {
  readonly #deps: SyncDeps<Link>
  readonly #links = new Map<Link, LinkSync>()
  readonly #wants = new Map<LogKey, Want<Link>>()

  constructor(deps: SyncDeps<Link>) {
    this.#deps = deps
  }

  /** One side starts: the answers bring both up to date. */
  attach(link: Link, starts: boolean): void {
    this.#links.set(link, {
      ahead: new AheadHeads(),
      wanted: new Set(),
      repliedAtMs: Number.NEGATIVE_INFINITY,
      teller: new HeadsTeller({
        heads: this.#deps.journal.heads,
        nowMs: this.#deps.nowMs,
        send: (frame) => this.#deps.sendBulk(link, frame),
      }),
    })
    if (starts) this.sendDigest(link)
  }

  detach(link: Link): void {
    this.#links.get(link)?.teller.stop()
    this.#links.delete(link)
    for (const [log, want] of this.#wants) if (want.link === link) this.#wants.delete(log)
    this.#askEverywhere()
  }

  sendDigest(link: Link): void {
    this.#deps.send(link, { type: 'digest', root: this.#deps.journal.heads.root(), buckets: null })
  }

  /** Whether this link was asked for this very entry. */
  isWanted(link: Link, entry: Pick<SealedEntry, 'log' | 'seq'>): boolean {
    const want = this.#wants.get(entry.log)
    const asked = want !== undefined && (want.link === link || want.anyLink)
    return asked && entry.seq >= want.from && entry.seq <= want.to
  }

  handle(link: Link, frame: Frame): void {
    const sync = this.#links.get(link)
    if (!sync) return
    switch (frame.type) {
      case 'digest':
        return this.#handleDigest(link, sync, frame)
      case 'heads':
        return this.#handleHeads(link, sync, frame)
      case 'ihave':
        return this.#learnHeads(link, frame.heads)
      case 'want':
        return this.#serve(link, frame)
      default:
        return
    }
  }

  /** One range a log: the same one two thousand times would be served two thousand times. */
  #serve(link: Link, { ranges }: Extract<Frame, { type: 'want' }>): void {
    const once = new Map(ranges.map((range) => [range.log, range]))
    this.#deps.serve(link, [...once.values()])
  }

  #handleDigest(link: Link, sync: LinkSync, frame: Extract<Frame, { type: 'digest' }>): void {
    const { heads } = this.#deps.journal
    if (equalBytes(frame.root, heads.root())) return
    const nowMs = this.#deps.nowMs()
    if (frame.buckets === null) {
      if (nowMs - sync.repliedAtMs < HEADS_REPLY_MS) return
      sync.repliedAtMs = nowMs
      this.#deps.send(link, { type: 'digest', root: heads.root(), buckets: heads.bucketHashes() })
      return
    }
    sync.teller.ask(heads.differing(frame.buckets), true)
  }

  #handleHeads(link: Link, sync: LinkSync, frame: Extract<Frame, { type: 'heads' }>): void {
    if (frame.answer) sync.teller.ask(frame.buckets, false)
    this.#learnHeads(link, frame.heads)
  }

  #learnHeads(link: Link, heads: readonly Head[]): void {
    const sync = this.#links.get(link)
    if (!sync) return
    for (const head of heads) {
      if (head.seq > this.#seqOf(head.log) && this.#deps.mayWant(head)) sync.ahead.add(head)
    }
    this.#ask(link)
  }

  #seqOf(log: LogKey): number {
    return this.#deps.journal.log(log)?.stored ?? 0
  }

  /** A pushed entry came whose predecessors did not. */
  missing(link: Link, entry: SealedEntry, hash: Uint8Array): void {
    this.#learnHeads(link, [{ ...entry, hash }])
  }

  /** Asks `link` for all that it is ahead in and nobody else was asked for. */
  #ask(link: Link): void {
    const sync = this.#links.get(link)
    if (!sync) return
    const room = limits.HEADS_COUNT - sync.wanted.size
    const ranges: Range[] = []
    for (const head of sync.ahead.inTurn()) {
      if (ranges.length >= room) break
      const have = this.#seqOf(head.log)
      if (have >= head.seq) sync.ahead.delete(head.log)
      else if (!this.#wants.has(head.log)) ranges.push({ ...pickName(head), from: have + 1, to: head.seq })
    }
    if (ranges.length === 0) return
    const deadlineMs = this.#deps.nowMs() + WANT_TIMEOUT_MS
    for (const range of ranges) {
      sync.wanted.add(range.log)
      this.#wants.set(range.log, { link, from: range.from, to: range.to, deadlineMs, anyLink: false })
    }
    this.#deps.send(link, { type: 'want', ranges })
  }

  /** Asks every link for entries beyond a cut that something standing builds on. */
  wantBeyond(log: AuthorLog, count: number): void {
    const { doc, author, session, key, stored } = log
    const [link] = this.#links.keys()
    if (!link || this.#wants.has(key)) return
    const range: Range = { doc, author, session, log: key, from: stored + 1, to: stored + count }
    const deadlineMs = this.#deps.nowMs() + WANT_TIMEOUT_MS
    this.#wants.set(key, { link, from: range.from, to: range.to, deadlineMs, anyLink: true })
    for (const [other] of this.#links) this.#deps.send(other, { type: 'want', ranges: [range] })
  }

  /** Asks for a neighbour's entry in a place where ours differs, or follows from another than its: looking for a fork. */
  probe(link: Link, log: AuthorLog, seq: number = log.stored): void {
    const { doc, author, session, key } = log
    if (seq >= 1)
      this.#deps.send(link, {
        type: 'want',
        ranges: [{ doc, author, session, log: key, from: seq, to: seq }],
      })
  }

  #askEverywhere(): void {
    for (const link of this.#links.keys()) this.#ask(link)
  }

  /** Entries of `log` were stored: wants come to their end or get more time. */
  advanced(log: AuthorLog): void {
    const want = this.#wants.get(log.key)
    if (!want) return
    if (log.stored < want.to) {
      this.#wants.set(log.key, { ...want, deadlineMs: this.#deps.nowMs() + WANT_TIMEOUT_MS })
      return
    }
    this.#forget(log.key, want)
    const sync = this.#links.get(want.link)
    if (sync && (sync.ahead.get(log.key)?.seq ?? 0) <= log.stored) sync.ahead.delete(log.key)
    if (this.#wants.size === 0) this.#askEverywhere()
    else if (sync && (sync.ahead.get(log.key) || sync.wanted.size === ASK_AGAIN_AT)) this.#ask(want.link)
  }

  #forget(log: LogKey, want: Want<Link>): void {
    this.#wants.delete(log)
    this.#links.get(want.link)?.wanted.delete(log)
  }

  /** Once in a while: what was asked for and did not come is asked for elsewhere. */
  expireWants(): void {
    const nowMs = this.#deps.nowMs()
    let expired = false
    for (const [log, want] of this.#wants) {
      if (want.deadlineMs > nowMs) continue
      this.#forget(log, want)
      this.#links.get(want.link)?.ahead.delete(log)
      expired = true
    }
    if (expired) this.#askEverywhere()
  }

  /** Whether everything that any neighbour was seen to have is here. */
  get isCaughtUp(): boolean {
    return this.#wants.size === 0
  }

  /** Entries that some neighbour was seen to have and that are not here. */
  get missingCount(): number {
    const furthest = new Map<LogKey, number>()
    for (const { ahead } of this.#links.values()) {
      for (const { log, seq } of ahead.values()) furthest.set(log, Math.max(seq, furthest.get(log) ?? 0))
    }
    let count = 0
    for (const [log, seq] of furthest) count += Math.max(0, seq - this.#seqOf(log))
    return count
  }

  get wantedCount(): number {
    let count = 0
    for (const [log, want] of this.#wants) count += Math.max(0, want.to - this.#seqOf(log))
    return count
  }
}

function pickName(head: Head): Omit<Range, 'from' | 'to'> {
  return { doc: head.doc, author: head.author, session: head.session, log: head.log }
}
