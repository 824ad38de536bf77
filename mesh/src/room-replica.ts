/**
 * What every copy of a room has, whether it can read it or not: its journal and what stands of it, who has a right, links to
 * other copies and how they come about. People's devices and archivists add what they do with it.
 */
import type { CloseReason, DocName, Frame, KeyId, SealedEntry } from '@parley/protocol'
import { DigestPace } from './digest-pace.ts'
import type { Identity } from './join/identity.ts'
import type { ProvenPeer } from './join/role-proof.ts'
import type { Admitted } from './journal/admission.ts'
import { AuthorBook } from './journal/author-book.ts'
import type { AuthorLog } from './journal/author-log.ts'
import type { EntryCheck } from './journal/blind-seal.ts'
import type { EpochKeys } from './journal/epoch-keys.ts'
import type { Journal } from './journal/journal.ts'
import type { KeptRoomEvent } from './kept-room-api.ts'
import type { Platform, Signer, Storage, Unsubscribe } from './ports.ts'
import { RefusedKeys } from './refused-keys.ts'
import { type BeyondDeps, RoomBeyond } from './room-beyond.ts'
import { RoomForks } from './room-forks.ts'
import { makeGate } from './room-gate.ts'
import { type LiveLink, RoomLinks } from './room-links.ts'
import { authorRecord, type LoadDeps, loadAuthors, loadProofs } from './room-load.ts'
import { type MeetingOptions, RoomMeeting } from './room-meeting.ts'
import { RoomRights } from './room-rights.ts'
import { RoomSaving, type SavingEvents } from './room-saving.ts'
import { RoomStanding, type StandingEvents } from './room-standing.ts'

const TICK_MS = 1_000
const META = 'meta' as DocName

/** What whoever listens to any copy of a room may hear of. */
export type ReplicaEvent = Exclude<KeptRoomEvent, { type: 'error' }>

export interface ReplicaDeps {
  readonly platform: Platform
  readonly identity: Identity
  readonly storage: Storage
  readonly journal: Journal
  readonly seal: EntryCheck
  /** Where keys go that owners wrapped for one of `signers`. */
  readonly epochs: Pick<EpochKeys, 'add'>
  readonly signers: readonly Signer[]
  /** Counter of the epoch in force; 0 where no keys are held. */
  readonly epoch: () => number
  readonly documents: BeyondDeps['documents']
  /** Whether entries of a document are to be opened at once. */
  readonly isOpen: (doc: DocName) => boolean
  /** Whether no address of this device may be shown. */
  readonly relayOnly: () => boolean
  readonly isClosing: () => boolean
}

export interface ReplicaEvents extends Pick<StandingEvents, 'rightsChanged'>, Pick<SavingEvents, 'durable'> {
  emit(event: ReplicaEvent): void
  changed(): void
  /** What was taken could not be stored. */
  failed(error: unknown): void
  unreadable(error: unknown): void
  /** It signed what it must not; whoever carried it is innocent. */
  blamed(author: KeyId, reason: CloseReason, detail: string): void
  attached(live: LiveLink): void
  /** One came, or one ended. */
  linksChanged(): void
}

/** What those follow who can read the room, or show it to somebody. */
export interface ReaderEvents extends Pick<StandingEvents, 'cut' | 'epochLearned' | 'forked'> {
  /** An entry is part of the journal, and goes to others next. */
  taken(admitted: Admitted): void
  /** What owners decided has been drawn for all logs. */
  decided(): void
  /** A link has a place, and owners' records and proofs are on their way: keys may follow. */
  linked(live: LiveLink, peer: ProvenPeer): void
  /** Just before another link is sought. */
  detached(live: LiveLink): void
  /** Drafts, presence, keys, receipts, readings and HEADS. */
  frame(live: LiveLink, frame: Frame): void
  /** Once a second. */
  ticked(nowMs: number): void
  /** Nothing has changed for a while, and everybody was told our digest. */
  quiet(): void
}

export class RoomReplica {
  readonly #deps: ReplicaDeps
  readonly #events: ReplicaEvents
  /** `null` for who keeps the room blindly. */
  readonly #reader: ReaderEvents | null
  readonly authors: AuthorBook
  readonly standing: RoomStanding
  readonly saving: RoomSaving
  readonly links: RoomLinks
  readonly rights: RoomRights
  readonly refusedKeys: RefusedKeys
  readonly beyond: RoomBeyond
  readonly meeting: RoomMeeting
  readonly digests = new DigestPace()
  readonly #forks: RoomForks
  #cancelTick: Unsubscribe = () => undefined

  constructor(
    deps: ReplicaDeps,
    options: MeetingOptions,
    events: ReplicaEvents,
    reader: ReaderEvents | null,
  ) {
    this.#deps = deps
    this.#events = events
    this.#reader = reader
    this.standing = this.#makeStanding()
    this.authors = this.#makeAuthors()
    this.saving = this.#makeSaving()
    this.links = this.#makeLinks()
    this.rights = this.#makeRights()
    this.refusedKeys = this.#makeRefusedKeys()
    this.#forks = this.#makeForks()
    this.beyond = new RoomBeyond({
      journal: deps.journal,
      standing: this.standing,
      links: this.links,
      documents: deps.documents,
    })
    this.meeting = this.#makeMeeting(options)
  }

  get #self(): KeyId {
    return this.#deps.identity.standing.key
  }

  #nowMs(): number {
    return this.#deps.platform.clock.nowMs()
  }

  // --- parts

  readonly #verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    this.#deps.platform.keyring.verify(publicKey, message, signature)

  #makeStanding(): RoomStanding {
    const { identity, journal, epochs, platform, signers } = this.#deps
    return new RoomStanding(
      {
        roomId: identity.roomId,
        rootKey: identity.standing.rootKey,
        journal,
        authors: () => this.authors,
        epochs,
        cipher: platform.cipher,
        verify: this.#verify,
        signers,
      },
      {
        cut: (log) => this.#reader?.cut(log),
        rightsChanged: () => this.rights.handleChanged(),
        epochLearned: () => this.#reader?.epochLearned(),
        forked: (fork) => this.#forks.handleFork(fork),
      },
    )
  }

  #makeAuthors(): AuthorBook {
    const { identity, storage } = this.#deps
    return new AuthorBook(identity.roomId, this.#verify, this.standing.isVoid, (author, chains) => {
      if (chains.length > 1) {
        this.standing.recutAuthor(author)
        this.links.reintroduce(author)
      }
      storage.put(authorRecord(author), chains).catch((error: unknown) => this.#events.failed(error))
    })
  }

  #makeSaving(): RoomSaving {
    const { storage, platform } = this.#deps
    return new RoomSaving(storage, platform.clock, this.#self, {
      durable: (logs, order) => this.#events.durable(logs, order),
      failed: (error) => this.#events.failed(error),
      changed: () => this.#events.changed(),
    })
  }

  #makeLinks(): RoomLinks {
    const { platform, journal, seal, isOpen } = this.#deps
    const { authors, standing } = this
    const admission = makeGate(
      {
        platform,
        journal,
        authors,
        seal,
        standing,
        links: () => this.links,
        forks: () => this.#forks,
        isOpen,
      },
      {
        admitted: (entries) => this.#handleAdmitted(entries),
        blamed: (author, reason, detail) => this.#events.blamed(author, reason, detail),
      },
    )
    return new RoomLinks(
      {
        clock: platform.clock,
        journal,
        authors,
        admission,
        cutOf: standing.cutOf,
        isNeeded: (head) => this.beyond.isNeeded(head),
      },
      {
        attached: (live) => this.#handleAttached(live),
        detached: (live, reason, detail) => this.#handleDetached(live, reason, detail),
        frame: (live, frame) => this.#handleFrame(live, frame),
      },
    )
  }

  #makeRights(): RoomRights {
    const { authors, standing, links } = this
    return new RoomRights(
      { self: this.#self, nowMs: () => this.#nowMs(), authors, standing, links },
      {
        revoked: () => this.#events.emit({ type: 'revoked' }),
        changed: () => this.#events.rightsChanged(),
      },
    )
  }

  #makeRefusedKeys(): RefusedKeys {
    return new RefusedKeys({
      nowMs: () => this.#nowMs(),
      log: this.#deps.platform.log,
      closeLinks: (key, reason, detail) => this.links.closeKey(key, reason, detail),
      onRefused: (author, reason, detail) =>
        this.#events.emit({ type: 'author-refused', author, reason, detail }),
    })
  }

  #makeForks(): RoomForks {
    const { journal, storage } = this.#deps
    const { standing, links, refusedKeys } = this
    return new RoomForks(
      { journal, standing, links, storage, refusedKeys },
      {
        forked: (fork) => {
          this.#reader?.forked(fork)
          this.entriesChanged()
        },
        failed: (error) => this.#events.failed(error),
        unreadable: (error) => this.#events.unreadable(error),
      },
    )
  }

  #makeMeeting(options: MeetingOptions): RoomMeeting {
    const { platform, identity, journal, epoch, relayOnly, isClosing } = this.#deps
    const { authors, standing, links, rights, refusedKeys } = this
    return new RoomMeeting(
      {
        platform,
        identity,
        journal,
        authors,
        standing,
        links,
        rights,
        refusedKeys,
        epoch,
        relayOnly,
        isClosing,
      },
      options,
      {
        linked: (live, peer) => this.#reader?.linked(live, peer),
        ended: (key, reason, detail) => this.#events.emit({ type: 'link-closed', key, reason, detail }),
        changed: () => this.#events.changed(),
      },
    )
  }

  // --- life

  /** From what is stored: authors and proofs. Entries, by {@link loadDeps}, are next. */
  async load(records: ReadonlyMap<string, unknown>): Promise<void> {
    await this.authors.learn(this.#deps.identity.chain, true)
    await loadAuthors(this.authors, records)
    for (const proof of loadProofs(records)) await this.standing.addProof(proof)
  }

  get loadDeps(): LoadDeps {
    const { journal, seal, platform } = this.#deps
    const { authors, standing } = this
    return {
      journal,
      authors,
      seal,
      clock: platform.clock,
      cutOf: standing.cutOf,
      onMeta: (entry) => standing.addRecord(entry, true),
      settle: (log) => standing.recheck(log),
    }
  }

  start(): void {
    this.meeting.start()
    this.#tick()
  }

  /** Nothing is done by the clock any more. */
  stop(): void {
    this.#cancelTick()
  }

  /** Once a second: digests when it has been quiet, wants that ran out, grants that ended. */
  #tick(): void {
    this.#cancelTick = this.#deps.platform.clock.after(TICK_MS, () => this.#tick())
    this.links.sync.expireWants()
    this.beyond.seekMissing()
    this.rights.endExpired()
    this.#reader?.ticked(this.#nowMs())
    const due = this.digests.due(this.#nowMs())
    if (!due) return
    for (const live of this.links.all) this.links.sync.sendDigest(live)
    if (due === 'quiet') this.#reader?.quiet()
  }

  /** What is held or stands is another: others are told. */
  entriesChanged(): void {
    this.digests.changed(this.#nowMs())
  }

  // --- entries

  #handleAdmitted(entries: readonly Admitted[]): void {
    const records: SealedEntry[] = []
    for (const admitted of entries) {
      const { log, record, entry, from } = admitted
      this.standing.adopt(log)
      if (log.doc === META && log.standing >= record.seq) records.push(entry)
      this.#reader?.taken(admitted)
      this.links.publish(log, record, from as LiveLink)
      this.links.sync.advanced(log)
    }
    if (records.length > 0) void this.#handleMeta(records)
    this.saving.stored(entries)
    this.entriesChanged()
  }

  /** One's own, and part of the journal. */
  handleWritten(log: AuthorLog, record: Admitted['record']): void {
    this.standing.adopt(log)
    this.links.publish(log, record, null)
    this.saving.stored([{ log, record }])
    this.entriesChanged()
  }

  /** Of many at once the consequences are drawn once. */
  async #handleMeta(entries: readonly SealedEntry[]): Promise<void> {
    for (const entry of entries) {
      const taken = await this.standing.addRecord(entry, true)
      if (!taken) this.#events.blamed(entry.author, 'malformed', 'not a record')
    }
    this.standing.recut()
    this.#reader?.decided()
  }

  // --- links

  #handleAttached(live: LiveLink): void {
    this.#events.attached(live)
    this.entriesChanged()
    this.#events.linksChanged()
  }

  #handleDetached(live: LiveLink, reason: CloseReason, detail: string): void {
    this.#reader?.detached(live)
    this.meeting.handleDetached(live, reason, detail)
    this.#events.linksChanged()
  }

  #handleFrame(live: LiveLink, frame: Frame): void {
    if (frame.type === 'seek') this.beyond.answer(live, frame)
    else if (frame.type === 'proof') void this.#forks.handleProof(live, frame)
    else this.#reader?.frame(live, frame)
  }
}
