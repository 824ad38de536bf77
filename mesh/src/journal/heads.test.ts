import { compareBytes, concatBytes, DIGEST_BUCKETS, sha256, utf8 } from '@parley/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { SealedRoom, type WrittenEntry } from '../testing/sealed-room.ts'
import { documentHeads } from './heads.ts'
import { Journal } from './journal.ts'

const house = new SealedRoom('heads')
const logs: WrittenEntry[][] = []

beforeAll(async () => {
  const ada = await house.room.device('owner', 'ada')
  // Four hundred logs in 256 buckets: some buckets hold several.
  for (let i = 0; i < 400; i++) {
    const fields = { session: i % 200, doc: i < 200 ? 'content/main' : 'index' }
    logs.push(await house.writeLog(ada, 1 + (i % 2), fields))
  }
})

function journalOf(written: readonly (readonly WrittenEntry[])[]): Journal {
  const journal = new Journal()
  for (const log of written) house.store(log, journal)
  return journal
}

/** As docs/spec.md says it. */
function bucketsByHand(): Uint8Array[] {
  const named = logs.map((written) => {
    const { entry, hash } = written.at(-1) as WrittenEntry
    const author = Buffer.from(entry.author, 'base64url')
    const session = Buffer.from(entry.session, 'base64url')
    const name = sha256(utf8(entry.doc), author, session)
    return { name, bytes: concatBytes(name, Uint8Array.of(entry.seq), hash) }
  })
  named.sort((a, b) => compareBytes(a.name, b.name))
  return Array.from({ length: DIGEST_BUCKETS }, (_, bucket) => {
    const held = named.filter(({ name }) => name[0] === bucket)
    return sha256(...held.map(({ bytes }) => bytes)).slice(0, 8)
  })
}

describe('digests', () => {
  it('[SY1] are SHA-256 over 256 bucket hashes, each over its logs in ascending order', () => {
    const { heads } = journalOf(logs)
    const byHand = bucketsByHand()
    expect(heads.bucketHashes()).toEqual(byHand)
    expect(heads.root()).toEqual(sha256(...byHand))
  })

  it('[SY1] are equal when the journals are, in whatever order they grew, and not otherwise', () => {
    const whole = journalOf(logs)
    expect(journalOf(logs.toReversed()).heads.root()).toEqual(whole.heads.root())
    const roots = [logs.slice(1), logs.with(1, (logs[1] as WrittenEntry[]).slice(0, 1)), []].map((part) =>
      Buffer.from(journalOf(part).heads.root()).toString('hex'),
    )
    expect(new Set([...roots, Buffer.from(whole.heads.root()).toString('hex')]).size).toBe(4)
  })

  it('[SY2] name exactly the buckets in which two journals differ, with all heads in them', () => {
    const whole = journalOf(logs)
    const shorter = journalOf(logs.with(1, (logs[1] as WrittenEntry[]).slice(0, 1)))
    const log = whole.log((logs[1] as WrittenEntry[])[0]?.entry.log as never)
    const differing = whole.heads.differing(shorter.heads.bucketHashes())
    expect([...differing]).toEqual([log?.hash[0]])
    expect(whole.heads.inBuckets(differing)).toContainEqual(log?.head)
    expect(shorter.heads.inBuckets(differing).map((head) => head.log)).toEqual(
      whole.heads.inBuckets(differing).map((head) => head.log),
    )
  })

  it('[FD2] of one document say nothing of the others', () => {
    const journal = journalOf(logs)
    const main = documentHeads(journal.logsOf((logs[0] as WrittenEntry[])[0]?.entry.doc as never))
    const index = documentHeads(journal.logsOf((logs[300] as WrittenEntry[])[0]?.entry.doc as never))
    expect(main).not.toEqual(index)
    const without = journalOf(logs.slice(0, 200))
    expect(documentHeads(without.logsOf((logs[0] as WrittenEntry[])[0]?.entry.doc as never))).toEqual(main)
  })
})
