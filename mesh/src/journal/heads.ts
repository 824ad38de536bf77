/** Digests over the heads of all logs: equal digests mean equal journals. Rules: docs/spec.md, SY. */
import {
  BUCKET_HASH_BYTES,
  ByteWriter,
  compareBytes,
  DIGEST_BUCKETS,
  equalBytes,
  type Head,
  sha256,
} from '@parley/protocol'
import type { AuthorLog } from './author-log.ts'

export class Heads {
  /** Logs by the first byte of their hash. */
  readonly #buckets: Set<AuthorLog>[] = Array.from({ length: DIGEST_BUCKETS }, () => new Set())
  readonly #hashes: (Uint8Array | null)[] = Array.from({ length: DIGEST_BUCKETS }, () => null)
  #root: Uint8Array | null = null

  changed(log: AuthorLog): void {
    const bucket = log.hash[0] as number
    this.#buckets[bucket]?.add(log)
    this.#hashes[bucket] = null
    this.#root = null
  }

  bucketHashes(): readonly Uint8Array[] {
    return this.#hashes.map((known, bucket) => {
      const hash = known ?? hashOfLogs(this.#buckets[bucket] as Set<AuthorLog>).slice(0, BUCKET_HASH_BYTES)
      this.#hashes[bucket] = hash
      return hash
    })
  }

  root(): Uint8Array {
    this.#root ??= sha256(...this.bucketHashes())
    return this.#root
  }

  /** Numbers of the buckets that somebody else's hashes differ in. */
  differing(others: readonly Uint8Array[]): Uint8Array {
    const mine = this.bucketHashes()
    const differs = mine.flatMap((hash, bucket) =>
      equalBytes(hash, others[bucket] as Uint8Array) ? [] : [bucket],
    )
    return Uint8Array.from(differs)
  }

  inBuckets(buckets: Uint8Array): Head[] {
    return [...buckets].flatMap((bucket) =>
      [...(this.#buckets[bucket] ?? [])].map((log) => log.head).filter((head) => head.seq > 0),
    )
  }
}

function hashOfLogs(logs: Iterable<AuthorLog>): Uint8Array {
  const sorted = [...logs].sort((a, b) => compareBytes(a.hash, b.hash))
  const writer = new ByteWriter()
  for (const log of sorted) {
    const { seq, hash } = log.head
    if (seq > 0) writer.fixed(log.hash).varUint(seq).fixed(hash)
  }
  return sha256(writer.done())
}

/** What a reading is compared at: the heads of one document, 32 bytes. */
export function documentHeads(logs: readonly AuthorLog[]): Uint8Array {
  return hashOfLogs(logs)
}
