import { expect, it } from 'vitest'
import { FLUSH_MS, LINK_BUDGET, RECEIPTS_AT_ONCE } from './limits.ts'
import { ReceiptPace } from './receipt-pace.ts'
import { SealedRoom } from './testing/sealed-room.ts'
import { VirtualClock } from './testing/virtual-clock.ts'

it('a device that brings hundreds of logs gets a receipt for each, slower than closes a link', async () => {
  const room = new SealedRoom('receipts')
  const author = await room.room.device('editor')
  for (let session = 0; session < 100; session++) {
    room.store(await room.writeLog(author, 1, { session, timeMs: 1_000 + session }))
  }
  const logs = [...room.journal.logs()]
  const clock = new VirtualClock()
  const told: { readonly atMs: number; readonly log: string }[] = []
  let isHere = true
  const pace = new ReceiptPace({
    clock,
    isHere: () => isHere,
    tell: ({ key }) => told.push({ atMs: clock.nowMs(), log: key }),
  })
  pace.handleDurable(logs)
  expect(told).toHaveLength(RECEIPTS_AT_ONCE)
  const latest = [...logs].sort((a, b) => b.lastTimeMs - a.lastTimeMs)[0]
  expect(told[0]?.log).toBe(latest?.key)
  await clock.runFor(10_000)
  expect(new Set(told.map(({ log }) => log)).size).toBe(100)
  expect(RECEIPTS_AT_ONCE * (1_000 / FLUSH_MS)).toBeLessThan(LINK_BUDGET.control.perSecond)

  told.length = 0
  pace.handleDurable(logs)
  isHere = false
  await clock.runFor(10_000)
  expect(told).toHaveLength(RECEIPTS_AT_ONCE)
})
