import { concatBytes, decodeRoomFile, type RoomFileContent, roomFileChunks } from '@parley/protocol'
import { type TestMember, testVerify } from '@parley/protocol/testing'
import { describe, expect, it } from 'vitest'
import { stubOf } from './journal/equivocation.ts'
import type { KeptPorts } from './kept-room.ts'
import { CLOCK_AHEAD_MS } from './limits.ts'
import { additionsTo, checkRoomFile } from './room-import.ts'
import { SealedRoom, WRITTEN_MS, type WrittenEntry } from './testing/sealed-room.ts'
import { seededCipher, seededKeyring, seededRandom } from './testing/seeded-crypto.ts'

const random = seededRandom('import')
const PORTS: KeptPorts = {
  random,
  cipher: seededCipher(random),
  keyring: { ...seededKeyring(random), verify: testVerify },
  clock: {
    nowMs: () => WRITTEN_MS,
    after: () => () => undefined,
    yieldToHost: () => Promise.resolve(),
  },
}

async function makeHouse(seed: string) {
  const house = new SealedRoom(seed)
  const ada = await house.room.device('owner', 'ada')
  const fileOf = (
    members: readonly TestMember[],
    written: readonly WrittenEntry[],
    more: Partial<RoomFileContent> = {},
  ) =>
    decodeRoomFile(
      concatBytes(
        ...roomFileChunks({
          rootKey: house.room.root.publicKey,
          keys: { readKey: house.room.readKey, epochs: [] },
          root: null,
          chains: members.map(({ chainBytes }) => chainBytes),
          proofs: [],
          entries: written.map(({ entry }) => entry.bytes),
          ...more,
        }),
      ),
    )
  /** How many entries a file brings in, and how many are left out. */
  const check = async (...of: Parameters<typeof fileOf>) => {
    const { kept, leftOutCount } = await checkRoomFile(PORTS, fileOf(...of))
    return [kept.journal.entryCount, leftOutCount]
  }
  return { house, ada, fileOf, check }
}

describe('a file that is read', () => {
  it('[RF6] brings in what stands; what its author had no right to write is left out', async () => {
    const { house, ada, check } = await makeHouse('rights')
    const vic = await house.room.device('viewer', 'vic')
    const gone = await house.room.device('editor', 'gone', { notAfterMs: WRITTEN_MS - 1 })
    const unknown = await house.room.device('editor', 'unknown')
    const log = await house.writeLog(ada, 3)
    expect(await check([ada], log)).toEqual([3, 0])
    for (const other of [vic, gone]) {
      const theirs = await house.writeLog(other, 2)
      expect(await check([ada, other], [...log, ...theirs])).toEqual([3, 2])
    }
    expect(await check([ada], [...log, ...(await house.writeLog(unknown, 2))])).toEqual([3, 2])
  })

  it('[RF6] leaves out what is ahead of time, and what follows it', async () => {
    const { house, ada, check } = await makeHouse('ahead')
    const [first] = await house.writeLog(ada, 1)
    const prev = (first as WrittenEntry).hash
    const ahead = await house.write(ada, 'x', { seq: 2, prev, timeMs: WRITTEN_MS + CLOCK_AHEAD_MS + 1 })
    const after = await house.write(ada, 'y', { seq: 3, prev: ahead.hash, timeMs: WRITTEN_MS })
    expect(await check([ada], [first as WrittenEntry, ahead, after])).toEqual([1, 2])
  })

  it('[RF6] with two entries for one place keeps one; unsigned, or with time running back, it is refused', async () => {
    const { house, ada, check, fileOf } = await makeHouse('forks')
    const [one, other] = [await house.write(ada, 'one'), await house.write(ada, 'other')]
    expect(await check([ada], [one, other])).toEqual([1, 1])
    const forged = other.entry.bytes.map((byte, i, all) => (i === all.length - 1 ? byte ^ 1 : byte))
    const refused = { kind: 'file-refused' }
    const unsigned = fileOf([ada], [], { entries: [one.entry.bytes, forged] })
    await expect(checkRoomFile(PORTS, unsigned)).rejects.toMatchObject(refused)
    const back = await house.write(ada, 'back', { seq: 2, prev: one.hash, timeMs: WRITTEN_MS - 1 })
    await expect(checkRoomFile(PORTS, fileOf([ada], [one, back]))).rejects.toMatchObject(refused)
  })

  it('[RF6] with a proof of two entries for one place keeps the proof and cuts the log', async () => {
    const { house, ada, fileOf } = await makeHouse('proofs')
    const [one, other] = [await house.write(ada, 'one'), await house.write(ada, 'other')]
    const more = await house.write(ada, 'more', { seq: 2, prev: one.hash })
    const proof = { type: 'proof', first: stubOf(one.entry), second: stubOf(other.entry) } as const
    const checked = await checkRoomFile(PORTS, fileOf([ada], [one, more], { proofs: [proof] }))
    expect([...checked.kept.journal.logs()].map(({ cut }) => cut)).toEqual([1])
    const { records } = await additionsTo(PORTS, { entries: [], records: new Map() }, checked)
    const [, value] = records.find(([name]) => name.startsWith('proof/')) ?? []
    expect(value).toEqual(proof)
    const stored = (value as typeof proof).first.header
    expect(stored.buffer.byteLength, 'no view of the file').toBe(stored.byteLength)
  })

  it('[RF4] takes no key of an epoch that no owner has named', async () => {
    const { house, ada, fileOf } = await makeHouse('epochs')
    const keys = { readKey: house.room.readKey, epochs: [{ counter: 1, key: new Uint8Array(32) }] }
    const checked = await checkRoomFile(PORTS, fileOf([ada], await house.writeLog(ada, 1), { keys }))
    expect(checked.epochs).toEqual([])
  })

  it('[RF5] adds what is missing here alone, whatever was here already', async () => {
    const { house, ada, fileOf } = await makeHouse('merge')
    const log = await house.writeLog(ada, 5)
    const checked = await checkRoomFile(PORTS, fileOf([ada], log))
    const bytes = log.map(({ entry }) => entry.bytes)
    const records = new Map([['author/x', [ada.chainBytes]]])
    for (const count of [0, 2, 5]) {
      const additions = await additionsTo(PORTS, { entries: bytes.slice(0, count), records }, checked)
      expect(additions.entries).toEqual(bytes.slice(count))
      expect(additions.records).toEqual([])
    }
    const elsewhere = await house.writeLog(ada, 2, { timeMs: WRITTEN_MS - 9 })
    const here = { entries: elsewhere.map(({ entry }) => entry.bytes), records }
    expect((await additionsTo(PORTS, here, checked)).entries).toEqual([])
  })
})
