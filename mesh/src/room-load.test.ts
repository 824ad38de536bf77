import { describe, expect, it } from 'vitest'
import { Journal } from './journal/journal.ts'
import { authorRecord, type LoadDeps, loadAuthors, loadEntries } from './room-load.ts'
import { SealedRoom, type WrittenEntry } from './testing/sealed-room.ts'
import { VirtualClock } from './testing/virtual-clock.ts'

async function makeRoom(seed: string) {
  const house = new SealedRoom(seed)
  const ada = await house.room.device('owner', 'ada')
  const ben = await house.room.device('editor', 'ben')
  await loadAuthors(
    house.authors,
    new Map<string, unknown>([
      [authorRecord(ada.key.keyId), [ada.chainBytes]],
      ['author/of another shape', { chain: ben.chainBytes }],
      ['something else', [ben.chainBytes]],
      ['author/damaged', ['text', new Uint8Array(9)]],
    ]),
  )
  const journal = new Journal()
  const deps: LoadDeps = {
    journal,
    authors: house.authors,
    seal: house.seal,
    clock: new VirtualClock(),
    cutOf: () => null,
    onMeta: () => Promise.resolve(),
    settle: () => undefined,
  }
  const load = (entries: readonly Uint8Array[]) => loadEntries(deps, entries)
  const lengthOf = (log: readonly WrittenEntry[]) => journal.log((log[0] as WrittenEntry).entry.log)?.stored
  return { house, ada, ben, journal, load, lengthOf }
}

const bytesOf = (written: readonly WrittenEntry[]) => written.map(({ entry }) => entry.bytes)

describe('what storage gives back', () => {
  it('[SV4] is the journal as it was, doubles of two tabs once', async () => {
    const { house, ada, journal, load } = await makeRoom('whole')
    const written = await house.writeLog(ada, 9)
    const bytes = bytesOf(written)
    expect(await load([...bytes.slice(0, 5), ...bytes.slice(2)])).toBe(0)
    house.store(written)
    expect(journal.heads.root()).toEqual(house.journal.heads.root())
  })

  it('[SV4] with something missing or damaged keeps all but that log from there on, and counts it', async () => {
    const { house, ada, load, lengthOf } = await makeRoom('damaged')
    const [log, other] = [await house.writeLog(ada, 5), await house.writeLog(ada, 5, { session: 2 })]
    const bytes = bytesOf(log)
    const damaged = (bytes[2] as Uint8Array).slice(0, 30)
    const stored = [...bytes.slice(0, 2), damaged, ...bytes.slice(3), ...bytesOf(other), new Uint8Array(7)]
    expect(await load(stored)).toBe(4)
    expect([lengthOf(log), lengthOf(other)]).toEqual([2, 5])
  })

  it('[ST1] is judged again: without a right nothing is loaded, nor under a chain that was stored otherwise', async () => {
    const { house, ben, journal, load } = await makeRoom('rights')
    expect(await load(bytesOf(await house.writeLog(ben, 3)))).toBe(3)
    expect(journal.entryCount).toBe(0)
    await house.authors.learn(ben.chainBytes)
    expect(await load(bytesOf(await house.writeLog(ben, 3)))).toBe(0)
  })

  it('[SV4] an entry that was altered where it lay is left out, the log before it kept', async () => {
    const { house, ada, load, lengthOf } = await makeRoom('altered')
    const log = await house.writeLog(ada, 4)
    const bytes = bytesOf(log)
    const last = (bytes[3] as Uint8Array).slice()
    last[last.length - 70] = (last[last.length - 70] as number) ^ 1
    expect(await load([...bytes.slice(0, 3), last])).toBe(1)
    expect(lengthOf(log)).toBe(3)
  })
})
