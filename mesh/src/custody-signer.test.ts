import { type CustodyFrame, custodyMessage } from '@parley/protocol'
import { testVerify } from '@parley/protocol/testing'
import { describe, expect, it } from 'vitest'
import { CustodySigner } from './custody-signer.ts'
import { FLUSH_MS, RECEIPTS_AT_ONCE, RECEIPTS_AT_START } from './limits.ts'
import { SealedRoom } from './testing/sealed-room.ts'
import { VirtualClock } from './testing/virtual-clock.ts'

async function signing(logCount: number) {
  const sealed = new SealedRoom('custody')
  const { roomId } = sealed.room
  const ada = await sealed.room.device('editor')
  const { key } = await sealed.room.device('archivist')
  for (let session = 1; session <= logCount; session++) {
    sealed.store(await sealed.writeLog(ada, 2, { session, timeMs: 1_000 + session }))
  }
  const told: CustodyFrame[] = []
  const clock = new VirtualClock()
  let signatures = 0
  let [durable, isHere] = [1 as number | null, true]
  const signer = new CustodySigner({
    roomId,
    self: key.keyId,
    signer: {
      publicKey: key.publicKey,
      agreementKey: key.agreementKey,
      agree: () => null,
      sign: (message) => {
        signatures++
        return key.sign(message)
      },
    },
    clock,
    durableSeq: () => durable,
    isHere: () => isHere,
    tell: (_author, frame) => void told.push(frame),
    onFailed: (error) => {
      throw error
    },
  })
  /** All that is due is told. */
  const settled = () => clock.runFor(FLUSH_MS * 100)
  const set = (now: { durable?: number | null; isHere?: boolean }) => {
    if (now.durable !== undefined) durable = now.durable
    if (now.isHere !== undefined) isHere = now.isHere
  }
  const logs = [...sealed.journal.logs()]
  return { signer, clock, logs, told, key, roomId, set, settled, count: () => signatures }
}

describe('what an archivist signs', () => {
  it('[AR3] is the place and hash that it holds durably, not what it has only received', async () => {
    const { signer, logs, told, key, roomId, set, settled } = await signing(1)
    signer.handleDurable(logs)
    await settled()
    const [frame] = told
    if (!frame) throw new Error('nothing was told')
    expect(frame).toMatchObject({ seq: 1, hash: logs[0]?.record(1)?.hash, archivist: key.keyId })
    const message = custodyMessage(roomId, key.keyId, frame)
    expect(testVerify(key.publicKey, message, frame.signature)).toBe(true)
    set({ durable: 2 })
    signer.handleDurable(logs)
    await settled()
    expect(told.map(({ seq }) => seq)).toEqual([1, 2])
  })

  it('[AR3] [SV5] is nothing where nothing is durable, or the author is not here', async () => {
    const { signer, logs, told, set, settled, count } = await signing(1)
    set({ durable: null })
    signer.handleDurable(logs)
    set({ durable: 1, isHere: false })
    signer.handleDurable(logs)
    await settled()
    expect([told.length, count()]).toEqual([0, 0])
  })

  it('[AR3] is told again to a copy that comes back, without another signature, of its latest logs', async () => {
    const { signer, logs, told, settled, count } = await signing(RECEIPTS_AT_START + 3)
    signer.handleArrived(logs)
    await settled()
    signer.handleArrived(logs)
    await settled()
    expect(told).toHaveLength(2 * RECEIPTS_AT_START)
    expect(count()).toBe(RECEIPTS_AT_START)
    expect(told.some(({ log }) => log === logs[2]?.key)).toBe(false)
    expect(told.some(({ log }) => log === logs[3]?.key)).toBe(true)
  })

  it('[AR3] is told twelve at a time to a device that brings many logs, the latest first, and to nobody who left', async () => {
    const { signer, clock, logs, told, set, settled } = await signing(40)
    signer.handleDurable(logs)
    await clock.runFor(FLUSH_MS - 1)
    expect(told).toHaveLength(RECEIPTS_AT_ONCE)
    expect(told[0]?.log).toBe(logs.at(-1)?.key)
    await clock.runFor(FLUSH_MS)
    expect(told).toHaveLength(2 * RECEIPTS_AT_ONCE)
    set({ isHere: false })
    await settled()
    expect(told).toHaveLength(2 * RECEIPTS_AT_ONCE)
    set({ isHere: true })
    signer.handleDurable(logs.slice(0, 20))
    await settled()
    expect(new Set(told.map(({ log }) => log)).size).toBe(40)
  })
})
