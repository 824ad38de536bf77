/**
 * What others have just written, shown ahead of the signed entries that will say it. Until its entry is here a draft is
 * nobody's fact: nothing is judged by it, and nothing of our own that builds on it becomes an entry. Rules: docs/spec.md, DR.
 */
import { equalBytes, type KeyId, limits } from '@parley/protocol'
import * as Y from 'yjs'
import { DRAFTS_WAITING, SMALL_UPDATE_STRUCTS } from '../limits.ts'
import { headOf } from './apply-slices.ts'
import { UpdateWriter } from './update-writer.ts'
import type { DecodedUpdate, Struct } from './yjs-internals.ts'

/** What a log's next entry says about the drafts that were shown for it. */
export type DraftVerdict =
  /** It says nothing of what was drafted. */
  | 'none'
  /** It is the draft: all of it is in the document. */
  | 'same'
  /** It says what was drafted, and perhaps more. */
  | 'kept'
  /** It says something else: the document shows what was never signed. */
  | 'broken'

export interface Draft {
  readonly update: Uint8Array
  readonly from: number
  /** Clock behind the last struct. */
  readonly to: number
  readonly shownAtMs: number
}

/** Of a well-formed update: whether it is small, and more than deletions, whose place among the entries cannot be told. */
export function isDraftable(update: Uint8Array): boolean {
  if (update.length > limits.DRAFT_BYTES) return false
  const { structCount } = headOf(update)
  return structCount > 0 && structCount <= SMALL_UPDATE_STRUCTS
}

interface DraftedLog {
  readonly author: KeyId
  readonly drafts: Draft[]
}

function endOf(structs: readonly Struct[]): number {
  const last = structs[structs.length - 1]
  return last === undefined ? 0 : last.id.clock + last.length
}

function bytesOf(structs: readonly Struct[]): Uint8Array {
  const writer = new UpdateWriter()
  for (const struct of structs) writer.write(struct)
  return writer.done([])
}

/** Whether all that `drafted` deletes is deleted by one range each of `said`. */
function deletesAll(said: DecodedUpdate['ds'], drafted: DecodedUpdate['ds']): boolean {
  return [...drafted.clients].every(([client, ranges]) =>
    ranges.every(({ clock, len }) =>
      said.clients
        .get(client)
        ?.some((range) => range.clock <= clock && range.clock + range.len >= clock + len),
    ),
  )
}

/** Of one document. */
export class Drafts {
  readonly #logs = new Map<number, DraftedLog>()
  #count = 0
  #changed: (() => void)[] = []

  get isEmpty(): boolean {
    return this.#count === 0
  }

  get isFull(): boolean {
    return this.#count >= DRAFTS_WAITING
  }

  /** When the first was shown of those that still wait; `null` when none does. */
  get oldestMs(): number | null {
    const firsts = [...this.#logs.values()].map(
      ({ drafts }) => drafts[0]?.shownAtMs ?? Number.POSITIVE_INFINITY,
    )
    return firsts.length === 0 ? null : Math.min(...firsts)
  }

  /** Of drafts that were shown at that time or before. */
  authorsUntil(shownAtMs: number): ReadonlySet<KeyId> {
    const late = [...this.#logs.values()].filter(({ drafts }) =>
      drafts.some((one) => one.shownAtMs <= shownAtMs),
    )
    return new Set(late.map(({ author }) => author))
  }

  has(client: number): boolean {
    return this.#logs.has(client)
  }

  /** The next clock of a client as its entries have it, where drafts go beyond. */
  clockOf(client: number): number | undefined {
    return this.#logs.get(client)?.drafts[0]?.from
  }

  /** The draft has passed the gate and is in the document, where its client had come to `from`. */
  add(client: number, author: KeyId, draft: Draft): void {
    const log = this.#logs.get(client)
    if (log) log.drafts.push(draft)
    else this.#logs.set(client, { author, drafts: [draft] })
    this.#count++
  }

  /** `update` is that of the log's next entry, which stands and has passed the gate; what it confirms is a draft no more. */
  take(client: number, update: Uint8Array): DraftVerdict {
    const drafts = this.#logs.get(client)?.drafts
    const first = drafts?.[0]
    if (!drafts || !first) return 'none'
    if (equalBytes(first.update, update)) return this.#confirm(client, 1, 'same')
    const { structs, ds } = Y.decodeUpdate(update)
    if (structs.length === 0) return 'none'
    const end = endOf(structs)
    const said = drafts.filter(({ from }) => from < end)
    const to = said[said.length - 1]?.to ?? 0
    if (structs[0]?.id.clock !== first.from || to > end) return 'broken'
    const drafted = said.map((draft) => Y.decodeUpdate(draft.update))
    const before = structs.filter(({ id }) => id.clock < to)
    const isSaid = equalBytes(bytesOf(before), bytesOf(drafted.flatMap((one) => one.structs)))
    if (!isSaid || !drafted.every((one) => deletesAll(ds, one.ds))) return 'broken'
    return this.#confirm(client, said.length, 'kept')
  }

  /** Resolves when something was confirmed, or {@link wake} was called. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve))
  }

  wake(): void {
    for (const resolve of this.#changed.splice(0)) resolve()
  }

  #confirm(client: number, count: number, verdict: DraftVerdict): DraftVerdict {
    const drafts = this.#logs.get(client)?.drafts ?? []
    drafts.splice(0, count)
    this.#count -= count
    if (drafts.length === 0) this.#logs.delete(client)
    this.wake()
    return verdict
  }
}
