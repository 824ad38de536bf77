import { CLOSE, encodeFrame } from '@parley/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CHANNEL_HIGH_BYTES,
  CHANNEL_LOW_BYTES,
  CHUNK_BYTES,
  CONTROL_QUEUE_BYTES,
  CREDIT_WINDOW_BYTES,
  LANE_FRAME_BYTES,
  LIVE_QUEUE_BYTES,
} from '../limits.ts'
import { splitFrame } from './chunk.ts'
import { frameOf, HandClock, LinkedPair, Side } from './link-fixture.ts'

const MB = 1_000_000
/** What the channel may hold: one chunk goes in while the buffer is still at the mark. */
const CHANNEL_MAX_BYTES = CHANNEL_HIGH_BYTES + CHUNK_BYTES + 8

/** Serves `totalBytes` as whoever answers a WANT does; resolves with the bytes that were handed over. */
function serve(side: Side, totalBytes: number, frameBytes: number) {
  const progress = { handedOver: 0, held: 0, maxHeld: 0 }
  const done = (async () => {
    while (progress.handedOver < totalBytes) {
      const frame = frameOf(frameBytes, 7)
      progress.held += frame.length
      progress.maxHeld = Math.max(progress.maxHeld, progress.held)
      await side.link.sendBulk(frame, 'sync')
      progress.held -= frame.length
      progress.handedOver += frame.length
    }
  })()
  return { progress, done }
}

describe('back-pressure', () => {
  it('[F65] a receiver that stops reading in a 100 MB sync: sender and receiver hold ≤4 MB, all arrives later', async () => {
    const pair = new LinkedPair()
    let [reading, arrived, unread, maxUnread] = [true, 0, 0, 0]
    const read = (): void => {
      const bytes = unread
      unread = 0
      pair.b.link.consumed(bytes)
    }
    pair.b.onFrame = (frame) => {
      arrived += frame.length
      unread += frame.length
      if (arrived >= 20 * MB && arrived - frame.length < 20 * MB) reading = false
      maxUnread = Math.max(maxUnread, unread)
      if (reading) read()
    }
    const { progress, done } = serve(pair.a, 100 * MB, 200_000)
    await pair.settle()
    expect(reading).toBe(false)
    const stoppedAt = arrived
    expect(stoppedAt).toBeGreaterThan(20 * MB)
    expect(stoppedAt).toBeLessThan(24 * MB)
    expect(progress.handedOver - 20 * MB).toBeLessThanOrEqual(4 * MB)
    expect(pair.a.link.stats.queuedBytes).toBeLessThanOrEqual(200_000)
    await pair.settle()
    expect(arrived).toBe(stoppedAt)

    reading = true
    read()
    await pair.settle()
    await done
    expect(arrived).toBe(progress.handedOver)
    expect(arrived).toBe(100 * MB)
    expect(maxUnread).toBeLessThanOrEqual(4 * MB)
    expect(progress.maxHeld).toBe(200_000)
    expect(pair.a.channel.maxBuffered).toBeLessThanOrEqual(CHANNEL_MAX_BYTES)
    expect([pair.a.closings, pair.b.closings]).toEqual([[], []])
  })

  it('[CH4] [F65] a sender that ignores credit is closed with 4429 at the window and one frame', () => {
    const side = new Side(new HandClock())
    let arrived = 0
    side.onFrame = (frame) => {
      arrived += frame.length
    }
    const chunk = splitFrame(frameOf(CHUNK_BYTES), 'blob').next()
    for (let i = 0; i < 1000; i++) side.link.handleMessage(chunk)
    expect(side.closings).toEqual([{ code: CLOSE.rate, by: 'us', detail: 'sent beyond its credit' }])
    expect(arrived).toBeGreaterThanOrEqual(CREDIT_WINDOW_BYTES)
    expect(arrived).toBeLessThanOrEqual(CREDIT_WINDOW_BYTES + LANE_FRAME_BYTES.sync)
  })

  it('[CH4] closes with 4400 on credit beyond the window', () => {
    const side = new Side(new HandClock())
    side.link.handleMessage(splitFrame(encodeFrame({ type: 'credit', bytes: 1 }), 'control').next())
    expect(side.closings).toMatchObject([{ code: CLOSE.malformed, by: 'us' }])
  })

  it('says so when a caller has dealt with more than came', () => {
    const side = new Side(new HandClock())
    side.link.handleMessage(splitFrame(frameOf(10), 'sync').next())
    side.link.consumed(10)
    expect(() => side.link.consumed(1)).toThrow(RangeError)
  })

  it('[CH2] [CH5] a keystroke overtakes a 50 MB transfer: only what the channel holds goes before it', async () => {
    const pair = new LinkedPair()
    let [bulkArrived, keystrokes, worst] = [0, 0, 0]
    let pressedAt = Number.NaN
    pair.b.onFrame = (frame, lane) => {
      if (lane === 'live') {
        worst = Math.max(worst, bulkArrived - pressedAt)
        keystrokes++
      } else {
        bulkArrived += frame.length
        pair.b.link.consumed(frame.length)
      }
    }
    const { done } = serve(pair.a, 50 * MB, 250_000)
    for (let turn = 0; bulkArrived < 50 * MB && turn < 50_000; turn++) {
      if (turn % 100 === 50 && keystrokes === Math.floor(turn / 100)) {
        pressedAt = bulkArrived
        expect(pair.a.link.send(frameOf(200), 'live')).toBe(true)
      }
      pair.a.channel.deliver()
      pair.b.channel.deliver()
      await Promise.resolve()
    }
    expect(bulkArrived).toBe(50 * MB)
    await done
    expect(keystrokes).toBeGreaterThan(20)
    // A frame counts as arrived with its last chunk, so one frame may seem to come on top of the channel's bytes.
    expect(worst).toBeLessThanOrEqual(CHANNEL_MAX_BYTES + 250_000)
    expect(pair.a.channel.maxBuffered).toBeLessThanOrEqual(CHANNEL_MAX_BYTES)
    expect(pair.a.channel.maxBuffered).toBeGreaterThan(CHANNEL_HIGH_BYTES)
  })

  it('[CH5] never waits for a `writable` that does not come, whatever sizes fill the channel', async () => {
    expect(CHANNEL_HIGH_BYTES).toBeGreaterThan(CHANNEL_LOW_BYTES)
    const step = fc.record({
      length: fc.integer({ min: 1, max: 40_000 }),
      deliver: fc.nat(4),
      live: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 26 }), async (steps) => {
        const side = new Side(new HandClock())
        const bulk: Promise<void>[] = []
        let [offered, delivered] = [0, 0]
        side.channel.onMessage = () => void delivered++
        for (const { length, deliver, live } of steps) {
          offered += Math.ceil(length / CHUNK_BYTES)
          if (live) expect(side.link.send(frameOf(length), 'live')).toBe(true)
          else bulk.push(side.link.sendBulk(frameOf(length), 'sync'))
          for (let i = 0; i < deliver; i++) side.channel.deliver()
        }
        while (side.channel.deliver());
        expect(delivered).toBe(offered)
        await Promise.all(bulk)
      }),
      { seed: 5, numRuns: 500 },
    )
  })
})

describe('queue limits', () => {
  it('[CH6] a live frame beyond LIVE_QUEUE_BYTES is not taken; once the queue has drained the link says so, once', async () => {
    const pair = new LinkedPair()
    let taken = 0
    while (taken < 1000 && pair.a.link.send(frameOf(50_000), 'live')) taken++
    expect(taken * 50_000).toBeGreaterThan(LIVE_QUEUE_BYTES - 50_000)
    expect(taken * 50_000).toBeLessThanOrEqual(LIVE_QUEUE_BYTES + CHANNEL_MAX_BYTES)
    expect(pair.a.liveDrainedCount).toBe(0)
    await pair.settle()
    expect(pair.b.frames.length).toBe(taken)
    expect(pair.a.liveDrainedCount).toBe(1)
    expect(pair.a.link.send(frameOf(50_000), 'live')).toBe(true)
    await pair.settle()
    expect(pair.a.liveDrainedCount).toBe(1)
    expect(pair.a.closings).toEqual([])
  })

  it('[CH6] a control frame beyond CONTROL_QUEUE_BYTES closes the link', () => {
    const { a } = new LinkedPair()
    let taken = 0
    while (taken < 1000 && a.link.send(frameOf(500_000), 'control')) taken++
    expect(taken).toBe(Math.floor((CONTROL_QUEUE_BYTES + CHANNEL_MAX_BYTES) / 500_000))
    expect(a.closings).toMatchObject([{ code: CLOSE.rate, by: 'us' }])
  })

  it('a flood of pings whose answers are not read closes the link', () => {
    const side = new Side(new HandClock())
    side.channel.buffered = CHANNEL_HIGH_BYTES + 1
    const ping = splitFrame(encodeFrame({ type: 'ping', count: 1 }), 'control').next()
    for (let i = 0; i < 10_000; i++) side.link.handleMessage(ping)
    expect(side.closings).toMatchObject([{ code: CLOSE.rate, by: 'us' }])
  })
})
