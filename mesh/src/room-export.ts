/** A room as one file: what is stored of it, as sealed as it is. Layout and rules: docs/spec.md, RF. */
import {
  decodeChain,
  type FileKeys,
  idBytes,
  type KeyId,
  MalformedError,
  type ProofFrame,
  roomFileChunks,
} from '@parley/protocol'
import type { AuthorBook } from './journal/author-book.ts'
import type { Journal } from './journal/journal.ts'
import type { Clock, StoredRoom } from './ports.ts'
import { loadProofs, storedChains } from './room-load.ts'

export interface ExportParts {
  readonly rootKey: KeyId
  readonly journal: Journal
  readonly authors: AuthorBook
  readonly proofs: readonly ProofFrame[]
  readonly keys: FileKeys | null
  /** A recovery file. */
  readonly root: Uint8Array | null
  readonly clock: Clock
}

/** The pieces of a file in order, of about 1 MiB each; yields to the host after each. */
export async function exportRoom(parts: ExportParts): Promise<Uint8Array<ArrayBuffer>[]> {
  const { rootKey, journal, authors, proofs, keys, root, clock } = parts
  const records = [...journal.logs()].flatMap((log) =>
    Array.from({ length: log.stored }, (_, i) => log.record(i + 1)).filter((record) => record !== undefined),
  )
  records.sort((a, b) => a.order - b.order)
  const pieces: Uint8Array<ArrayBuffer>[] = []
  const content = {
    rootKey: idBytes(rootKey),
    keys,
    root,
    chains: [...authors.keys()].flatMap((key) => authors.chainsOf(key)),
    proofs,
    entries: records.map(({ bytes }) => bytes),
  }
  for (const piece of roomFileChunks(content)) {
    pieces.push(piece)
    if (piece.length > 64 * 1024) await clock.yieldToHost()
  }
  return pieces
}

/**
 * The same from storage alone, for whoever keeps a room without being able to read it: no keys. `null` when no chain of
 * the room is stored. Pieces are made as they are asked for.
 */
export function exportStored(stored: StoredRoom): Generator<Uint8Array<ArrayBuffer>> | null {
  const chains = storedChains(stored.records)
  const rootKey = chains.map(rootKeyOf).find((key) => key !== null)
  if (!rootKey) return null
  const proofs = loadProofs(stored.records)
  return roomFileChunks({ rootKey, keys: null, root: null, chains, proofs, entries: stored.entries })
}

function rootKeyOf(chain: Uint8Array): Uint8Array | null {
  try {
    return decodeChain(chain).rootKey
  } catch (error) {
    if (error instanceof MalformedError) return null
    throw error
  }
}
