import { type CustodyFrame, custodyMessage, encodeFrame, type KeyId, logHashOf } from '@parley/protocol'
import { type TestMember, testVerify } from '@parley/protocol/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { AuthorLog } from './journal/author-log.ts'
import { CUSTODY_SAVE_MS, ROLLBACK_CHECK_MS } from './limits.ts'
import { RoomKeeping } from './room-keeping.ts'
import { SealedRoom } from './testing/sealed-room.ts'
import { VirtualClock } from './testing/virtual-clock.ts'

const clockOf = () => new VirtualClock()

describe('signed receipts', () => {
  let sealed: SealedRoom
  let clock: VirtualClock
  let self: TestMember
  let archivist: TestMember
  let log: AuthorLog
  let archivists: KeyId[]
  let stored: Map<string, unknown>
  let rolledBack: KeyId[]

  beforeEach(async () => {
    sealed = new SealedRoom('keeping')
    clock = clockOf()
    self = await sealed.room.device('editor')
    archivist = await sealed.room.device('archivist')
    sealed.store(await sealed.writeLog(self, 3))
    log = [...sealed.journal.logs()][0] as AuthorLog
    archivists = [archivist.key.keyId]
    stored = new Map()
    rolledBack = []
  })

  const keeping = () =>
    new RoomKeeping<object>(
      {
        roomId: sealed.room.roomId,
        self: self.key.keyId,
        clock,
        storage: { put: async (key, value) => void stored.set(key, value) },
        journal: sealed.journal,
        verify: testVerify,
        archivists: () => archivists,
        ownLogs: () => [log],
      },
      {
        changed: () => undefined,
        rolledBack: (key) => void rolledBack.push(key),
        failed: (error) => {
          throw error
        },
      },
    )

  function receipt(seq: number, fields: Partial<CustodyFrame> = {}, by = archivist): CustodyFrame {
    const { doc, author, session, key } = log
    const hash = log.record(Math.min(seq, 3))?.hash as Uint8Array
    const head = { doc, author, session, log: key, seq, hash }
    const message = custodyMessage(sealed.room.roomId, by.key.keyId, { ...head, ...fields })
    const signature = by.key.sign(message)
    return { type: 'custody', ...head, archivist: by.key.keyId, signature, ...fields }
  }

  it('[AR4] count once they reach the last entry', async () => {
    const room = keeping()
    expect(room.state).toBe('behind')
    await room.handleCustody(receipt(2))
    expect(room.state).toBe('behind')
    await room.handleCustody(receipt(3))
    expect(room.state).toBe('holds')
    archivists = []
    expect(room.state).toBe('none')
  })

  it('[AR4] count for nothing when anything in them is not so', async () => {
    const room = keeping()
    const editor = await sealed.room.device('editor', 'other')
    const good = receipt(3)
    const signature = good.signature.slice()
    signature[5] = (signature[5] ?? 0) ^ 1
    const false_: CustodyFrame[] = [
      { ...good, signature },
      // Signed for less, told as more.
      { ...receipt(2), seq: 3, hash: good.hash },
      receipt(3, { hash: new Uint8Array(32) }),
      receipt(4),
      receipt(3, {}, editor),
      { ...receipt(3, {}, editor), archivist: archivist.key.keyId },
    ]
    for (const frame of false_) await room.handleCustody(frame)
    expect(room.state).toBe('behind')
    await room.handleCustody(good)
    expect(room.state).toBe('holds')
  })

  it('[AR5] are stored, and read again as hostile bytes', async () => {
    const first = keeping()
    await first.handleCustody(receipt(3))
    await clock.runFor(CUSTODY_SAVE_MS)
    const again = keeping()
    await again.load(stored)
    expect(again.state).toBe('holds')
    const [name] = stored.keys()
    const forged = encodeFrame({ ...receipt(3), signature: new Uint8Array(64) })
    const values = [
      [forged],
      ['text', null, new Uint8Array(3)],
      'text',
      [encodeFrame({ type: 'ping', count: 1 })],
    ]
    for (const value of values) {
      const room = keeping()
      await room.load(new Map([[name as string, value]]))
      expect(room.state).toBe('behind')
    }
  })

  it('[AR5] [F48] are void once the archivist shows less, which is told once', async () => {
    const room = keeping()
    await room.handleCustody(receipt(3))
    const link = {}
    room.attach(link, archivist.key.keyId)
    const [bucket] = logHashOf(log.doc, log.author, log.session)
    const heads = (seq: number | null, buckets = [bucket as number]) => ({
      type: 'heads' as const,
      answer: false,
      buckets: Uint8Array.from(buckets),
      heads: seq === null ? [] : [{ ...log.head, seq }],
    })
    room.handleHeads(link, heads(3))
    room.handleHeads(link, heads(null, [((bucket as number) + 1) & 255]))
    room.handleHeads({}, heads(1))
    expect(room.state).toBe('holds')
    room.handleHeads(link, heads(null))
    room.handleHeads(link, heads(1))
    expect(room.state).toBe('behind')
    expect(rolledBack).toEqual([])
    await clock.runFor(ROLLBACK_CHECK_MS)
    expect(rolledBack).toEqual([archivist.key.keyId])
    await room.handleCustody(receipt(3))
    expect(room.state).toBe('holds')
  })

  it('[AR5] are no reason to suspect who heard of a cut first', async () => {
    const room = keeping()
    await room.handleCustody(receipt(3))
    const link = {}
    room.attach(link, archivist.key.keyId)
    const [bucket] = log.hash
    room.handleHeads(link, {
      type: 'heads',
      answer: false,
      buckets: Uint8Array.of(bucket as number),
      heads: [{ ...log.head, seq: 1 }],
    })
    log.cut = 1
    await clock.runFor(ROLLBACK_CHECK_MS)
    expect(rolledBack).toEqual([])
  })
})
