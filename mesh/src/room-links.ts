/**
 * The live links of a room: what goes out on them and where what comes in is taken. Composes journal, overlay and links;
 * decides nothing about documents.
 */
import {
  CLOSE,
  type CloseReason,
  type DraftFrame,
  decodeFrame,
  encodeFrame,
  type Frame,
  frameNameOf,
  type Head,
  type KeyId,
  MalformedError,
  mayWrite,
  type Range,
  type Role,
  TooLargeError,
  toBase64Url,
} from '@parley/protocol'
import { ParleyError } from './errors.ts'
import type { ProvenLink } from './join/connect-peer.ts'
import type { Admission } from './journal/admission.ts'
import type { AuthorBook } from './journal/author-book.ts'
import type { AuthorLog, EntryRecord } from './journal/author-log.ts'
import type { Journal } from './journal/journal.ts'
import { JournalSync } from './journal/journal-sync.ts'
import { workOf } from './journal/work-costs.ts'
import {
  BEHIND_MS,
  IHAVE_GRACE_MS,
  IHAVE_MS,
  TURN_AWAY_LONG_MS,
  TURN_AWAY_MS,
  UNASKED_BYTES,
  UNASKED_RECORDS,
  WANTS_WAITING,
} from './limits.ts'
import { type Lane, splitFrame } from './link/chunk.ts'
import { LinkBudget, NewsAllowance } from './link/link-budget.ts'
import { type LinkWork, LinkWorks } from './link/link-work.ts'
import type { PeerLink } from './link/peer-link.ts'
import { SourceTrees } from './overlay/source-trees.ts'
import type { Clock, LinkPath } from './ports.ts'
import { LinkIntake } from './room-intake.ts'

const ON_SYNC_LANE: ReadonlySet<Frame['type']> = new Set(['entry', 'author', 'heads'])
/** A link that ended so has nothing waiting that would be worth looking at. */
const BLAMED: ReadonlySet<CloseReason> = new Set(['malformed', 'tooLarge', 'rate', 'role', 'equivocation'])

/** One proven link to one running copy of the room. */
export interface LiveLink {
  readonly link: PeerLink
  readonly key: KeyId
  readonly instance: string
  /** Archivists are shown no content. */
  readonly role: Role
  /** Keys of the grants that it showed, from the owner's to its own. */
  readonly branch: readonly KeyId[]
  /** What it may send us, and what we send it unasked. */
  readonly budget: LinkBudget
  readonly allowance: NewsAllowance
  /** Authors whose chains went out on this link. */
  readonly authorsSent: Set<KeyId>
  /** What its key has cost. */
  readonly work: LinkWork
  readonly intake: LinkIntake
  /** WANTs are served one after the other. */
  serving: Promise<void>
  wantsWaiting: number
  /** Live entries were left out while too much waited: a digest follows once it drained. */
  behind: boolean
  announced: Head[]
  /** How it travels now; never rejects. */
  readonly path: () => Promise<LinkPath | null>
  /** Whether it came about without showing an address of this device. */
  readonly relayOnly: boolean
}

export interface RoomLinksDeps {
  readonly clock: Clock
  readonly journal: Journal
  readonly authors: AuthorBook
  readonly admission: Admission
  /** How far a log stands, `null` without limit. */
  readonly cutOf: (head: Head) => number | null
  /** Whether something that stands waits for this log. */
  readonly isNeeded: (head: Head) => boolean
}

export interface RoomLinksEvents {
  attached(live: LiveLink): void
  detached(live: LiveLink, reason: CloseReason, detail: string): void
  /** Presence, receipts, readings and other frames that sync does not deal with; HEADS before it does. */
  frame(live: LiveLink, frame: Frame): void
}

export class RoomLinks {
  readonly #deps: RoomLinksDeps
  readonly #events: RoomLinksEvents
  readonly #live = new Set<LiveLink>()
  readonly #trees = new SourceTrees<LiveLink>()
  readonly sync: JournalSync<LiveLink>
  readonly #fresh = new Map<string, AuthorLog>()
  readonly #works = new LinkWorks()
  #ihaveTimer: (() => void) | null = null

  constructor(deps: RoomLinksDeps, events: RoomLinksEvents) {
    this.#deps = deps
    this.#events = events
    this.sync = new JournalSync<LiveLink>({
      journal: deps.journal,
      nowMs: () => deps.clock.nowMs(),
      send: (live, frame) => this.send(live, frame),
      sendBulk: (live, frame) => live.link.sendBulk(encodeFrame(frame), 'sync'),
      serve: (live, ranges) => this.#serve(live, ranges),
      mayWant: (head) => this.#mayWant(head),
    })
  }

  get all(): ReadonlySet<LiveLink> {
    return this.#live
  }

  byInstance(instance: string): LiveLink | undefined {
    return [...this.#live].find((live) => live.instance === instance)
  }

  attach(proven: ProvenLink): LiveLink {
    const { clock } = this.#deps
    const work = this.#works.attach(proven.peer.standing.key, clock.nowMs())
    const live: LiveLink = {
      link: proven.link,
      key: proven.peer.standing.key,
      instance: toBase64Url(proven.peer.instance),
      role: proven.peer.standing.role,
      branch: proven.peer.standing.path,
      budget: new LinkBudget(clock.nowMs()),
      allowance: new NewsAllowance(clock.nowMs()),
      authorsSent: new Set(),
      work,
      intake: new LinkIntake({
        clock,
        work,
        verifyingBytes: () => this.#deps.admission.waitingBytesOf(live),
        dispatch: (bytes, lane) => this.#dispatch(live, bytes, lane),
        caughtUp: () => this.sync.sendDigest(live),
        close: (code, detail) => live.link.close(code, detail),
      }),
      serving: Promise.resolve(),
      wantsWaiting: 0,
      behind: false,
      announced: [],
      path: proven.path,
      relayOnly: proven.relayOnly,
    }
    this.#live.add(live)
    this.#trees.attach(live)
    proven.start({
      frame: (bytes, lane) => this.#receive(live, bytes, lane),
      closed: (reason, detail) => this.#detach(live, reason, detail),
      liveDrained: () => this.#drained(live),
    })
    if (!this.#live.has(live)) return live
    this.#events.attached(live)
    this.sync.attach(live, proven.side === 'offerer')
    return live
  }

  /** To a copy that has lost its right: the records that say so, for it to see for itself, and then the end. */
  turnAway(proven: ProvenLink, logs: readonly AuthorLog[], reason: CloseReason): void {
    const { link } = proven
    proven.start({ frame: () => undefined, closed: () => undefined, liveDrained: () => undefined })
    const end = () => link.close(CLOSE[reason], 'no right to be here')
    if (areFew(logs)) {
      for (const author of new Set(logs.map((log) => log.author))) {
        for (const chain of this.#deps.authors.chainsOf(author)) {
          link.send(encodeFrame({ type: 'author', chain }), 'control')
        }
      }
      for (const log of logs) this.#sendAll(link, log)
      this.#deps.clock.after(TURN_AWAY_MS, end)
      return
    }
    const cancel = this.#deps.clock.after(TURN_AWAY_LONG_MS, end)
    this.#sendInBulk(link, logs).then(
      () => {
        cancel()
        this.#deps.clock.after(TURN_AWAY_MS, end)
      },
      (error: unknown) => {
        if (!(error instanceof ParleyError)) throw error
      },
    )
  }

  /** Under the receiver's credit, one frame at a time. */
  async #sendInBulk(link: PeerLink, logs: readonly AuthorLog[]): Promise<void> {
    for (const author of new Set(logs.map((log) => log.author))) {
      for (const chain of this.#deps.authors.chainsOf(author)) {
        await link.sendBulk(encodeFrame({ type: 'author', chain }), 'sync')
      }
    }
    for (const log of logs) {
      for (let seq = 1; seq <= log.stored; seq++) {
        const record = log.record(seq)
        if (record) await link.sendBulk(encodeFrame({ type: 'entry', entry: record.bytes }), 'sync')
      }
    }
  }

  #sendAll(link: PeerLink, log: AuthorLog): void {
    for (let seq = 1; seq <= log.stored; seq++) {
      const record = log.record(seq)
      if (record) link.send(encodeFrame({ type: 'entry', entry: record.bytes }), 'control')
    }
  }

  /** Closes every link that leads to this key. */
  closeKey(key: KeyId, reason: CloseReason, detail: string): void {
    for (const live of [...this.#live]) if (live.key === key) live.link.close(CLOSE[reason], detail)
  }

  /** From now on no address may leave: links that show one end, and are made anew. */
  closeShown(): void {
    for (const live of [...this.#live]) {
      if (!live.relayOnly) live.link.close(CLOSE.normal, 'through relays alone from now on')
    }
  }

  send(live: LiveLink, frame: Frame): void {
    live.link.send(encodeFrame(frame), frame.type === 'presence' ? 'presence' : 'control')
  }

  broadcast(frame: Frame): void {
    const bytes = encodeFrame(frame)
    for (const live of this.#live) live.link.send(bytes, 'control')
  }

  /**
   * Ahead of its entry, to whoever reads and knows the right to write it, where nothing is in the way. Whether everybody
   * who is linked and reads has it.
   */
  sendDraft(frame: DraftFrame, author: KeyId): boolean {
    const chunk = splitFrame(encodeFrame(frame), 'live').next()
    let isShown = false
    let isLeftOut = false
    for (const live of this.#live) {
      if (live.role === 'archivist') continue
      if (this.#introduceAsNews(live, author) && live.link.sendNow(chunk)) isShown = true
      else isLeftOut = true
    }
    return isShown && !isLeftOut
  }

  /** A new entry goes to every link that its source's tree leads along, an owner's decision to all. */
  publish(log: AuthorLog, record: EntryRecord, from: LiveLink | null): void {
    const bytes = encodeFrame({ type: 'entry', entry: record.bytes })
    const links = log.doc === 'meta' ? this.#live : this.#trees.eager(log.author, from)
    for (const live of links) {
      if (live === from) continue
      if (this.#introduceAsNews(live, log.author)) this.#push(live, bytes)
      else this.#leaveBehind(live)
    }
    if (from) this.#trees.handleNews(log.author, from)
    this.#fresh.set(log.key, log)
    this.#ihaveTimer ??= this.#deps.clock.after(IHAVE_MS, () => this.#announce())
  }

  /** The link is told our digest in a moment: what was left out is asked for, under credit. */
  #leaveBehind(live: LiveLink): void {
    if (!live.behind) this.#deps.clock.after(BEHIND_MS, () => this.#drained(live))
    live.behind = true
  }

  #introduceAsNews(live: LiveLink, author: KeyId): boolean {
    if (live.authorsSent.has(author)) return true
    const chains = this.#deps.authors.chainsOf(author).length
    if (!live.allowance.introduce(chains, this.#deps.clock.nowMs())) return false
    this.#introduceAuthor(live, author)
    return true
  }

  /** News that a link has no room for is left to sync. */
  #push(live: LiveLink, bytes: Uint8Array): void {
    if (!live.allowance.spend(bytes.length, this.#deps.clock.nowMs())) {
      this.#leaveBehind(live)
    } else if (!live.link.send(bytes, 'live')) live.behind = true
  }

  /** All entries of these logs, unasked: needed before anything else, and before all that is wanted where they are many. */
  pushAll(live: LiveLink, logs: readonly AuthorLog[]): void {
    if (!areFew(logs)) {
      this.#inTurn(live, () => this.#sendInBulk(live.link, logs))
      return
    }
    for (const log of logs) {
      this.#introduceAuthor(live, log.author)
      this.#sendAll(live.link, log)
    }
  }

  handleDuplicate(live: LiveLink, source: KeyId): void {
    if (this.#trees.handleDuplicate(source, live)) this.send(live, { type: 'prune', source })
  }

  close(): void {
    this.#ihaveTimer?.()
    for (const live of [...this.#live]) live.link.close(CLOSE.normal, 'room closed')
  }

  #detach(live: LiveLink, reason: CloseReason, detail: string): void {
    if (!this.#live.delete(live)) return
    live.intake.stop()
    this.#works.detach(live.key)
    if (BLAMED.has(reason)) this.#deps.admission.forget(live)
    this.#trees.detach(live)
    this.sync.detach(live)
    this.#events.detached(live, reason, detail)
  }

  #drained(live: LiveLink): void {
    if (!live.behind) return
    live.behind = false
    this.sync.sendDigest(live)
  }

  /** An author's chains precede its first entry on each link. */
  #introduceAuthor(live: LiveLink, author: KeyId): void {
    if (live.authorsSent.has(author)) return
    live.authorsSent.add(author)
    for (const chain of this.#deps.authors.chainsOf(author)) this.send(live, { type: 'author', chain })
  }

  /** Another chain of an author came to be known: it may give a right that neighbours do not know of yet. */
  reintroduce(author: KeyId): void {
    for (const live of this.#live) {
      if (live.authorsSent.delete(author)) this.#introduceAuthor(live, author)
    }
  }

  /** Lazy links hear of new heads once in a while. */
  #announce(): void {
    this.#ihaveTimer = null
    const heads = new Map<LiveLink, Head[]>()
    for (const log of this.#fresh.values()) {
      for (const live of this.#trees.lazy(log.author)) {
        if (!this.#live.has(live)) continue
        const list = heads.get(live)
        if (list) list.push(log.head)
        else heads.set(live, [log.head])
      }
    }
    this.#fresh.clear()
    for (const [live, list] of heads) {
      this.send(live, { type: 'ihave', heads: list.slice(0, 2000) })
    }
  }

  #mayWant(head: Head): boolean {
    const standings = this.#deps.authors.standingsOf(head.author)
    if (standings.length > 0 && !standings.some(({ role }) => mayWrite(role, head.doc))) return false
    const cut = this.#deps.cutOf(head)
    return cut === null || head.seq <= cut || (head.doc !== 'meta' && this.#deps.isNeeded(head))
  }

  #serve(live: LiveLink, ranges: readonly Range[]): void {
    if (live.wantsWaiting >= WANTS_WAITING) {
      live.link.close(CLOSE.rate, 'too many wants')
      return
    }
    live.wantsWaiting++
    this.#inTurn(live, () => this.#serveRanges(live, ranges))
  }

  #inTurn(live: LiveLink, serve: () => Promise<void>): void {
    live.serving = live.serving.then(serve).catch((error: unknown) => {
      if (!(error instanceof ParleyError)) throw error
    })
  }

  /** One frame at a time: what waits for credit is in the journal, not in a queue. */
  async #serveRanges(live: LiveLink, ranges: readonly Range[]): Promise<void> {
    live.wantsWaiting--
    for (const range of ranges) await this.#introduceInBulk(live, range.author)
    for await (const entry of this.#deps.journal.entriesIn(ranges)) {
      if (!this.#live.has(live)) return
      await live.link.sendBulk(encodeFrame({ type: 'entry', entry }), 'sync')
    }
  }

  /** Under the receiver's credit: a room of a thousand authors is more than may be told unasked. */
  async #introduceInBulk(live: LiveLink, author: KeyId): Promise<void> {
    if (live.authorsSent.has(author) || !this.#live.has(live)) return
    live.authorsSent.add(author)
    for (const chain of this.#deps.authors.chainsOf(author)) {
      await live.link.sendBulk(encodeFrame({ type: 'author', chain }), 'sync')
    }
  }

  #receive(live: LiveLink, bytes: Uint8Array, lane: Lane): void {
    if (!this.#isWithinBudget(live, bytes, lane)) return
    live.intake.receive(bytes, lane, lane !== 'sync' && frameNameOf(bytes[0] ?? 0) === 'entry')
  }

  /** Applying what this key wrote, whoever brought it, took so long. */
  charge(key: string, workMs: number): void {
    this.#works.known(key)?.charge(workMs, this.#deps.clock.nowMs())
  }

  /** Looking at what this link sent was of no use, and nobody had asked for it. */
  wasted(live: LiveLink, workMs: number): void {
    if (!live.work.waste(workMs, this.#deps.clock.nowMs()))
      live.link.close(CLOSE.rate, 'too much work in vain')
  }

  /** What was asked for comes on the sync lane, under credit; heads there cost more than their bytes. */
  #isWithinBudget(live: LiveLink, bytes: Uint8Array, lane: Lane): boolean {
    const type = frameNameOf(bytes[0] ?? 0)
    if (lane === 'sync' && type !== 'heads') return true
    const counted = lane === 'sync' ? 0 : bytes.length
    const verdict = live.budget.spend(type ?? 'close', counted, this.#deps.clock.nowMs())
    if (verdict === 'close')
      live.link.close(CLOSE.rate, `sends more of ${type ?? 'unknown frames'} than it may`)
    return verdict === 'take'
  }

  #dispatch(live: LiveLink, bytes: Uint8Array, lane: Lane): void {
    let frame: Frame
    try {
      frame = decodeFrame(bytes)
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      live.link.close(error instanceof TooLargeError ? CLOSE.tooLarge : CLOSE.malformed, error.message)
      return
    }
    if (lane === 'sync' && !ON_SYNC_LANE.has(frame.type)) {
      live.link.close(CLOSE.malformed, `${frame.type} on the sync lane`)
      return
    }
    live.work.charge(workOf(frame.type, bytes.length), this.#deps.clock.nowMs())
    this.#handle(live, frame, lane === 'sync' ? bytes.length : 0)
  }

  #handle(live: LiveLink, frame: Frame, creditBytes: number): void {
    switch (frame.type) {
      case 'entry':
        return this.#deps.admission.receive(live, frame.entry, creditBytes > 0, creditBytes)
      case 'author':
        return void live.intake.hold(this.#learn(live, frame.chain, creditBytes))
      case 'heads':
        this.#events.frame(live, frame)
        this.sync.handle(live, frame)
        if (creditBytes > 0) live.link.consumed(creditBytes)
        return
      case 'digest':
      case 'want':
        return this.sync.handle(live, frame)
      case 'ihave':
        return this.#handleAnnounced(live, frame.heads)
      case 'graft':
        return this.#trees.handleGraft(frame.source, live)
      case 'prune':
        return this.#trees.handlePrune(frame.source, live)
      case 'draft':
      case 'presence':
      case 'receipt':
      case 'reading':
      case 'keys':
      case 'proof':
      case 'seek':
      case 'custody':
        return this.#events.frame(live, frame)
      default:
        return live.link.close(CLOSE.malformed, `${frame.type} on a live link`)
    }
  }

  async #learn(live: LiveLink, chain: Uint8Array, creditBytes: number): Promise<void> {
    await this.#deps.admission.learn(live, chain.slice())
    if (creditBytes > 0 && this.#live.has(live)) live.link.consumed(creditBytes)
  }

  /** What was announced usually comes along the tree in a moment; what does not is asked for, and the tree mended. */
  #handleAnnounced(live: LiveLink, heads: readonly Head[]): void {
    const unknown = heads.filter((head) => this.#isMissing(head))
    if (unknown.length === 0) return
    if (live.announced.length === 0) this.#deps.clock.after(IHAVE_GRACE_MS, () => this.#chase(live))
    live.announced.push(...unknown)
    live.announced.splice(0, live.announced.length - 2000)
  }

  #isMissing(head: Head): boolean {
    return (this.#deps.journal.log(head.log)?.stored ?? 0) < head.seq
  }

  #chase(live: LiveLink): void {
    const missing = live.announced.splice(0).filter((head) => this.#isMissing(head))
    if (missing.length === 0 || !this.#live.has(live)) return
    for (const source of new Set(missing.map((head) => head.author))) {
      this.#trees.handleGraft(source, live)
      this.send(live, { type: 'graft', source })
    }
    this.sync.handle(live, { type: 'ihave', heads: missing })
  }
}

/** So few that they may go unasked in the control lane. */
function areFew(logs: readonly AuthorLog[]): boolean {
  let [entries, bytes] = [0, 0]
  for (const log of logs) {
    entries += log.stored
    for (let seq = 1; seq <= log.stored; seq++) bytes += log.record(seq)?.bytes.length ?? 0
    if (entries > UNASKED_RECORDS || bytes > UNASKED_BYTES) return false
  }
  return true
}
