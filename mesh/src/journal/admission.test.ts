import { limits, type SealedEntry } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { CLOCK_AHEAD_MS } from '../limits.ts'
import { SealedRoom, WRITTEN_MS, type WrittenEntry } from '../testing/sealed-room.ts'
import { Admission, type AdmissionDeps, type Admitted } from './admission.ts'

const LINK = { name: 'the link' }

/** What the owners and the proofs say of a log: nothing, unless a test says otherwise. */
const FREE: Pick<AdmissionDeps, 'cutOf' | 'hasLost' | 'isWanted'> = {
  cutOf: () => null,
  hasLost: () => false,
  isWanted: () => false,
}

async function makeGate(seed: string, standing = FREE) {
  const house = new SealedRoom(seed)
  const ada = await house.room.device('owner', 'ada')
  const vera = await house.room.device('viewer', 'vera')
  for (const member of [ada, vera]) await house.authors.learn(member.chainBytes)
  const told: string[] = []
  const admitted: Admitted[] = []
  let consumedBytes = 0
  const gate = new Admission(
    { ...house, journal: house.journal, nowMs: () => WRITTEN_MS, isOpen: () => true, ...standing },
    {
      admitted: (entries) => void admitted.push(...entries),
      duplicate: () => void told.push('duplicate'),
      fork: (_from, _log, entry) => void told.push(`fork at ${entry.seq}`),
      gap: (_from, entry) => void told.push(`gap before ${entry.seq}`),
      blameLink: (_from, reason) => void told.push(`link: ${reason}`),
      blameAuthor: (author, reason) =>
        void told.push(`${author === ada.key.keyId ? 'ada' : 'vera'}: ${reason}`),
      dropped: (why) => void told.push(`dropped: ${why}`),
      consumed: (_from, bytes) => {
        consumedBytes += bytes
      },
      wasted: () => undefined,
    },
  )
  house.verifyCount = 0
  /** Pushes, and waits until all is dealt with; what was told meanwhile. */
  const push = async (bytes: readonly Uint8Array[], wanted = false): Promise<string[]> => {
    const before = consumedBytes
    for (const one of bytes) gate.receive(LINK, one, wanted, one.length)
    const total = bytes.reduce((sum, one) => sum + one.length, 0)
    await expect.poll(() => consumedBytes - before, { interval: 1 }).toBe(total)
    return told.splice(0)
  }
  return { house, ada, vera, push, admitted }
}

const bytesOf = (written: readonly WrittenEntry[]): Uint8Array[] => written.map(({ entry }) => entry.bytes)

/** `part` says which byte: from the start, or with a negative number from the end. */
function altered({ bytes }: SealedEntry, at: number): Uint8Array {
  const copy = bytes.slice()
  const place = at < 0 ? copy.length + at : at
  copy[place] = (copy[place] as number) ^ 1
  return copy
}

describe('admission', () => {
  it('[EN6] stores in order what verifies, and hands the update on', async () => {
    const { house, ada, push, admitted } = await makeGate('honest')
    const written = await house.writeLog(ada, 100)
    expect(await push(bytesOf(written))).toEqual([])
    expect(admitted.map(({ record }) => record.seq)).toEqual(written.map((_, i) => i + 1))
    expect(new TextDecoder().decode(admitted[41]?.plaintext as Uint8Array)).toBe('42')
    expect(house.journal.entryCount).toBe(100)
  })

  it('[EN6] size, header, right, time and doubles cost no signature', async () => {
    const { house, ada, push } = await makeGate('cheap')
    const [first] = (await house.writeLog(ada, 1)) as [WrittenEntry]
    await push([first.entry.bytes])
    expect(house.verifyCount).toBe(1)
    const stranger = await house.room.device('editor', 'stranger')
    const ended = await house.room.device('editor', 'ended', { notAfterMs: WRITTEN_MS - 1 })
    await house.authors.learn(ended.chainBytes)
    const cheap: [string, Uint8Array][] = [
      ['link: tooLarge', new Uint8Array(limits.ENTRY_BYTES + 1)],
      ['link: malformed', first.entry.bytes.slice(0, 40)],
      ['dropped: unknown-author', (await house.write(stranger, 'x')).entry.bytes],
      ['dropped: expired', (await house.write(ended, 'x')).entry.bytes],
      [
        'dropped: ahead-of-time',
        (await house.write(ada, 'x', { timeMs: WRITTEN_MS + CLOCK_AHEAD_MS + 1 })).entry.bytes,
      ],
      ['duplicate', first.entry.bytes],
    ]
    for (const [expected, bytes] of cheap) expect(await push([bytes])).toEqual([expected])
    expect(house.verifyCount).toBe(1)
    expect(house.journal.entryCount).toBe(1)
  })

  it('[EN7] leaves out, without blame, whose chain is not known; takes it once the chain came', async () => {
    const { house, push } = await makeGate('unknown')
    const eve = await house.room.device('editor', 'eve')
    const written = bytesOf(await house.writeLog(eve, 1))
    expect(await push(written)).toEqual(['dropped: unknown-author'])
    await house.authors.learn(eve.chainBytes)
    expect(await push(written)).toEqual([])
    expect(house.journal.entryCount).toBe(1)
  })

  it('[EN8] a changed bit in ciphertext, iv or signature blames the link, never the author', async () => {
    const { house, ada, push } = await makeGate('altered')
    const { entry } = await house.write(ada, 'x')
    for (const at of [-1, -64, -65, -100, entry.headerBytes.length]) {
      expect(await push([altered(entry, at)])).toEqual(['link: malformed'])
    }
    expect(house.journal.entryCount).toBe(0)
  })

  it('[EN7] an entry of another room does not verify, even by a key that is known here', async () => {
    const { house, ada, push } = await makeGate('here')
    const elsewhere = new SealedRoom('elsewhere')
    expect(await push([(await elsewhere.write(ada, 'x')).entry.bytes])).toEqual(['link: malformed'])
    expect(house.journal.entryCount).toBe(0)
  })

  it('[ST3] content by a role that may not write blames its author, but only one who signed it and showed the grant itself', async () => {
    const { house, vera, push } = await makeGate('viewer')
    const { entry } = await house.write(vera, 'EVIL')
    expect(await push([altered(entry, -1)])).toEqual(['link: malformed'])
    expect(await push([entry.bytes], true)).toEqual(['dropped: unknown-author'])
    await house.authors.learn(vera.chainBytes, true)
    expect(await push([entry.bytes], true)).toEqual(['vera: role'])
    expect(house.journal.entryCount).toBe(0)
  })

  it('[ST2] time does not run back in a log, and may be ten minutes ahead', async () => {
    const { house, ada, push } = await makeGate('time')
    const ahead = await house.write(ada, 'ahead', { timeMs: WRITTEN_MS + CLOCK_AHEAD_MS })
    expect(await push([ahead.entry.bytes])).toEqual([])
    const same = await house.write(ada, 'same', { seq: 2, prev: ahead.hash, timeMs: ahead.entry.timeMs })
    const back = await house.write(ada, 'back', { seq: 2, prev: ahead.hash, timeMs: ahead.entry.timeMs - 1 })
    expect(await push([back.entry.bytes])).toEqual(['ada: malformed'])
    expect(await push([same.entry.bytes])).toEqual([])
  })

  it('[ST4] two entries at one place are a fork, and so is what follows the other; the first stays', async () => {
    const { house, ada, push } = await makeGate('fork')
    const [first, second] = (await house.writeLog(ada, 2)) as [WrittenEntry, WrittenEntry]
    const other = await house.write(ada, 'other')
    const child = await house.write(ada, 'child', { seq: 2, prev: other.hash })
    expect(await push([first.entry.bytes])).toEqual([])
    expect(await push([other.entry.bytes])).toEqual(['fork at 1'])
    expect(await push([child.entry.bytes])).toEqual(['fork at 2'])
    expect(await push([second.entry.bytes])).toEqual([])
    expect(house.journal.log(first.entry.log)?.headHash).toEqual(second.hash)
  })

  it('[SY6] what comes after a gap is not stored, and the gap is told', async () => {
    const { house, ada, push } = await makeGate('gap')
    const written = bytesOf(await house.writeLog(ada, 4))
    expect(await push([written[0], written[2], written[3]] as Uint8Array[])).toEqual([
      'gap before 3',
      'gap before 4',
    ])
    expect(house.journal.entryCount).toBe(1)
    expect(await push(written.slice(1), true)).toEqual([])
    expect(house.journal.entryCount).toBe(4)
  })

  it('[SY8] a double that was pushed is told, one that was wanted is not', async () => {
    const { house, ada, push } = await makeGate('double')
    const written = bytesOf(await house.writeLog(ada, 1))
    expect(await push([...written, ...written])).toEqual(['duplicate'])
    expect(await push(written)).toEqual(['duplicate'])
    expect(await push(written, true)).toEqual([])
  })
})
