/**
 * A room kept by an archivist: checks, stores, serves and forwards sealed entries, and reads none of them for that. It has the
 * parts of a room but for documents, presence and keys; what a sighted one reads is apart. Rules: docs/spec.md, AR.
 */
import {
  CLOSE,
  type CloseReason,
  type DocName,
  equalBytes,
  type Frame,
  type KeyId,
  type RoomId,
  type SealedEntry,
  toBase64Url,
} from '@parley/protocol'
import type { ConnectionState } from './api.ts'
import { ArchiveSight } from './archive-sight.ts'
import { CustodySigner } from './custody-signer.ts'
import { ParleyError } from './errors.ts'
import type { ProvenLink } from './join/connect-peer.ts'
import { Introductions } from './join/introductions.ts'
import { introductionsBy } from './join/introductions-by.ts'
import { SignalingSession } from './join/signaling-session.ts'
import { Admission, type Admitted } from './journal/admission.ts'
import { AuthorBook } from './journal/author-book.ts'
import type { AuthorLog } from './journal/author-log.ts'
import { blindSeal, type EntryCheck } from './journal/blind-seal.ts'
import { DeepEntries } from './journal/deep-entries.ts'
import { type Fork, stubOf } from './journal/equivocation.ts'
import { documentHeads } from './journal/heads.ts'
import { Journal } from './journal/journal.ts'
import { readEntries } from './journal/read-entries.ts'
import type { KeeperEntrance } from './keeper-secrets.ts'
import type { KeepOptions, KeptRoom, KeptRoomEvent, KeptRoomStats } from './kept-room-api.ts'
import { DIGEST_INTERVAL_MS, DIGEST_QUIET_MS, REFUSED_KEY_MS } from './limits.ts'
import { redialDelayMs } from './overlay/reconnect-policy.ts'
import type { Platform, Unsubscribe } from './ports.ts'
import { type LiveLink, RoomLinks } from './room-links.ts'
import { authorRecord, loadAuthors, loadProofs, proofRecord } from './room-load.ts'
import { makePlace } from './room-places.ts'
import { describeBy, restoreLogs } from './room-restore.ts'
import { RoomSaving } from './room-saving.ts'
import { RoomStanding } from './room-standing.ts'
import { connectionState } from './room-state.ts'

const TICK_MS = 1_000
const META = 'meta' as DocName

/** Loads what is stored, then starts meeting others. */
export async function openArchive(
  platform: Platform,
  entrance: KeeperEntrance,
  options: KeepOptions,
): Promise<KeptRoom> {
  const archive = new ArchiveCore(platform, entrance, options)
  await archive.load()
  archive.start()
  return archive
}

class ArchiveCore implements KeptRoom {
  readonly id: RoomId
  readonly sight: ArchiveSight | null
  readonly #platform: Platform
  readonly #entrance: KeeperEntrance
  readonly #self: KeyId
  readonly #journal = new Journal()
  readonly #seal: EntryCheck
  readonly #authors: AuthorBook
  readonly #standing: RoomStanding
  readonly #saving: RoomSaving
  readonly #admission: Admission
  readonly #links: RoomLinks
  readonly #custody: CustodySigner
  readonly #signaling: SignalingSession
  readonly #introductions: Introductions
  /** Keys whose signed rule-breaking was seen: no link to them for a while. */
  readonly #refusedKeys = new Map<KeyId, { readonly reason: CloseReason; readonly untilMs: number }>()
  readonly #stateListeners = new Set<() => void>()
  readonly #eventListeners = new Set<(event: KeptRoomEvent) => void>()
  #revoked = false
  #signalingLost = false
  #notifying = false
  #closing: Promise<void> | null = null
  #cancelTick: Unsubscribe = () => undefined
  #cancelOnline: Unsubscribe = () => undefined
  #changedAtMs = 0
  #toldAtMs = 0
  #told = true

  constructor(platform: Platform, entrance: KeeperEntrance, options: KeepOptions) {
    const { identity, storage } = entrance
    this.#platform = platform
    this.#entrance = entrance
    this.id = identity.roomId
    this.#self = identity.standing.key
    this.#seal = blindSeal(this.id, platform.keyring)
    this.sight = this.#makeSight()
    this.#standing = this.#makeStanding()
    this.#authors = new AuthorBook(this.id, this.#verify, this.#standing.isVoid, (author, chains) => {
      if (chains.length > 1) {
        this.#standing.recutAuthor(author)
        this.#links.reintroduce(author)
      }
      storage.put(authorRecord(author), chains).catch((error: unknown) => this.#storageFailed(error))
    })
    this.#saving = new RoomSaving(storage, platform.clock, this.#self, {
      durable: (logs, order) => this.#handleDurable(logs, order),
      failed: (error) => this.#storageFailed(error),
      changed: () => this.#changed(),
    })
    this.#admission = this.#makeAdmission()
    this.#links = this.#makeLinks()
    this.#custody = this.#makeCustody()
    this.#signaling = this.#makeSignaling(options)
    this.#introductions = this.#makeIntroductions()
  }

  // --- parts

  readonly #verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    this.#platform.keyring.verify(publicKey, message, signature)

  #makeSight(): ArchiveSight | null {
    const { identity, sight } = this.#entrance
    if (!sight) return null
    const { readKey, invite } = sight
    const signers = [identity.signer, invite]
    const { id: roomId } = this
    const authors = () => this.#authors
    return new ArchiveSight({
      roomId,
      readKey,
      signers,
      platform: this.#platform,
      journal: this.#journal,
      authors,
    })
  }

  #makeStanding(): RoomStanding {
    return new RoomStanding(
      {
        roomId: this.id,
        rootKey: this.#entrance.identity.standing.rootKey,
        journal: this.#journal,
        authors: () => this.#authors,
        // Nothing is wrapped for a blind archivist, and nobody here would unwrap it.
        epochs: this.sight?.epochs ?? { add: () => false },
        cipher: this.#platform.cipher,
        verify: this.#verify,
        signers: this.sight?.signers ?? [],
      },
      {
        cut: () => undefined,
        rightsChanged: () => this.#handleRights(),
        epochLearned: () => undefined,
        forked: (fork) => this.#handleFork(fork),
      },
    )
  }

  #makeAdmission(): Admission {
    return new Admission(
      {
        journal: this.#journal,
        authors: this.#authors,
        seal: this.#seal,
        nowMs: () => this.#platform.clock.nowMs(),
        cutOf: this.#standing.cutOf,
        hasLost: (entry, hash) => this.#standing.hasLost(entry, entry.log, hash),
        isWanted: (from, entry) => this.#links.sync.isWanted(from as LiveLink, entry),
        isOpen: () => false,
      },
      {
        admitted: (entries) => this.#handleAdmitted(entries),
        duplicate: (from, source) => this.#links.handleDuplicate(from as LiveLink, source),
        gap: (from, entry) => this.#links.sync.missing(from as LiveLink, entry, this.#seal.hash(entry)),
        fork: (from, log, entry) => {
          this.#handleForked(from as LiveLink, log, entry).catch((error: unknown) => this.#unreadable(error))
        },
        blameLink: (from, reason, detail) => (from as LiveLink).link.close(CLOSE[reason], detail),
        blameAuthor: (author, reason, detail) => this.#refuseAuthor(author, reason, detail),
        dropped: (why) => this.#platform.log('debug', 'entry-dropped', { why }),
        consumed: (from, bytes) => (from as LiveLink).link.consumed(bytes),
        wasted: (from, workMs) => this.#links.wasted(from as LiveLink, workMs),
      },
    )
  }

  #makeLinks(): RoomLinks {
    return new RoomLinks(
      {
        clock: this.#platform.clock,
        journal: this.#journal,
        authors: this.#authors,
        admission: this.#admission,
        cutOf: this.#standing.cutOf,
        // What builds on what is in the sealed content.
        isNeeded: () => false,
      },
      {
        attached: (live) => this.#handleAttached(live),
        detached: (live, reason, detail) => this.#handleDetached(live, reason, detail),
        frame: (live, frame) => this.#handleFrame(live, frame),
      },
    )
  }

  #makeCustody(): CustodySigner {
    return new CustodySigner({
      roomId: this.id,
      self: this.#self,
      signer: this.#entrance.identity.signer,
      clock: this.#platform.clock,
      durableSeq: (log) => this.#saving.durableSeq(log),
      isHere: (author) => [...this.#links.all].some(({ key }) => key === author),
      tell: (author, frame) => {
        for (const live of this.#links.all) if (live.key === author) this.#links.send(live, frame)
      },
      onFailed: (error) => this.#platform.log('error', 'signing-failed', { detail: String(error) }),
    })
  }

  #makeSignaling({ signaling: urls, token }: KeepOptions): SignalingSession {
    const { clock, random, dial } = this.#platform
    return new SignalingSession(
      { urls, identity: this.#entrance.identity, clock, random, dial, delayMs: redialDelayMs, token },
      {
        state: (state) => {
          if (state.name === 'up') this.#signalingLost = false
          if (state.name === 'down') {
            this.#signalingLost = true
            this.#introductions.handleSignalingDown()
          }
          this.#changed()
        },
        ...introductionsBy(() => this.#introductions),
      },
    )
  }

  #makeIntroductions(): Introductions {
    const { clock, random, cipher, keyring, connect } = this.#platform
    return new Introductions(
      {
        identity: this.#entrance.identity,
        clock,
        random,
        cipher,
        keyring,
        connect,
        nowMs: () => clock.nowMs(),
        known: () => ({ epoch: 0, metaHeads: documentHeads(this.#journal.logsOf(META)) }),
        learnChain: (chain) => this.#authors.learn(chain, true),
        sendSealed: (to, sealed) => this.#signaling.signal(to, sealed),
        askForMore: () => this.#signaling.more(),
        // A server with an address that everybody may know; those who are here keep theirs.
        relayOnly: () => false,
        linked: () => [...this.#links.all].map((live) => live.instance),
        delayMs: redialDelayMs,
      },
      {
        proven: (link) => this.#handleProven(link),
        failed: (_peer, { stage, reason, message }) => {
          this.#platform.log('info', 'link-failed', { stage, reason, detail: message })
          if (stage === 'proving') this.#emit({ type: 'link-closed', key: null, reason, detail: message })
        },
        changed: () => this.#changed(),
      },
    )
  }

  // --- life

  async load(): Promise<void> {
    const { identity, records, storage } = this.#entrance
    await this.#authors.learn(identity.chain, true)
    await loadAuthors(this.#authors, records)
    for (const proof of loadProofs(records)) await this.#standing.addProof(proof)
    const archive = await storage.archive(describeBy(this.#seal))
    const deep = new DeepEntries(archive, {
      recalled: (log) => this.#handleRecalled(log),
      failed: (error) => this.#unreadable(error),
    })
    this.#journal.lieIn(deep)
    const leftOut = await restoreLogs(
      {
        journal: this.#journal,
        authors: this.#authors,
        seal: this.#seal,
        clock: this.#platform.clock,
        cutOf: this.#standing.cutOf,
        onMeta: (entry) => this.#standing.addRecord(entry, true),
      },
      archive,
    )
    this.#standing.recut()
    for (const log of this.#journal.logs()) if (log.cut !== null) this.#standing.recheck(log)
    await deep.settled()
    if (leftOut > 0) this.#platform.log('warn', 'stored-entries-left-out', { count: leftOut })
    this.#saving.setLoaded(this.#journal.logs())
  }

  start(): void {
    this.#signaling.start()
    this.#cancelOnline = this.#platform.onOnline(() => {
      this.#signaling.retryNow()
      this.#introductions.repair()
    })
    this.#tick()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#cancelTick()
    this.#cancelOnline()
    this.#introductions.close()
    this.#links.close()
    this.#signaling.close()
    await this.#saving.close()
    this.#custody.close()
    this.#changed()
  }

  /** Once a second: digests when it has been quiet, wants that ran out, grants that ended. */
  #tick(): void {
    const { clock } = this.#platform
    this.#cancelTick = clock.after(TICK_MS, () => this.#tick())
    this.#links.sync.expireWants()
    if ([...this.#links.all].some((live) => !this.#hasRight(live.key))) this.#handleRights()
    const nowMs = clock.nowMs()
    const quiet = !this.#told && nowMs - this.#changedAtMs >= DIGEST_QUIET_MS
    if (!quiet && nowMs - this.#toldAtMs < DIGEST_INTERVAL_MS) return
    this.#toldAtMs = nowMs
    if (quiet) this.#told = true
    for (const live of this.#links.all) this.#links.sync.sendDigest(live)
  }

  #entriesChanged(): void {
    this.#changedAtMs = this.#platform.clock.nowMs()
    this.#told = false
  }

  // --- entries

  /** What lies in storage need not be in memory; owners' records are read again and again. */
  #handleDurable(logs: ReadonlyMap<AuthorLog, number>, order: number): void {
    for (const log of logs.keys()) if (log.doc !== META) log.sink(order)
    this.#custody.handleDurable(logs.keys())
  }

  #handleRecalled(log: AuthorLog): void {
    this.#standing.recheck(log)
    this.#entriesChanged()
  }

  #handleAdmitted(entries: readonly Admitted[]): void {
    const records: SealedEntry[] = []
    for (const { log, record, entry, from } of entries) {
      this.#standing.adopt(log)
      if (log.doc === META && log.standing >= record.seq) records.push(entry)
      this.#links.publish(log, record, from as LiveLink)
      this.#links.sync.advanced(log)
    }
    if (records.length > 0) void this.#handleMeta(records)
    this.#saving.stored(entries)
    this.#entriesChanged()
  }

  async #handleMeta(entries: readonly SealedEntry[]): Promise<void> {
    for (const entry of entries) {
      const taken = await this.#standing.addRecord(entry, true)
      if (!taken) this.#refuseAuthor(entry.author, 'malformed', 'not a record')
    }
    this.#standing.recut()
  }

  #refuseAuthor(author: KeyId, reason: CloseReason, detail: string): void {
    const known = this.#refusalOf(author) !== null
    this.#shutOut(author, reason)
    this.#links.closeKey(author, reason, detail)
    this.#platform.log('warn', 'author-refused', { reason, detail })
    if (!known) this.#emit({ type: 'author-refused', author, reason, detail })
  }

  #shutOut(key: KeyId, reason: CloseReason): void {
    this.#refusedKeys.set(key, { reason, untilMs: this.#platform.clock.nowMs() + REFUSED_KEY_MS })
  }

  #refusalOf(key: KeyId): CloseReason | null {
    const refused = this.#refusedKeys.get(key)
    return refused && refused.untilMs > this.#platform.clock.nowMs() ? refused.reason : null
  }

  // --- links

  #handleProven(proven: ProvenLink): void {
    const { standing, instance, metaHeads } = proven.peer
    const { key } = standing
    const meta = this.#journal.logsOf(META)
    if (!this.#hasRight(key) && !this.#closing) return this.#links.turnAway(proven, meta, 'revoked')
    const refused = this.#closing ? 'normal' : this.#refusalOf(key)
    const before = this.#links.byInstance(toBase64Url(instance))
    if (refused || (before && before.key !== key)) {
      const why = refused ? 'refused before, or closing' : 'the name of another copy'
      return proven.link.close(CLOSE[refused ?? 'notProven'], why)
    }
    before?.link.close(CLOSE.normal, 'replaced by a newer link')
    if (!makePlace(this.#links.all, proven, this.#introductions)) return
    const live = this.#links.attach(proven)
    if (!equalBytes(metaHeads, documentHeads(meta))) this.#links.pushAll(live, meta)
    for (const proof of this.#standing.proofsHeld()) this.#links.send(live, proof)
  }

  #handleAttached(live: LiveLink): void {
    const logs = [...this.#journal.logs()].filter(({ author }) => author === live.key)
    this.#custody.handleArrived(logs)
    this.#entriesChanged()
    this.#changed()
  }

  #handleDetached(live: LiveLink, reason: CloseReason, detail: string): void {
    this.#introductions.forgetLink(live.link)
    this.#platform.log('info', 'link-closed', { reason, detail })
    this.#emit({ type: 'link-closed', key: live.key, reason, detail })
    if (!this.#closing && reason !== 'role' && reason !== 'revoked') this.#introductions.handleLinkLost()
    this.#changed()
  }

  /** Presence, keys and readings are nothing to an archivist. */
  #handleFrame(live: LiveLink, frame: Frame): void {
    if (frame.type === 'seek') this.#answerSeek(live, frame)
    else if (frame.type === 'proof') void this.#handleProof(live, frame)
  }

  #answerSeek(live: LiveLink, frame: Extract<Frame, { type: 'seek' }>): void {
    const log = this.#journal.logsOf(frame.doc).find(({ clientId }) => clientId === frame.client)
    const last = log?.factsAt(log.stored)
    if (log && last) {
      this.#links.send(live, { type: 'ihave', heads: [{ ...log.head, seq: log.stored, hash: last.hash }] })
    }
  }

  // --- what stands

  #hasRight(key: KeyId): boolean {
    const nowMs = this.#platform.clock.nowMs()
    return this.#authors.standingsOf(key).some((s) => !this.#standing.isVoid(s) && s.notAfterMs >= nowMs)
  }

  #handleRights(): void {
    for (const live of [...this.#links.all]) {
      if (!this.#authors.validStandingOf(live.key)) live.link.close(CLOSE.revoked, 'revoked')
      else if (!this.#hasRight(live.key)) live.link.close(CLOSE.notProven, 'the grant has ended')
    }
    const isKnown = this.#authors.standingOf(this.#self) !== null
    if (!this.#revoked && isKnown && !this.#authors.validStandingOf(this.#self)) {
      this.#revoked = true
      this.#emit({ type: 'revoked' })
    }
    this.#changed()
  }

  /** Two entries for one place: at the head the proof is at hand, else the place is asked for. */
  async #handleForked(from: LiveLink, log: AuthorLog, entry: SealedEntry): Promise<void> {
    const [other] = await readEntries(this.#journal, log, entry.seq, 1)
    if (!other) return this.#links.sync.probe(from, log)
    if (!equalBytes(other.prev, entry.prev) && entry.seq > 1) {
      return this.#links.sync.probe(from, log, entry.seq - 1)
    }
    await this.#standing.addProof({ type: 'proof', first: stubOf(other), second: stubOf(entry) })
  }

  async #handleProof(live: LiveLink, frame: Extract<Frame, { type: 'proof' }>): Promise<void> {
    const fork = await this.#standing.addProof(frame)
    if (!fork) live.link.close(CLOSE.malformed, 'a proof that proves nothing')
  }

  #handleFork(fork: Fork): void {
    const { author } = fork.header
    const record = this.#entrance.storage.put(proofRecord(fork.log), fork.proof)
    record.catch((error: unknown) => this.#storageFailed(error))
    this.#links.broadcast(fork.proof)
    this.#shutOut(author, 'equivocation')
    this.#links.closeKey(author, 'equivocation', 'two entries for one place')
    this.#entriesChanged()
  }

  // --- for the program

  get state(): ConnectionState {
    const introductions = this.#introductions
    return connectionState({
      revoked: this.#revoked,
      closed: this.#closing !== null,
      linkCount: this.#links.all.size,
      relayedCount: 0,
      signaling: this.#signaling.state,
      signalingLost: this.#signalingLost,
      isTrying: introductions.isTrying,
      isFull: introductions.isFull,
      unlinkedCount: introductions.unlinkedCount,
      hasFailed: introductions.hasFailed,
    })
  }

  stats(): KeptRoomStats {
    let [logCount, entryCount, byteCount] = [0, 0, 0]
    for (const log of this.#journal.logs()) {
      logCount++
      entryCount += log.stored
      byteCount += log.byteCount
    }
    return { logCount, entryCount, byteCount, linkCount: this.#links.all.size }
  }

  onState(listener: () => void): Unsubscribe {
    this.#stateListeners.add(listener)
    return () => this.#stateListeners.delete(listener)
  }

  onEvent(listener: (event: KeptRoomEvent) => void): Unsubscribe {
    this.#eventListeners.add(listener)
    return () => this.#eventListeners.delete(listener)
  }

  #storageFailed(error: unknown): void {
    const message = 'what was taken could not be stored'
    this.#emit({ type: 'error', error: new ParleyError('storage-failed', message, { cause: error }) })
    this.#changed()
  }

  #unreadable(error: unknown): void {
    const message = 'what is stored could not be read'
    this.#emit({ type: 'error', error: new ParleyError('storage-failed', message, { cause: error }) })
  }

  #emit(event: KeptRoomEvent): void {
    for (const listener of [...this.#eventListeners]) listener(event)
  }

  #changed(): void {
    if (this.#notifying) return
    this.#notifying = true
    this.#platform.clock.after(0, () => {
      this.#notifying = false
      for (const listener of [...this.#stateListeners]) listener()
    })
  }
}
