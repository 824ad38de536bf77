/**
 * Equal heads must mean equal reading. Peers tell each other how each open document reads; where it differs at equal heads,
 * both rebuild it from the journal. Rules: docs/spec.md, FD.
 */
import { type DocName, equalBytes, type ReadingFrame } from '@parley/protocol'
import type { DocumentSync } from './document/document-sync.ts'
import { documentHeads } from './journal/heads.ts'
import type { Journal } from './journal/journal.ts'
import { REBUILD_INTERVAL_MS } from './limits.ts'

interface Reading {
  readonly heads: Uint8Array
  readonly reading: Uint8Array
}

export interface RepairDeps {
  readonly journal: Journal
  readonly documents: () => Iterable<{ readonly name: DocName; readonly sync: DocumentSync }>
  readonly nowMs: () => number
  /** To everybody who is linked. */
  readonly tell: (frame: ReadingFrame) => void
  /** Too early to look: readings are to be told again from then on. */
  readonly onTooEarly: (fromMs: number) => void
  readonly onDiffers: (doc: DocName) => void
}

const NO_HEADS = new Uint8Array()

export class RoomRepair {
  readonly #deps: RepairDeps
  readonly #rebuiltAtMs = new Map<DocName, number>()
  /** Documents whose reading is being compared. */
  readonly #comparing = new Set<DocName>()
  /** Heads at which a fold agreed with what is shown. */
  readonly #agreedAt = new Map<DocName, Uint8Array>()

  constructor(deps: RepairDeps) {
    this.#deps = deps
  }

  async tellReadings(): Promise<void> {
    for (const { name, sync } of this.#deps.documents()) {
      const told = await this.#readingOf(name, sync)
      if (told) this.#deps.tell({ type: 'reading', doc: name, ...told })
    }
  }

  /** `answer` goes to whoever sent the frame. */
  async handle(frame: ReadingFrame, answer: (frame: ReadingFrame) => void): Promise<void> {
    const open = [...this.#deps.documents()].find(({ name }) => name === frame.doc)
    if (!open || this.#comparing.has(frame.doc)) return
    const nextMs = (this.#rebuiltAtMs.get(frame.doc) ?? 0) + REBUILD_INTERVAL_MS
    if (this.#deps.nowMs() < nextMs) return this.#deps.onTooEarly(nextMs)
    if (equalBytes(frame.heads, this.#agreedAt.get(frame.doc) ?? NO_HEADS)) return
    if (!equalBytes(this.#headsOf(frame.doc), frame.heads)) return
    this.#comparing.add(frame.doc)
    try {
      await this.#compare(frame, open.sync, answer)
    } finally {
      this.#comparing.delete(frame.doc)
    }
  }

  async #compare(
    frame: ReadingFrame,
    sync: DocumentSync,
    answer: (frame: ReadingFrame) => void,
  ): Promise<void> {
    const own = await this.#readingOf(frame.doc, sync)
    if (!own || !equalBytes(own.heads, frame.heads) || equalBytes(own.reading, frame.reading)) return
    this.#rebuiltAtMs.set(frame.doc, this.#deps.nowMs())
    this.#deps.onDiffers(frame.doc)
    answer({ type: 'reading', doc: frame.doc, ...own })
    // The journal said so: whoever reads otherwise at these heads is wrong, however often it says so.
    if (!(await sync.rebuild())) this.#agreedAt.set(frame.doc, own.heads)
  }

  #headsOf(doc: DocName): Uint8Array {
    return documentHeads(this.#deps.journal.logsOf(doc))
  }

  /** How a document reads and at which heads; `null` while it is being written. */
  async #readingOf(doc: DocName, sync: DocumentSync): Promise<Reading | null> {
    if (!sync.isIdle) return null
    const heads = this.#headsOf(doc)
    const reading = await sync.reading()
    return reading && sync.isIdle && equalBytes(heads, this.#headsOf(doc)) ? { heads, reading } : null
  }
}
