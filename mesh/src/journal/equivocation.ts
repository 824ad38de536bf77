/**
 * Two entries for one place in a log, both signed by its author: a proof that anybody can check. The one with the lower
 * hash stands, the log is cut behind it, wherever either was seen first. Rules: docs/spec.md, ST.
 */
import {
  compareBytes,
  decodeEntryHeader,
  type EntryHeader,
  type EntryStub,
  entryMessageOf,
  idBytes,
  type KeyId,
  type LogKey,
  logKeyOf,
  MalformedError,
  type ProofFrame,
  type RoomId,
  type SealedEntry,
  sha256,
  type Verify,
} from '@parley/protocol'

export interface Fork {
  readonly header: EntryHeader
  readonly log: LogKey
  readonly seq: number
  /** Hash of the entry that stands, 32 bytes. */
  readonly winner: Uint8Array
  readonly proof: ProofFrame
}

export function stubOf(
  entry: Pick<SealedEntry, 'headerBytes' | 'iv' | 'ciphertext' | 'signature'>,
): EntryStub {
  return {
    header: entry.headerBytes,
    bodyHash: sha256(entry.iv, entry.ciphertext),
    signature: entry.signature,
  }
}

/** `null` when it proves nothing: other places, one entry twice, or a signature that does not verify. */
export async function checkProof(proof: ProofFrame, roomId: RoomId, verify: Verify): Promise<Fork | null> {
  const [first, second] = [headerOrNull(proof.first), headerOrNull(proof.second)]
  if (!first || !second) return null
  const log = logKeyOf(first.doc, first.author, first.session)
  if (log !== logKeyOf(second.doc, second.author, second.session) || first.seq !== second.seq) return null
  const messages = [proof.first, proof.second].map((stub) =>
    entryMessageOf(roomId, stub.header, stub.bodyHash),
  )
  const hashes = messages.map((message) => sha256(message)).sort(compareBytes)
  const [winner, loser] = hashes
  if (!winner || !loser || compareBytes(winner, loser) === 0) return null
  const author = idBytes(first.author)
  for (const [i, stub] of [proof.first, proof.second].entries()) {
    if (!(await verify(author, messages[i] as Uint8Array, stub.signature))) return null
  }
  return { header: first, log, seq: first.seq, winner, proof }
}

function headerOrNull(stub: EntryStub): EntryHeader | null {
  try {
    return decodeEntryHeader(stub.header)
  } catch (error) {
    if (error instanceof MalformedError) return null
    throw error
  }
}

/** The proofs of a room. Of several for one log the earliest place counts, and at it the lowest hash. */
export class Forks {
  readonly #byLog = new Map<LogKey, Fork>()

  get(log: LogKey): Fork | undefined {
    return this.#byLog.get(log)
  }

  get count(): number {
    return this.#byLog.size
  }

  countOf(author: KeyId): number {
    let count = 0
    for (const fork of this.#byLog.values()) if (fork.header.author === author) count++
    return count
  }

  all(): IterableIterator<Fork> {
    return this.#byLog.values()
  }

  /** Returns whether it changes what stands. */
  add(fork: Fork): boolean {
    const known = this.#byLog.get(fork.log)
    if (known) {
      if (fork.seq > known.seq) return false
      if (fork.seq === known.seq && compareBytes(fork.winner, known.winner) >= 0) return false
    }
    this.#byLog.set(fork.log, fork)
    return true
  }
}
