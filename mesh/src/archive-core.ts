/**
 * A room kept by an archivist: checks, stores, serves and forwards sealed entries, and reads none of them for that. It has the
 * parts of a room but for documents, presence and keys; what a sighted one reads is apart. Rules: docs/spec.md, AR.
 */
import type { DocName, KeyId, RoomId } from '@parley/protocol'
import type { ConnectionState } from './api.ts'
import { ArchiveSight } from './archive-sight.ts'
import { CustodySigner } from './custody-signer.ts'
import { ParleyError } from './errors.ts'
import type { AuthorLog } from './journal/author-log.ts'
import { blindSeal, type EntryCheck } from './journal/blind-seal.ts'
import { DeepEntries } from './journal/deep-entries.ts'
import { Journal } from './journal/journal.ts'
import type { KeeperEntrance } from './keeper-secrets.ts'
import type { KeepOptions, KeptRoom, KeptRoomEvent, KeptRoomStats } from './kept-room-api.ts'
import type { Platform, Unsubscribe } from './ports.ts'
import type { LiveLink } from './room-links.ts'
import { RoomListeners } from './room-listeners.ts'
import { RoomReplica } from './room-replica.ts'
import { describeBy, restoreLogs } from './room-restore.ts'

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
  readonly #replica: RoomReplica
  readonly #custody: CustodySigner
  readonly #listeners: RoomListeners<KeptRoomEvent>
  #closing: Promise<void> | null = null

  constructor(platform: Platform, entrance: KeeperEntrance, options: KeepOptions) {
    const { identity } = entrance
    this.#platform = platform
    this.#entrance = entrance
    this.#listeners = new RoomListeners(platform.clock)
    this.id = identity.roomId
    this.#self = identity.standing.key
    this.#seal = blindSeal(this.id, platform.keyring)
    this.sight = this.#makeSight()
    this.#replica = this.#makeReplica(options)
    this.#custody = this.#makeCustody()
  }

  // --- parts

  #makeSight(): ArchiveSight | null {
    const { identity, sight } = this.#entrance
    if (!sight) return null
    const { readKey, invite } = sight
    const signers = [identity.signer, invite]
    const { id: roomId } = this
    const authors = () => this.#replica.authors
    return new ArchiveSight({
      roomId,
      readKey,
      signers,
      platform: this.#platform,
      journal: this.#journal,
      authors,
    })
  }

  #makeReplica(options: KeepOptions): RoomReplica {
    const { identity, storage } = this.#entrance
    return new RoomReplica(
      {
        platform: this.#platform,
        identity,
        storage,
        journal: this.#journal,
        seal: this.#seal,
        // Nothing is wrapped for a blind archivist, and nobody here would unwrap it.
        epochs: this.sight?.epochs ?? { add: () => false },
        signers: this.sight?.signers ?? [],
        epoch: () => 0,
        // What builds on what is in the sealed content.
        documents: () => [],
        isOpen: () => false,
        // A server with an address that everybody may know; those who are here keep theirs.
        relayOnly: () => false,
        isClosing: () => this.#closing !== null,
      },
      options,
      {
        emit: (event) => this.#listeners.emit(event),
        changed: () => this.#listeners.changed(),
        failed: (error) => this.#storageFailed(error),
        unreadable: (error) => this.#unreadable(error),
        blamed: (author, reason, detail) => this.#replica.refusedKeys.refuse(author, reason, detail),
        rightsChanged: () => this.#listeners.changed(),
        durable: (logs, order) => this.#handleDurable(logs, order),
        attached: (live) => this.#handleAttached(live),
        linksChanged: () => this.#listeners.changed(),
      },
      // Presence, keys and readings are nothing to an archivist.
      null,
    )
  }

  #makeCustody(): CustodySigner {
    return new CustodySigner({
      roomId: this.id,
      self: this.#self,
      signer: this.#entrance.identity.signer,
      clock: this.#platform.clock,
      durableSeq: (log) => this.#replica.saving.durableSeq(log),
      isHere: (author) => [...this.#replica.links.all].some(({ key }) => key === author),
      tell: (author, frame) => {
        for (const live of this.#replica.links.all)
          if (live.key === author) this.#replica.links.send(live, frame)
      },
      onFailed: (error) => this.#platform.log('error', 'signing-failed', { detail: String(error) }),
    })
  }

  // --- life

  async load(): Promise<void> {
    const { records, storage } = this.#entrance
    await this.#replica.load(records)
    const archive = await storage.archive(describeBy(this.#seal))
    const deep = new DeepEntries(archive, {
      recalled: (log) => this.#handleRecalled(log),
      failed: (error) => this.#unreadable(error),
    })
    this.#journal.lieIn(deep)
    const leftOut = await restoreLogs(this.#replica.loadDeps, archive)
    this.#replica.standing.recut()
    for (const log of this.#journal.logs()) if (log.cut !== null) this.#replica.standing.recheck(log)
    await deep.settled()
    if (leftOut > 0) this.#platform.log('warn', 'stored-entries-left-out', { count: leftOut })
    this.#replica.saving.setLoaded(this.#journal.logs())
  }

  start(): void {
    this.#replica.start()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#replica.stop()
    this.#replica.meeting.close()
    await this.#replica.saving.close()
    this.#custody.close()
    this.#listeners.changed()
  }

  // --- entries

  /** What lies in storage need not be in memory; owners' records are read again and again. */
  #handleDurable(logs: ReadonlyMap<AuthorLog, number>, order: number): void {
    for (const log of logs.keys()) if (log.doc !== META) log.sink(order)
    this.#custody.handleDurable(logs.keys())
  }

  #handleRecalled(log: AuthorLog): void {
    this.#replica.standing.recheck(log)
    this.#replica.entriesChanged()
  }

  #handleAttached(live: LiveLink): void {
    this.#custody.handleArrived([...this.#journal.logs()].filter(({ author }) => author === live.key))
  }

  // --- for the program

  get state(): ConnectionState {
    return this.#replica.meeting.connection(0)
  }

  stats(): KeptRoomStats {
    let [logCount, entryCount, byteCount] = [0, 0, 0]
    for (const log of this.#journal.logs()) {
      logCount++
      entryCount += log.stored
      byteCount += log.byteCount
    }
    return { logCount, entryCount, byteCount, linkCount: this.#replica.links.all.size }
  }

  onState(listener: () => void): Unsubscribe {
    return this.#listeners.onState(listener)
  }

  onEvent(listener: (event: KeptRoomEvent) => void): Unsubscribe {
    return this.#listeners.onEvent(listener)
  }

  #storageFailed(error: unknown): void {
    const message = 'what was taken could not be stored'
    this.#listeners.emit({
      type: 'error',
      error: new ParleyError('storage-failed', message, { cause: error }),
    })
    this.#listeners.changed()
  }

  #unreadable(error: unknown): void {
    const message = 'what is stored could not be read'
    this.#listeners.emit({
      type: 'error',
      error: new ParleyError('storage-failed', message, { cause: error }),
    })
  }
}
