import {
  ByteReader,
  ByteWriter,
  CLOSE,
  decodeFrame,
  encodeFrame,
  type Frame,
  limits,
  MalformedError,
} from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { ParleyError } from '../errors.ts'
import {
  CHANNEL_HIGH_BYTES,
  CHUNK_BYTES,
  CLOSE_DRAIN_MS,
  LANE_FRAME_BYTES,
  LINK_UPKEEP,
  PING_INTERVAL_MS,
  SILENT_LINK_MS,
} from '../limits.ts'
import { ChunkAssembler, type Lane, splitFrame } from './chunk.ts'
import { frameOf, HandClock, LinkedPair, Side } from './link-fixture.ts'

const chunkOf = (frame: Frame, lane: Lane = 'control'): Uint8Array =>
  splitFrame(encodeFrame(frame), lane).next()

/** Takes what a side has put into its channel, as frames. */
function sentBy(side: Side): Frame[] {
  const assembler = new ChunkAssembler()
  const frames: Frame[] = []
  side.channel.onMessage = (chunk) => {
    const done = assembler.push(chunk)
    if (done) frames.push(decodeFrame(done.frame))
  }
  while (side.channel.deliver());
  return frames
}

describe('closing', () => {
  it('tells both sides once, who and why, and closes the transports after CLOSE has left', async () => {
    const { a, b, clock, settle } = bound(new LinkedPair())
    a.link.close(CLOSE.role, 'may not')
    expect(a.closings).toEqual([{ code: CLOSE.role, by: 'us', detail: 'may not' }])
    expect(a.channel.closed).toBe(false)
    await settle()
    expect(b.closings).toMatchObject([{ code: CLOSE.role, by: 'them' }])
    expect(b.channel.closed).toBe(true)
    clock.advance(100)
    expect(a.channel.closed).toBe(true)
    a.link.close(CLOSE.normal, 'again')
    a.link.handleTransportClosed(new Error('late'))
    clock.advance(SILENT_LINK_MS * 2)
    expect([a.closings.length, b.closings.length, clock.timerCount]).toEqual([1, 1, 0])
  })

  it('does not wait longer than a second for a channel that is stuck', () => {
    const { a, clock } = new LinkedPair()
    a.channel.buffered = CHANNEL_HIGH_BYTES + 1
    a.link.close(CLOSE.normal, '')
    clock.advance(CLOSE_DRAIN_MS - 1)
    expect(a.channel.closed).toBe(false)
    clock.advance(1)
    expect(a.channel.closed).toBe(true)
    expect(clock.timerCount).toBe(1)
  })

  it('in the middle of a large control frame still gets its code across', async () => {
    const { a, b, settle } = bound(new LinkedPair())
    a.link.send(frameOf(LANE_FRAME_BYTES.control), 'control')
    a.link.close(CLOSE.revoked, '')
    await settle()
    expect(b.closings).toMatchObject([{ code: CLOSE.revoked, by: 'them' }])
  })

  it('by the transport is reported once, with its error', () => {
    const side = new Side(new HandClock())
    side.link.handleTransportClosed(new Error('ice failed'))
    side.link.handleTransportClosed(null)
    expect(side.closings).toEqual([{ code: CLOSE.goingAway, by: 'transport', detail: 'ice failed' }])
    expect(side.link.send(frameOf(5), 'control')).toBe(false)
  })

  it('by a transport that throws is reported once, and what waits is rejected', async () => {
    const side = new Side(new HandClock())
    side.channel.failsWith = new Error('channel is closing')
    const sent = side.link.sendBulk(frameOf(5), 'sync')
    await expect(sent).rejects.toMatchObject({ kind: 'closed' })
    expect(side.closings).toEqual([{ code: CLOSE.goingAway, by: 'transport', detail: 'channel is closing' }])
    expect(side.channel.closed).toBe(true)
  })

  it('rejects bulk frames that wait and those that come later', async () => {
    const side = new Side(new HandClock())
    side.channel.buffered = CHANNEL_HIGH_BYTES + 1
    const waiting = side.link.sendBulk(frameOf(5), 'sync')
    side.link.close(CLOSE.normal, '')
    await expect(waiting).rejects.toBeInstanceOf(ParleyError)
    await expect(side.link.sendBulk(frameOf(5), 'blob')).rejects.toMatchObject({ kind: 'closed' })
    expect(side.link.stats.queuedBytes).toBe(0)
  })

  it('ends delivery: nothing is passed on that comes after', () => {
    const side = new Side(new HandClock())
    side.link.close(CLOSE.normal, '')
    side.link.handleMessage(splitFrame(frameOf(5), 'live').next())
    expect(side.frames).toEqual([])
  })

  it('[CH3] with 4400 on a malformed chunk, a malformed frame of its own, and when the handler says so', () => {
    const refusing = (bytes: Uint8Array): Side => {
      const side = new Side(new HandClock())
      side.onFrame = () => {
        throw new MalformedError('not a frame')
      }
      side.link.handleMessage(bytes)
      return side
    }
    const malformed = [
      Uint8Array.of(),
      Uint8Array.of(0xff),
      splitFrame(frameOf(3), 'live').next(),
      splitFrame(Uint8Array.of(...encodeFrame({ type: 'ping', count: 1 }), 0), 'control').next(),
      chunkOf({ type: 'credit', bytes: 1 }, 'sync'),
    ]
    for (const bytes of malformed) {
      const side = refusing(bytes)
      expect(side.closings).toMatchObject([{ code: CLOSE.malformed, by: 'us' }])
      expect(sentBy(side)).toEqual([{ type: 'close', code: CLOSE.malformed }])
    }
  })

  it('does not hide another error of the handler', () => {
    const side = new Side(new HandClock())
    side.onFrame = () => {
      throw new TypeError('a mistake of ours')
    }
    expect(() => side.link.handleMessage(splitFrame(frameOf(3), 'live').next())).toThrow(TypeError)
    expect(side.closings).toEqual([])
  })
})

describe('liveness', () => {
  it('[CH7] pings a silent link every interval, measures the round trip, and does not ping a link that speaks', async () => {
    const { a, b, clock, settle } = bound(new LinkedPair())
    expect(a.link.roundTripMs).toBeNull()
    clock.advance(PING_INTERVAL_MS - 1)
    expect(a.link.stats.sentFrames).toBe(0)
    clock.advance(1)
    expect(a.link.stats.sentFrames).toBe(1)
    clock.advance(30)
    await settle()
    expect([a.link.roundTripMs, b.link.roundTripMs]).toEqual([30, 30])
    expect(a.link.lastReceivedMs).toBe(clock.nowMs())
    for (let i = 0; i < 20; i++) {
      clock.advance(PING_INTERVAL_MS / 2)
      a.link.send(frameOf(5), 'live')
      b.link.send(frameOf(5), 'live')
      await settle()
    }
    expect(a.link.stats.sentFrames).toBe(2 + 20)
    expect([a.frames.length, b.frames.length]).toEqual([20, 20])
  })

  it('[CH7] [F16] gives a silent link up with 4408, after seven pings', () => {
    const clock = new HandClock()
    const silent = new Side(clock)
    clock.advance(SILENT_LINK_MS - 1)
    expect(silent.closings).toEqual([])
    clock.advance(1)
    expect(silent.closings).toMatchObject([{ code: CLOSE.timeout, by: 'us' }])
    expect(sentBy(silent).map((frame) => frame.type)).toEqual([...Array<string>(7).fill('ping'), 'close'])
    clock.advance(CLOSE_DRAIN_MS)
    expect([silent.channel.closed, clock.timerCount]).toEqual([true, 0])
  })

  it('[CH7] counts silence from the last byte, not from the last timer', () => {
    const clock = new HandClock()
    const side = new Side(clock)
    clock.advance(1500)
    side.link.handleMessage(splitFrame(frameOf(5), 'live').next())
    clock.advance(SILENT_LINK_MS - 1)
    expect(side.closings).toEqual([])
    clock.advance(1)
    expect(side.closings).toMatchObject([{ code: CLOSE.timeout }])
  })

  it('[F51] keeps its links when somebody sets the clock, and still notices silence', async () => {
    const { a, b, clock, settle } = bound(new LinkedPair())
    for (const byMs of [3_600_000, -7_200_000, 600_000, -600_000]) {
      clock.set(byMs)
      for (let i = 0; i < 5; i++) {
        clock.advance(PING_INTERVAL_MS)
        await settle()
      }
      expect([a.closings, b.closings]).toEqual([[], []])
    }
    clock.set(-600_000)
    // The clock does not tell how long ago the last byte came, so silence may count from the next timer.
    clock.advance(SILENT_LINK_MS + PING_INTERVAL_MS)
    expect(a.closings).toMatchObject([{ code: CLOSE.timeout, by: 'us' }])
  })

  it('takes no notice of an answer to nothing', () => {
    const side = new Side(new HandClock())
    side.link.handleMessage(chunkOf({ type: 'pong', count: 5 }))
    expect([side.link.roundTripMs, side.closings.length]).toEqual([null, 0])
  })
})

describe('a frame over the maximum of its lane', () => {
  it.each(['control', 'live', 'sync'] as const)(
    '[F28] is closed with 4413 when it is announced, in lane %s',
    (lane) => {
      const side = new Side(new HandClock())
      const first = splitFrame(frameOf(LANE_FRAME_BYTES[lane]), lane).next()
      const header = new ByteReader(first)
      const flags = header.u8()
      header.varUint()
      const data = header.fixed(CHUNK_BYTES)
      const announced = new ByteWriter()
        .u8(flags)
        .varUint(LANE_FRAME_BYTES[lane] + 1)
        .fixed(data)
        .done()
      side.link.handleMessage(announced)
      expect(side.closings).toMatchObject([{ code: CLOSE.tooLarge, by: 'us' }])
      expect(side.frames).toEqual([])
      const honest = new Side(new HandClock())
      honest.link.handleMessage(first)
      expect(honest.closings).toEqual([])
    },
  )
})

describe('before proof', () => {
  const unproven = () => new Side(new HandClock(), { unproven: true })
  const receive = (side: Side, length: number, lane: Lane = 'control'): void => {
    for (const cursor = splitFrame(frameOf(length), lane); !cursor.done; )
      side.link.handleMessage(cursor.next())
  }
  const refused = [{ code: CLOSE.malformed, by: 'us' }]

  it('[HS4] [F16] a flood of frames is closed with 4400 after two of them', () => {
    const side = unproven()
    for (let i = 0; i < 10_000; i++) receive(side, 5)
    expect(side.frames.length).toBe(limits.UNPROVEN_FRAMES)
    expect(side.closings).toMatchObject(refused)
  })

  it('[HS4] [F16] a flood of bytes is closed with 4400 before it is put together', () => {
    for (const length of [limits.UNPROVEN_BYTES, LANE_FRAME_BYTES.control]) {
      const side = unproven()
      receive(side, length)
      expect(side.closings).toMatchObject(refused)
      expect(side.frames).toEqual([])
    }
    const allowed = unproven()
    receive(allowed, limits.UNPROVEN_BYTES - 1)
    expect([allowed.frames.length, allowed.closings.length]).toEqual([1, 0])
  })

  it('[F16] any other lane is closed with 4400', () => {
    for (const lane of ['presence', 'live', 'sync', 'blob'] as const) {
      const side = unproven()
      receive(side, 5, lane)
      expect(side.closings).toMatchObject(refused)
      expect(side.frames).toEqual([])
    }
  })

  it('[HS4] [F16] one CREDIT is free, more of them count as frames, one over the window is malformed', () => {
    const side = unproven()
    const credit = chunkOf({ type: 'credit', bytes: 1 })
    for (let i = 0; i < 1 + limits.UNPROVEN_FRAMES; i++) side.link.handleMessage(credit)
    expect(side.closings).toEqual([])
    side.link.handleMessage(credit)
    expect(side.closings).toMatchObject(refused)
    const greedy = unproven()
    greedy.link.handleMessage(chunkOf({ type: 'credit', bytes: 2 ** 31 }))
    expect(greedy.closings).toMatchObject(refused)
  })

  it('[HS4] CLOSE is understood and not counted', () => {
    const side = unproven()
    receive(side, 5)
    receive(side, 5)
    side.link.handleMessage(chunkOf({ type: 'close', code: CLOSE.version }))
    expect(side.closings).toMatchObject([{ code: CLOSE.version, by: 'them' }])
  })

  it('no byte of another lane leaves for who has not proven themselves, even if they send CREDIT', () => {
    const side = unproven()
    side.link.send(frameOf(5), 'live')
    side.link.sendBulk(frameOf(5), 'sync').catch(expect.unreachable)
    side.link.handleMessage(chunkOf({ type: 'credit', bytes: 100_000 }))
    expect(side.channel.chunks).toEqual([])
    side.link.proven()
    expect(side.channel.chunks.length).toBe(3)
  })

  it('the faster side does not run into the limits of the slower one', async () => {
    const { a, b, settle } = bound(new LinkedPair({ unproven: true }))
    for (const side of [a, b]) {
      side.link.send(frameOf(100), 'control')
      side.link.send(frameOf(65), 'control')
    }
    await settle()
    a.link.proven()
    for (let i = 0; i < 5; i++) a.link.send(frameOf(5), 'control')
    a.link.send(frameOf(5), 'live')
    const bulk = a.link.sendBulk(frameOf(5), 'sync')
    await settle()
    expect(b.frames.length).toBe(2)
    b.link.proven()
    await settle()
    await bulk
    expect(b.frames.map((one) => one.lane)).toEqual([...Array<Lane>(7).fill('control'), 'live', 'sync'])
    expect([a.closings, b.closings]).toEqual([[], []])
  })

  it('proven before the own AUTH was sent: AUTH still goes', async () => {
    const { a, b, settle } = bound(new LinkedPair({ unproven: true }))
    a.link.send(frameOf(100), 'control')
    a.link.proven()
    a.link.send(frameOf(65), 'control')
    await settle()
    expect(b.frames.length).toBe(2)
    expect(b.closings).toEqual([])
  })

  it('sends no ping, which would count as a third frame', () => {
    const clock = new HandClock()
    const side = new Side(clock, { unproven: true })
    clock.advance(PING_INTERVAL_MS * 3)
    side.link.proven()
    clock.advance(PING_INTERVAL_MS)
    expect(sentBy(side).map((frame) => frame.type)).toEqual(['credit'])
  })
})

describe('a flood of what keeps a link up', () => {
  it('pings: closed with 4429; in time some more are taken', () => {
    const clock = new HandClock()
    const side = new Side(clock)
    const chunk = chunkOf({ type: 'ping', count: 1 })
    for (let i = 0; i < LINK_UPKEEP.burst; i++) {
      side.link.handleMessage(chunk)
      side.channel.chunks.length = 0
    }
    expect(side.closings).toEqual([])
    clock.advance(1_000)
    for (let i = 0; i < LINK_UPKEEP.perSecond; i++) side.link.handleMessage(chunk)
    expect(side.closings).toEqual([])
    side.link.handleMessage(chunk)
    expect(side.closings).toMatchObject([{ code: CLOSE.rate, by: 'us' }])
  })
})

function bound(pair: LinkedPair) {
  return { a: pair.a, b: pair.b, clock: pair.clock, settle: () => pair.settle() }
}
