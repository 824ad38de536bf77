/** A room: composes journal, documents, presence and links; each rule stands in the part that it belongs to. */
import {
  type CloseReason,
  type DocName,
  epochZeroKeyOf,
  type Frame,
  type KeyId,
  type LogKey,
  parseDocName,
  presenceKeyOf,
  type RoomId,
} from '@parley/protocol'
import type * as Y from 'yjs'
import type {
  DocumentHandle,
  DocumentHeads,
  HistoryEntry,
  HistoryOptions,
  Invite,
  InviteOptions,
  KeepOnServerOptions,
  Member,
  Moment,
  Profile,
  Room,
  RoomEvent,
  RoomState,
} from './api.ts'
import { askArchivist } from './ask-archivist.ts'
import type { FoldFault } from './document/fold.ts'
import type { LogView } from './document/log-cursor.ts'
import { ParleyError } from './errors.ts'
import type { OperatorToken } from './join/operator-token.ts'
import type { Admitted } from './journal/admission.ts'
import { EntrySeal } from './journal/entry-seal.ts'
import { EpochKeys } from './journal/epoch-keys.ts'
import { Journal } from './journal/journal.ts'
import { openEntries } from './journal/read-entries.ts'
import { RECOVERY_ITERATIONS, SYNC_TOLD_MS } from './limits.ts'
import type { AeadKey, Platform, Unsubscribe } from './ports.ts'
import { writeRecoveryFile } from './recovery-file.ts'
import { RoomDocuments } from './room-documents.ts'
import { RoomDrafts } from './room-drafts.ts'
import { exportRoom } from './room-export.ts'
import { RoomHistory } from './room-history.ts'
import { RoomInvites } from './room-invites.ts'
import { RoomKeeping } from './room-keeping.ts'
import { RoomKeys } from './room-keys.ts'
import type { LiveLink } from './room-links.ts'
import { RoomListeners } from './room-listeners.ts'
import { loadEntries } from './room-load.ts'
import { RoomNames } from './room-names.ts'
import { RoomOwner } from './room-owner.ts'
import { RoomPaths } from './room-paths.ts'
import { RoomPeople } from './room-people.ts'
import { RoomReceipts } from './room-receipts.ts'
import { RoomRepair } from './room-repair.ts'
import { type ReaderEvents, RoomReplica } from './room-replica.ts'
import { type Entrance, openRoot } from './room-secrets.ts'
import { saveState } from './room-state.ts'
import { RoomWriting } from './room-writing.ts'
import { SyncProgress } from './sync-progress.ts'

const META = 'meta' as DocName
const ROSTER = 'roster' as DocName
const INVITES = 'invites'
/** Why an author is refused whose update did not pass; whatever is not here broke the format. */
const GATE_REASONS: Readonly<Partial<Record<FoldFault, CloseReason>>> = {
  'too-large': 'tooLarge',
  'foreign-delete': 'role',
  'foreign-key': 'role',
}

export interface RoomOptions {
  /** For a new room: nobody learns anybody's address, all goes through relays. It cannot be taken back. */
  readonly relayOnly?: boolean
  readonly signaling: readonly string[]
  readonly profile: Profile
  /** For signaling servers that ask for one. */
  readonly token?: OperatorToken
}

/** Loads what is stored, then starts meeting others. */
export async function openRoom(platform: Platform, entrance: Entrance, options: RoomOptions): Promise<Room> {
  const { cipher } = platform
  const epochs = new EpochKeys(epochZeroKeyOf(entrance.secrets.readKey))
  const presenceKey = await cipher.importKey(presenceKeyOf(epochs.current.key))
  const room = new RoomCore(platform, entrance, options, epochs, presenceKey)
  await room.load()
  room.start()
  return room
}

class RoomCore implements Room {
  readonly id: RoomId
  readonly self: Room['self']
  readonly recoveryFile: Room['recoveryFile']
  readonly #platform: Platform
  readonly #entrance: Entrance
  readonly #journal = new Journal()
  readonly #epochs: EpochKeys
  readonly #seal: EntrySeal
  readonly #replica: RoomReplica
  readonly #receipts: RoomReceipts
  readonly #writing: RoomWriting
  readonly #keeping: RoomKeeping<LiveLink>
  readonly #progress = new SyncProgress()
  readonly #documents: RoomDocuments
  readonly #drafts: RoomDrafts = this.#makeDrafts()
  readonly #people: RoomPeople
  readonly #names: RoomNames
  readonly #keys: RoomKeys
  #profile: Profile
  readonly #repair: RoomRepair
  readonly #invites: RoomInvites
  readonly #paths: RoomPaths<LiveLink>
  readonly #owner: RoomOwner
  readonly #history: RoomHistory
  readonly #listeners: RoomListeners<RoomEvent>
  #closing: Promise<void> | null = null
  #asking: Promise<void> | null = null

  constructor(
    platform: Platform,
    entrance: Entrance,
    options: RoomOptions,
    epochs: EpochKeys,
    presenceKey: AeadKey,
  ) {
    const { identity } = entrance
    const { clock, random, cipher, keyring } = platform
    const { key, role, may, notAfterMs } = identity.standing
    this.#platform = platform
    this.#entrance = entrance
    this.#listeners = new RoomListeners(clock)
    this.id = identity.roomId
    this.self = { key, role, may, notAfterMs }
    this.recoveryFile = entrance.secrets.root ? (passphrase) => this.#writeRecoveryFile(passphrase) : null
    this.#epochs = epochs
    this.#profile = options.profile
    this.#seal = new EntrySeal({ roomId: this.id, cipher, keyring, random }, epochs)
    this.#replica = this.#makeReplica(options)
    this.#writing = this.#makeWriting()
    this.#keeping = this.#makeKeeping()
    this.#receipts = this.#makeReceipts()
    this.#keys = this.#makeKeys(presenceKey)
    this.#names = this.#makeNames()
    this.#people = this.#makePeople()
    this.#documents = this.#makeDocuments()
    this.#paths = new RoomPaths(clock, () => this.#listeners.changed())
    this.#repair = this.#makeRepair()
    this.#invites = this.#makeInvites()
    this.#owner = this.#makeOwner()
    this.#history = this.#makeHistory()
  }

  // --- parts

  #makeReplica(options: RoomOptions): RoomReplica {
    const { identity, storage, invites } = this.#entrance
    return new RoomReplica(
      {
        platform: this.#platform,
        identity,
        storage,
        journal: this.#journal,
        seal: this.#seal,
        epochs: this.#epochs,
        signers: [identity.signer, ...invites],
        epoch: () => this.#epochs.current.id.counter,
        documents: () => this.#documents.all(),
        isOpen: (doc) => this.#documents.get(doc) !== undefined,
        relayOnly: () => this.#isRelayOnly,
        isClosing: () => this.#closing !== null,
      },
      options,
      {
        emit: (event) => this.#listeners.emit(event),
        changed: () => this.#listeners.changed(),
        failed: (error) => this.#storageFailed(error),
        unreadable: (error) => this.#storageFailed(error),
        blamed: (author, reason, detail) => this.#refuseAuthor(author, reason, detail),
        rightsChanged: () => {
          this.#owner.renewSharedEpoch()
          this.#people.changed()
        },
        durable: (logs) => this.#receipts.handleDurable(logs.keys()),
        attached: (live) => this.#handleAttached(live),
        linksChanged: () => this.#people.changed(),
      },
      this.#reader(),
    )
  }

  #reader(): ReaderEvents {
    return {
      cut: (log) => this.#documents.get(log.doc)?.sync.handleCut(log),
      epochLearned: () => void this.#keys.handleLearned(),
      forked: ({ header: { author } }) =>
        this.#listeners.emit({ type: 'equivocation', author, name: this.#names.of(author) }),
      taken: (admitted) => this.#handleTaken(admitted),
      decided: () => {
        this.#keys.retry()
        if (this.#isRelayOnly) this.#replica.meeting.handleRelayOnly()
      },
      linked: (live, { epoch }) => {
        if (epoch < this.#epochs.current.id.counter) this.#keys.send(live)
      },
      detached: (live) => this.#handleDetached(live),
      frame: (live, frame) => this.#handleFrame(live, frame),
      ticked: (nowMs) => this.#handleTick(nowMs),
      quiet: () => {
        if (this.#replica.links.all.size > 0) void this.#repair.tellReadings()
      },
    }
  }

  #makeReceipts(): RoomReceipts {
    return new RoomReceipts({
      self: this.self.key,
      clock: this.#platform.clock,
      journal: this.#journal,
      saving: this.#replica.saving,
      rights: this.#replica.rights,
      links: this.#replica.links,
    })
  }

  #makeWriting(): RoomWriting {
    return new RoomWriting({
      self: this.self.key,
      signer: this.#entrance.identity.signer,
      clock: this.#platform.clock,
      random: this.#platform.random,
      journal: this.#journal,
      seal: this.#seal,
      written: (log, record) => this.#replica.handleWritten(log, record),
    })
  }

  #makeKeeping(): RoomKeeping<LiveLink> {
    const { storage } = this.#entrance
    return new RoomKeeping<LiveLink>(
      {
        roomId: this.id,
        self: this.self.key,
        clock: this.#platform.clock,
        storage,
        journal: this.#journal,
        verify: (...signed) => this.#platform.keyring.verify(...signed),
        archivists: () =>
          [...this.#replica.authors.keys()].filter((key) => this.#replica.rights.isArchivist(key)),
        ownLogs: () => this.#replica.saving.ownLogs,
      },
      {
        changed: () => this.#listeners.changed(),
        rolledBack: (archivist) => {
          this.#platform.log('warn', 'archivist-rolled-back', {})
          this.#listeners.emit({ type: 'archivist-rolled-back', archivist })
        },
        failed: (error) => this.#storageFailed(error),
      },
    )
  }

  #makeKeys(presenceKey: AeadKey): RoomKeys {
    return new RoomKeys(
      {
        epochs: this.#epochs,
        standing: this.#replica.standing,
        authors: this.#replica.authors,
        rights: this.#replica.rights,
        links: this.#replica.links,
        cipher: this.#platform.cipher,
        storage: this.#entrance.storage,
      },
      presenceKey,
      {
        learned: async () => {
          for (const { sync } of this.#documents.all()) sync.handleKeys()
          await this.#names.readAll()
          this.#owner.renewSharedEpoch()
        },
        failed: (error) => this.#storageFailed(error),
      },
    )
  }

  #makeNames(): RoomNames {
    return new RoomNames({
      self: this.self.key,
      nowMs: () => this.#platform.clock.nowMs(),
      journal: this.#journal,
      seal: this.#seal,
      mayWrite: () => !this.#closing && !this.#replica.rights.isRevoked,
      write: (content) => this.#writing.writeAlone(ROSTER, content),
      changed: () => this.#listeners.changed(),
    })
  }

  #makePeople(): RoomPeople {
    return new RoomPeople(
      {
        self: this.self,
        identity: this.#entrance.identity,
        platform: this.#platform,
        authors: this.#replica.authors,
        standing: this.#replica.standing,
        links: this.#replica.links,
        presenceKeys: () => this.#keys.presenceKeys,
        nameOf: (key) => this.#names.of(key),
        pathOf: (key) => this.#paths.of(key),
      },
      this.#profile,
      {
        joined: (person) => this.#listeners.emit({ type: 'joined', person }),
        left: (person) => this.#listeners.emit({ type: 'left', person }),
        changed: () => this.#listeners.changed(),
        caret: (doc, clientId, state) => this.#documents.get(doc)?.awareness.setRemoteState(clientId, state),
      },
    )
  }

  #makeDocuments(): RoomDocuments {
    return new RoomDocuments({
      role: this.self.role,
      self: this.self.key,
      onCaret: (doc, clientId, state) => this.#people.setCaret(doc, clientId, state),
      carets: (doc) => this.#people.caretsOf(doc),
      syncDeps: (name) => ({
        clock: this.#platform.clock,
        logs: () => this.#journal.logsOf(name),
        open: (log, seq, count) => this.#openEntries(log, seq, count),
        ...(this.self.role === 'commenter' ? { restrictedAuthor: this.self.key } : {}),
        newSession: () => this.#writing.newSession(name),
        onWriting: () => this.#listeners.changed(),
        drafts: {
          write: ({ id }, update) =>
            this.#replica.links.sendDraft({ type: 'draft', doc: name, session: id, update }, this.self.key),
          broken: (log) => this.#handleDraftBroken(log),
          late: (authors) => this.#drafts.handleLate(authors),
        },
        write: (session, update) => this.#writing.write(name, session, update),
        onRefused: (log, seq, fault) => this.#handleGateRefusal(log, seq, fault),
        onNeedsBeyond: (log) => this.#replica.beyond.want(log),
        onWork: (log, workMs) => this.#replica.links.charge(log.author, workMs),
        onError: (error) => this.#listeners.emit({ type: 'error', error }),
      }),
    })
  }

  #makeDrafts(): RoomDrafts {
    return new RoomDrafts({
      nowMs: () => this.#platform.clock.nowMs(),
      journal: this.#journal,
      rolesOf: (key) => this.#replica.rights.standingsOf(key).map(({ role }) => role),
      documentOf: (doc) => this.#documents.get(doc)?.sync,
      onForbidden: (key, doc) => this.#refuseAuthor(key, 'role', `may not write ${doc}`),
      onWork: (key, workMs) => this.#replica.links.charge(key, workMs),
    })
  }

  #makeInvites(): RoomInvites {
    return new RoomInvites({
      platform: this.#platform,
      entrance: this.#entrance,
      listed: () => this.#documents.open(INVITES),
      rootSigner: () => this.#owner.rootSigner(),
      giveSight: (invite) => this.#owner.giveSight(invite),
      relayOnly: () => this.#isRelayOnly,
    })
  }

  #makeOwner(): RoomOwner {
    return new RoomOwner({
      platform: this.#platform,
      entrance: this.#entrance,
      journal: this.#journal,
      authors: this.#replica.authors,
      epochs: this.#epochs,
      standing: this.#replica.standing,
      liveInvites: () => this.#invites.live(),
      hasRight: (key) => this.#replica.rights.hasRight(key),
      writeRecord: async (content, signer) => {
        const { key } = await this.#writing.writeAlone(META, content, signer)
        return key
      },
      onFailed: (error) => this.#storageFailed(error),
    })
  }

  #makeHistory(): RoomHistory {
    return new RoomHistory({
      journal: this.#journal,
      clock: this.#platform.clock,
      nameOf: (key) => this.#names.of(key),
      open: (log, seq, count) => this.#openEntries(log, seq, count),
    })
  }

  #makeRepair(): RoomRepair {
    return new RoomRepair({
      journal: this.#journal,
      documents: () => this.#documents.all(),
      nowMs: () => this.#platform.clock.nowMs(),
      tell: (frame) => this.#replica.links.broadcast(frame),
      onTooEarly: (fromMs) => this.#replica.digests.again(fromMs),
      onDiffers: (doc) => this.#platform.log('warn', 'readings-differ', { doc }),
    })
  }

  // --- life

  async load(): Promise<void> {
    const { records, entries } = this.#entrance
    await this.#replica.load(records)
    const leftOut = await loadEntries(this.#replica.loadDeps, entries)
    this.#replica.standing.recut()
    this.#keys.load(records)
    await this.#names.readAll()
    if (leftOut > 0) this.#platform.log('warn', 'stored-entries-left-out', { count: leftOut })
    this.#replica.saving.setLoaded(this.#journal.logs())
    await this.#keeping.load(records)
  }

  start(): void {
    this.#replica.start()
    void this.#names.tell(this.#profile.name)
    void this.#tellPolicy()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#replica.stop()
    this.#owner.close()
    this.#receipts.close()
    await this.#documents.flush()
    this.#people.close()
    this.#paths.close()
    this.#replica.meeting.close()
    this.#documents.close()
    await this.#keeping.flush()
    await this.#replica.saving.close()
    this.#listeners.changed()
  }

  #handleTick(nowMs: number): void {
    this.#owner.closeEnded()
    const { missingCount } = this.#replica.links.sync
    if (this.#progress.update(nowMs, missingCount, SYNC_TOLD_MS)) this.#listeners.changed()
  }

  // --- entries

  #handleTaken({ log, record, plaintext, wanted }: Admitted): void {
    if (wanted) this.#progress.received(record.bytes.length)
    if (log.doc === ROSTER) void this.#names.read(log)
    this.#documents.get(log.doc)?.sync.handleStored(log, record.seq, plaintext)
  }

  #openEntries({ key }: LogView, seq: number, count: number): Promise<(Uint8Array | null)[]> {
    return openEntries(this.#journal, this.#seal, key as LogKey, seq, count)
  }

  #handleGateRefusal(log: LogView, seq: number, fault: FoldFault): void {
    const author = this.#journal.log(log.key as LogKey)?.author
    if (author) this.#refuseAuthor(author, GATE_REASONS[fault] ?? 'malformed', `${fault} at ${seq}`)
  }

  #handleDraftBroken(log: LogView): void {
    const author = this.#journal.log(log.key as LogKey)?.author
    if (author) this.#refuseAuthor(author, 'malformed', 'signed something else than it showed')
  }

  #refuseAuthor(author: KeyId, reason: CloseReason, detail: string): void {
    if (author === this.self.key) this.#listeners.emit({ type: 'author-refused', author, reason, detail })
    else this.#replica.refusedKeys.refuse(author, reason, detail)
  }

  // --- links

  #handleAttached(live: LiveLink): void {
    if (this.#replica.rights.isArchivist(live.key)) this.#keeping.attach(live, live.key)
    else this.#people.attach(live)
    this.#paths.attach(live)
    this.#receipts.attach(live)
  }

  #handleDetached(live: LiveLink): void {
    this.#people.detach(live)
    this.#paths.detach(live)
    this.#keys.detach(live)
  }

  #handleFrame(live: LiveLink, frame: Frame): void {
    if (frame.type === 'presence') this.#people.handle(live, frame)
    else if (frame.type === 'draft') this.#drafts.handle(live.key, frame)
    else if (frame.type === 'keys') this.#keys.handle(live, frame)
    else if (frame.type === 'custody') void this.#keeping.handleCustody(frame)
    else if (frame.type === 'heads') this.#keeping.handleHeads(live, frame)
    else if (frame.type === 'receipt') this.#receipts.handle(live, frame)
    else if (frame.type === 'reading')
      void this.#repair.handle(frame, (answer) => this.#replica.links.send(live, answer))
  }

  // --- what stands

  revoke(key: KeyId, keep: readonly KeyId[] = []): Promise<void> {
    return this.#owner.revoke(key, keep)
  }

  closeLogs(key: KeyId): Promise<void> {
    return this.#owner.closeLogs(key)
  }

  isRevoked(key: KeyId): boolean {
    return this.#replica.standing.meta.isRevoked(key)
  }

  members(): readonly Member[] {
    return this.#people.members()
  }

  /** Whoever made the room says for good what its links say. */
  async #tellPolicy(): Promise<void> {
    const { relayOnly, root } = this.#entrance.secrets
    if (!relayOnly || !root || this.#replica.standing.meta.relayOnly) return
    await this.#owner.decideRelayOnly().catch((error: unknown) => this.#storageFailed(error))
  }

  // --- people and presence

  setProfile(profile: Profile): void {
    this.#profile = profile
    this.#people.setProfile(profile)
    void this.#names.tell(profile.name)
    this.#listeners.changed()
  }

  setPage(page: string | null): void {
    this.#people.setPage(page === null ? null : parseDocName(page))
  }

  /** As the link said, as an owner's record says, or both. */
  get #isRelayOnly(): boolean {
    return this.#entrance.secrets.relayOnly === true || this.#replica.standing.meta.relayOnly
  }

  // --- for the user

  get state(): RoomState {
    const unsealed = [...this.#documents.all()].some(({ sync }) => !sync.isSealed)
    const saving = this.#replica.saving.facts
    return {
      connection: this.#replica.meeting.connection(this.#paths.relayedCount),
      reach: { relayOnly: this.#isRelayOnly, relayOffered: this.#replica.meeting.relayOffered },
      save: saveState({
        ...saving,
        unsealed,
        archivist: this.#keeping.state,
      }),
      sync: this.#progress.state,
      archivistOffered: this.#replica.meeting.archivist !== null,
      people: this.#people.here(),
    }
  }

  onState(listener: () => void): Unsubscribe {
    return this.#listeners.onState(listener)
  }

  onEvent(listener: (event: RoomEvent) => void): Unsubscribe {
    return this.#listeners.onEvent(listener)
  }

  document(name: string): DocumentHandle {
    if (this.#closing) throw new ParleyError('closed', 'the room is closed')
    if (name === META || name === ROSTER) throw new ParleyError('not-allowed', `${name} is no document`)
    return this.#documents.open(name)
  }

  createInvite(base: string, options: InviteOptions): Promise<Invite> {
    return this.#invites.create(base, options)
  }

  async exportFile({
    passphrase,
  }: {
    readonly passphrase?: string
  } = {}): Promise<Uint8Array<ArrayBuffer>[]> {
    if (passphrase !== undefined && !this.recoveryFile)
      throw new ParleyError('not-allowed', 'this device does not hold the root key')
    const root = passphrase === undefined ? null : await this.#writeRecoveryFile(passphrase)
    await this.#documents.flush()
    await this.#documents.confirmed()
    return exportRoom({
      rootKey: this.#entrance.identity.standing.rootKey,
      journal: this.#journal,
      authors: this.#replica.authors,
      proofs: this.#replica.standing.proofsHeld(),
      keys: { readKey: this.#entrance.secrets.readKey, epochs: this.#keys.later },
      root,
      clock: this.#platform.clock,
    })
  }

  documents(): readonly DocName[] {
    return this.#history.documents()
  }

  history(options?: HistoryOptions): readonly HistoryEntry[] {
    return this.#history.entries(options)
  }

  moments(document: string): Promise<readonly Moment[]> {
    return this.#history.moments(document)
  }

  documentAt(document: string, at: DocumentHeads | number): Promise<Y.Doc> {
    return this.#history.documentAt(document, at)
  }

  async keepOnServer(base: string, options: KeepOnServerOptions = {}): Promise<void> {
    if (this.#replica.authors.validStandingOf(this.self.key)?.role !== 'owner') {
      throw new ParleyError('not-allowed', 'owners ask the archivist of the server')
    }
    this.#asking ??= askArchivist(
      {
        platform: this.#platform,
        archivist: () => this.#replica.meeting.archivist,
        createInvite: (invitedAt, invite) => this.#invites.create(invitedAt, invite),
        withdraw: (key) => this.revoke(key),
        send: (sealed, done) => this.#replica.meeting.keep(sealed, done),
      },
      base,
      options.sighted === true,
    ).finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  async #writeRecoveryFile(passphrase: string): Promise<Uint8Array<ArrayBuffer>> {
    const { secrets } = this.#entrance
    const rootSeed = await openRoot(this.#platform, this.id, secrets)
    if (!rootSeed)
      throw new ParleyError('recovery-refused', 'the root key of this room cannot be opened here')
    const relayOnly = this.#isRelayOnly
    const secret = { roomId: this.id, rootSeed, readKey: secrets.readKey, relayOnly }
    return writeRecoveryFile(this.#platform, secret, passphrase, RECOVERY_ITERATIONS)
  }

  #storageFailed(error: unknown): void {
    const message = 'this device could not store what was written'
    this.#listeners.emit({
      type: 'error',
      error: new ParleyError('storage-failed', message, { cause: error }),
    })
    this.#listeners.changed()
  }
}
