import { describe, expect, it } from 'vitest'
import { concatBytes } from './bytes.ts'
import { MalformedError } from './codec.ts'
import { sha256 } from './hash.ts'
import { ROOM_FILE_EPOCHS, ROOM_FILE_RECORDS } from './limits.ts'
import { decodeRoomFile, type RoomFileContent, RoomFileVersionError, roomFileChunks } from './room-file.ts'
import { GOLDEN_FILE } from './testing/golden-file.ts'
import { testRoom } from './testing/index.ts'

const run = (first: number, length: number) =>
  Uint8Array.from({ length }, (_, index) => (first + index) & 255)
const stub = (first: number) => ({
  header: run(first, 9),
  bodyHash: run(first + 1, 32),
  signature: run(first + 2, 64),
})
const room = testRoom('room file')
const CONTENT: RoomFileContent = {
  rootKey: room.root.publicKey,
  keys: { readKey: run(0, 32), epochs: [{ counter: 300, key: run(7, 32) }] },
  root: run(20, 50),
  chains: [run(1, 40), run(2, 200)],
  proofs: [{ type: 'proof', first: stub(0), second: stub(9) }],
  entries: [run(3, 300), run(4, 1), run(5, 129)],
}
const encode = (content: Partial<RoomFileContent> = {}) =>
  concatBytes(...roomFileChunks({ ...CONTENT, ...content }))
const FILE = encode()
const MIB = 1024 * 1024

/** A section with a check of its own. */
function section(type: number, body: Uint8Array): Uint8Array {
  const check = sha256(Uint8Array.of(type), body).slice(0, 8)
  return concatBytes(Uint8Array.of(type, body.length), body, check)
}

/** A file whose checks hold, of any sections. */
function fileOf(...sections: readonly (readonly [type: number, body: Uint8Array])[]): Uint8Array {
  const made = sections.map(([type, body]) => section(type, body))
  const checks = made.map((bytes) => bytes.slice(-8))
  return concatBytes(FILE.slice(0, 9), ...made, section(0, sha256(...checks)))
}
const ROOM = [1, room.root.publicKey] as const

describe('a .parley file', () => {
  it('[RF1] gives back what went in, from the bytes recorded once', () => {
    expect(Buffer.from(FILE).toString('hex')).toBe(GOLDEN_FILE)
    expect(decodeRoomFile(FILE)).toEqual({ ...CONTENT, roomId: room.roomId })
  })

  it('[RF1] without keys, root key and entries, too', () => {
    const nothing = { keys: null, root: null, chains: [], proofs: [], entries: [] }
    expect(decodeRoomFile(encode(nothing))).toMatchObject(nothing)
  })

  it('[RF2] cut anywhere, or with any bit turned, is found out', () => {
    for (let length = 0; length < FILE.length; length++)
      expect(() => decodeRoomFile(FILE.slice(0, length)), `${length} bytes`).toThrow(MalformedError)
    for (let at = 0; at < FILE.length; at++) {
      const bad = FILE.slice()
      bad[at] = (bad[at] as number) ^ (1 << (at % 8))
      expect(() => decodeRoomFile(bad), `byte ${at}`).toThrow(MalformedError)
    }
    expect(() => decodeRoomFile(concatBytes(FILE, run(0, 1)))).toThrow(MalformedError)
  })

  it('[RF2] with whole sections left out, doubled or moved is found out', () => {
    const [first, ...rest] = [...roomFileChunks(CONTENT)] as [Uint8Array, ...Uint8Array[]]
    for (let i = 0; i < rest.length - 1; i++) {
      const without = rest.filter((_, at) => at !== i)
      const doubled = rest.flatMap((chunk, at) => (at === i ? [chunk, chunk] : [chunk]))
      const moved = [...without.slice(0, -1), rest[i] as Uint8Array, without.at(-1) as Uint8Array]
      expect(() => decodeRoomFile(concatBytes(first, ...without))).toThrow(MalformedError)
      expect(() => decodeRoomFile(concatBytes(first, ...doubled))).toThrow(MalformedError)
      if (i < rest.length - 2)
        expect(() => decodeRoomFile(concatBytes(first, ...moved))).toThrow(MalformedError)
    }
  })

  it('[RF1] of another version says so', () => {
    const newer = FILE.slice()
    newer[8] = 2
    expect(() => decodeRoomFile(newer)).toThrow(RoomFileVersionError)
  })

  it('[RF3] whose checks hold and that follows no layout is malformed', () => {
    expect(decodeRoomFile(fileOf(ROOM)).entries).toEqual([])
    const keys = concatBytes(run(0, 32), Uint8Array.of(0))
    const manyEpochs = new Uint8Array([...run(0, 32), 0x81, 0x20])
    expect(0x1081 - 0x80).toBe(ROOM_FILE_EPOCHS + 1)
    const bad: readonly (readonly (readonly [number, Uint8Array])[])[] = [
      [],
      [ROOM, ROOM],
      [[2, run(0, 9)], ROOM],
      [[1, run(0, 31)]],
      [ROOM, [4, keys], [4, keys]],
      [ROOM, [4, run(0, 20)]],
      [ROOM, [4, manyEpochs]],
      [ROOM, [5, run(0, 9)], [5, run(0, 9)]],
      [ROOM, [2, new Uint8Array()]],
      [ROOM, [3, run(0, 9)]],
      [ROOM, [3, Uint8Array.of(18, 1)]],
      [ROOM, [6, Uint8Array.of(9, 1)]],
      [ROOM, [7, run(0, 9)]],
    ]
    for (const [i, sections] of bad.entries())
      expect(() => decodeRoomFile(fileOf(...sections)), `no. ${i}`).toThrow(MalformedError)
  })

  it('[RF3] with more chains and proofs than it may have is malformed', () => {
    const many = (length: number) => encode({ chains: Array.from({ length }, () => run(0, 9)) })
    expect(decodeRoomFile(many(ROOM_FILE_RECORDS - 1)).chains).toHaveLength(ROOM_FILE_RECORDS - 1)
    expect(() => decodeRoomFile(many(ROOM_FILE_RECORDS))).toThrow(MalformedError)
  })

  it('[RF3] of 40 MB is written in pieces of at most 1.25 MiB and a few bytes', () => {
    const entry = run(0, 250_000)
    let written = 0
    for (const chunk of roomFileChunks({ ...CONTENT, entries: Array.from({ length: 160 }, () => entry) })) {
      expect(chunk.length).toBeLessThan(1.26 * MIB)
      written += chunk.length
    }
    expect(written).toBeGreaterThan(40_000_000)
  })
})
