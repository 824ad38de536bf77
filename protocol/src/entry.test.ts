import { describe, expect, it } from 'vitest'
import { concatBytes, toBase64Url } from './bytes.ts'
import { ByteWriter, MalformedError } from './codec.ts'
import {
  clientIdOf,
  decodeEntry,
  type EntryHeader,
  encodeEntryHeader,
  entryMessage,
  FIRST_PREV,
} from './entry.ts'
import { type DocName, type KeyId, sessionIdOf } from './ids.ts'
import { ENTRY_BYTES } from './limits.ts'
import { testKey, testRoom, testVerify } from './testing/index.ts'

const author = testKey('entries/author')
const doc = 'content/p1' as DocName
const session = sessionIdOf(new Uint8Array(8).fill(3))
const header: EntryHeader = {
  doc,
  kind: 'live',
  epoch: { counter: 0, keyHash: new Uint8Array(8) },
  author: author.keyId,
  session,
  seq: 1,
  prev: FIRST_PREV,
  timeMs: 5,
}
const rest = (ciphertextBytes: number) => new Uint8Array(12 + ciphertextBytes + 64)
const sealed = (change: Partial<EntryHeader>, ciphertextBytes = 16) =>
  concatBytes(encodeEntryHeader({ ...header, ...change }), rest(ciphertextBytes))

describe('entries', () => {
  it('[EN3] are cut into header, iv, ciphertext and signature', () => {
    const bytes = sealed({ seq: 300, timeMs: 2 ** 45 }, 40)
    const entry = decodeEntry(bytes)
    expect(entry).toMatchObject({ ...header, seq: 300, timeMs: 2 ** 45 })
    expect(concatBytes(entry.headerBytes, entry.iv, entry.ciphertext, entry.signature)).toEqual(bytes)
    expect(entry.ciphertext).toHaveLength(40)
  })

  it.each([
    ['seq 0', sealed({ seq: 0 })],
    ['a ciphertext shorter than its tag', sealed({}, 15)],
    ['more than 256 KiB', sealed({}, ENTRY_BYTES)],
    ['another version', sealed({}).fill(2, 0, 1)],
    ['a name of no document', sealed({ doc: 'Content' as DocName })],
    ['an unknown kind', sealed({}).fill(9, 12, 13)],
    ['a header only', encodeEntryHeader(header)],
  ])('[EN3] [EN4] [F28] are refused for %s', (_what, bytes) => {
    expect(() => decodeEntry(bytes)).toThrow(MalformedError)
  })

  it('[EN1] [F63] are signed for one room, one header and one ciphertext', () => {
    const here = testRoom('here').roomId
    const headerBytes = encodeEntryHeader(header)
    const [iv, ciphertext] = [new Uint8Array(12), new Uint8Array(20)]
    const signature = author.sign(entryMessage(here, headerBytes, iv, ciphertext))
    const holds = (message: Uint8Array) => testVerify(author.publicKey, message, signature)
    const changed = (bytes: Uint8Array) =>
      bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))
    expect(holds(entryMessage(here, headerBytes, iv, ciphertext))).toBe(true)
    expect(holds(entryMessage(testRoom('there').roomId, headerBytes, iv, ciphertext))).toBe(false)
    expect(holds(entryMessage(here, changed(headerBytes), iv, ciphertext))).toBe(false)
    expect(holds(entryMessage(here, headerBytes, changed(iv), ciphertext))).toBe(false)
    expect(holds(entryMessage(here, headerBytes, iv, changed(ciphertext)))).toBe(false)
  })
})

describe('clientIDs', () => {
  it('[EN5] are 53 bits that differ by author, session and document', () => {
    const ids = new Set<number>()
    for (let index = 0; index < 1000; index++) {
      const bytes = new ByteWriter()
        .fixed(new Uint8Array(28))
        .fixed(Uint8Array.of(1, 2, index >> 8, index & 255))
      ids.add(clientIdOf(toBase64Url(bytes.done()) as KeyId, session, doc))
    }
    ids.add(clientIdOf(author.keyId, session, doc))
    ids.add(clientIdOf(author.keyId, sessionIdOf(new Uint8Array(8)), doc))
    ids.add(clientIdOf(author.keyId, session, 'index' as DocName))
    expect(ids.size).toBe(1003)
    const top = Math.max(...ids)
    expect(top).toBeLessThan(2 ** 53)
    expect(top).toBeGreaterThan(2 ** 52)
  })
})
