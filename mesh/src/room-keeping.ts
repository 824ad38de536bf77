/**
 * What a member knows of the archivists of a room: what they signed for, whether one was put back to an older state, and
 * asking the server's own to keep the room. Rules: docs/spec.md, AR.
 */
import {
  type CustodyFrame,
  custodyMessage,
  decodeFrame,
  encodeFrame,
  equalBytes,
  type HeadsFrame,
  idBytes,
  type KeyId,
  type LogKey,
  limits,
  MalformedError,
  type RoomId,
  type Verify,
} from '@parley/protocol'
import type { SaveState } from './api.ts'
import type { AuthorLog } from './journal/author-log.ts'
import type { Journal } from './journal/journal.ts'
import { CUSTODY_LOGS, CUSTODY_SAVE_MS, ROLLBACK_CHECK_MS } from './limits.ts'
import type { Clock, Storage, Unsubscribe } from './ports.ts'

export interface KeepingDeps {
  readonly roomId: RoomId
  readonly self: KeyId
  readonly clock: Clock
  readonly storage: Pick<Storage, 'put'>
  readonly journal: Journal
  readonly verify: Verify
  /** Archivists whose chains stand. */
  readonly archivists: () => readonly KeyId[]
  /** Own logs that the state of saving is about. */
  readonly ownLogs: () => readonly AuthorLog[]
}

export interface KeepingEvents {
  changed(): void
  rolledBack(archivist: KeyId): void
  failed(error: unknown): void
}

type Receipts = Map<LogKey, CustodyFrame>

const RECORD = 'custody/'

export class RoomKeeping<Link extends object> {
  readonly #deps: KeepingDeps
  readonly #events: KeepingEvents
  readonly #receipts = new Map<KeyId, Receipts>()
  /** What was signed before a link came about: nothing that its other end says is older than that. */
  readonly #signedBefore = new WeakMap<Link, { readonly archivist: KeyId; readonly receipts: Receipts }>()
  readonly #unsaved = new Set<KeyId>()
  #cancelSave: Unsubscribe | null = null

  constructor(deps: KeepingDeps, events: KeepingEvents) {
    this.#deps = deps
    this.#events = events
  }

  get state(): SaveState['archivist'] {
    const archivists = this.#deps.archivists()
    if (archivists.length === 0) return 'none'
    const own = this.#deps.ownLogs()
    const holdsAll = (archivist: KeyId) => {
      const receipts = this.#receipts.get(archivist)
      return own.every((log) => (receipts?.get(log.key)?.seq ?? 0) >= log.stored)
    }
    return own.length > 0 && archivists.some(holdsAll) ? 'holds' : 'behind'
  }

  /** Receipts of earlier runs; storage is input like any other. */
  async load(records: ReadonlyMap<string, unknown>): Promise<void> {
    for (const [name, value] of records) {
      if (!name.startsWith(RECORD) || !Array.isArray(value)) continue
      for (const bytes of value.slice(0, CUSTODY_LOGS)) {
        const frame = bytes instanceof Uint8Array ? decodeOrNull(bytes) : null
        if (frame) await this.handleCustody(frame)
      }
    }
    this.#unsaved.clear()
  }

  attach(link: Link, archivist: KeyId): void {
    const receipts = new Map(this.#receipts.get(archivist))
    this.#signedBefore.set(link, { archivist, receipts })
  }

  /** Over whatever link it came: the signature says whose word it is. */
  async handleCustody(told: CustodyFrame): Promise<void> {
    if (!this.#isNews(told)) return
    const { roomId, verify } = this.#deps
    const frame: CustodyFrame = { ...told, hash: told.hash.slice(), signature: told.signature.slice() }
    const { archivist, log, signature } = frame
    if (!(await verify(idBytes(archivist), custodyMessage(roomId, archivist, frame), signature))) return
    if (!this.#isNews(frame)) return
    const receipts = this.#receipts.get(archivist) ?? new Map<LogKey, CustodyFrame>()
    this.#receipts.set(archivist, receipts)
    receipts.delete(log)
    receipts.set(log, frame)
    const [oldest] = receipts.keys()
    if (receipts.size > CUSTODY_LOGS && oldest) receipts.delete(oldest)
    this.#save(archivist)
    this.#events.changed()
  }

  #isNews({ archivist, log, seq, hash }: CustodyFrame): boolean {
    const own = this.#deps.journal.log(log)
    const record = own?.author === this.#deps.self ? own.record(seq) : undefined
    if (!record || !equalBytes(record.hash, hash)) return false
    const known = this.#receipts.get(archivist)?.get(log)?.seq ?? 0
    return seq > known && this.#deps.archivists().includes(archivist)
  }

  /** What an archivist shows of buckets that our logs are in, against what it signed for before this link. */
  handleHeads(link: Link, frame: HeadsFrame): void {
    const before = this.#signedBefore.get(link)
    if (!before || before.receipts.size === 0 || frame.heads.length >= limits.HEADS_COUNT) return
    const told = new Map(frame.heads.map(({ log, seq }) => [log, seq]))
    const asked = new Set(frame.buckets)
    const isLower = ({ log, seq }: CustodyFrame) => {
      const held = this.#deps.journal.log(log)
      const [bucket] = held?.hash ?? []
      return (
        held &&
        bucket !== undefined &&
        asked.has(bucket) &&
        (told.get(log) ?? 0) < Math.min(seq, held.standing)
      )
    }
    const lower = [...before.receipts.values()].filter(isLower)
    if (lower.length === 0) return
    const receipts = this.#receipts.get(before.archivist)
    for (const frameBefore of lower) {
      if (receipts?.get(frameBefore.log) === frameBefore) receipts.delete(frameBefore.log)
    }
    this.#save(before.archivist)
    this.#events.changed()
    // A cut that it heard of before us would explain a lower head: such a record is here within a moment.
    this.#deps.clock.after(ROLLBACK_CHECK_MS, () => {
      if (lower.some(isLower) && this.#signedBefore.delete(link)) this.#events.rolledBack(before.archivist)
    })
  }

  #save(archivist: KeyId): void {
    this.#unsaved.add(archivist)
    this.#cancelSave ??= this.#deps.clock.after(CUSTODY_SAVE_MS, () => {
      this.flush().catch((error: unknown) => this.#events.failed(error))
    })
  }

  /** Resolves once what was signed so far is stored. */
  async flush(): Promise<void> {
    this.#cancelSave?.()
    this.#cancelSave = null
    const unsaved = [...this.#unsaved]
    this.#unsaved.clear()
    for (const archivist of unsaved) {
      const frames = [...(this.#receipts.get(archivist)?.values() ?? [])]
      await this.#deps.storage.put(`${RECORD}${archivist}`, frames.map(encodeFrame))
    }
  }
}

function decodeOrNull(bytes: Uint8Array): CustodyFrame | null {
  try {
    const frame = decodeFrame(bytes)
    return frame.type === 'custody' ? frame : null
  } catch (error) {
    if (error instanceof MalformedError) return null
    throw error
  }
}
