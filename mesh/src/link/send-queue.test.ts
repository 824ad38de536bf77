import { FRAME, limits, MalformedError } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import {
  CHUNK_BYTES,
  CONTROL_QUEUE_BYTES,
  CREDIT_WINDOW_BYTES,
  LANE_FRAME_BYTES,
  LIVE_QUEUE_BYTES,
  PRESENCE_QUEUE_BYTES,
  QUEUE_FRAMES,
} from '../limits.ts'
import { ChunkAssembler, laneOf } from './chunk.ts'
import { frameOf } from './link-fixture.ts'
import { type BulkWaiter, SendQueue } from './send-queue.ts'

const ignore: BulkWaiter = { handedOver: () => undefined, dropped: () => undefined }
const lanesOf = (queue: SendQueue): string[] => {
  const lanes: string[] = []
  for (let next = queue.next(); next; next = queue.next()) lanes.push(laneOf(next.chunk))
  return lanes
}

describe('the send queue', () => {
  it('[CH2] takes from the most urgent lane first', () => {
    const queue = new SendQueue(false)
    queue.addBulk(frameOf(5), 'blob', ignore)
    queue.addBulk(frameOf(5), 'sync', ignore)
    queue.offerLive(frameOf(5))
    queue.offerPresence(frameOf(5))
    queue.offerControl(frameOf(5))
    expect(lanesOf(queue)).toEqual(['control', 'presence', 'live', 'sync', 'blob'])
    expect(queue.isEmpty).toBe(true)
  })

  it('[CH2] lets an urgent frame overtake between two chunks of a longer one', () => {
    const queue = new SendQueue(false)
    queue.addBulk(frameOf(3 * CHUNK_BYTES), 'sync', ignore)
    expect(laneOf(queue.next()?.chunk as Uint8Array)).toBe('sync')
    queue.offerLive(frameOf(5))
    expect(lanesOf(queue)).toEqual(['live', 'sync', 'sync'])
  })

  it('[CH4] sends bulk exactly as far as credit goes, and other lanes regardless of it', () => {
    const queue = new SendQueue(false)
    const frames = (CREDIT_WINDOW_BYTES / CHUNK_BYTES) * 2
    for (let i = 0; i < frames; i++) queue.addBulk(frameOf(CHUNK_BYTES), i % 2 ? 'sync' : 'blob', ignore)
    expect(lanesOf(queue).length).toBe(CREDIT_WINDOW_BYTES / CHUNK_BYTES)
    queue.offerLive(frameOf(5))
    expect(lanesOf(queue)).toEqual(['live'])
    queue.grant(CHUNK_BYTES - 1)
    expect(lanesOf(queue)).toEqual([])
    queue.grant(1)
    expect(lanesOf(queue).length).toBe(1)
  })

  it('[CH4] refuses credit beyond the window', () => {
    expect(() => new SendQueue(false).grant(1)).toThrow(MalformedError)
    expect(() => new SendQueue(true).grant(CREDIT_WINDOW_BYTES + 1)).toThrow(MalformedError)
  })

  it('[CH6] does not take live, presence or control frames beyond their limits', () => {
    const queue = new SendQueue(false)
    const fill = (offer: (frame: Uint8Array) => boolean, size: number): number => {
      let bytes = 0
      while (bytes < 100_000_000 && offer(frameOf(size))) bytes += size
      return bytes
    }
    expect(fill((frame) => queue.offerLive(frame), 4096)).toBe(LIVE_QUEUE_BYTES)
    expect(fill((frame) => queue.offerPresence(frame), 4096)).toBe(PRESENCE_QUEUE_BYTES)
    expect(fill((frame) => queue.offerControl(frame), 4096)).toBe(CONTROL_QUEUE_BYTES)
    expect(queue.queuedBytes).toBe(LIVE_QUEUE_BYTES + PRESENCE_QUEUE_BYTES + CONTROL_QUEUE_BYTES)
  })

  it('counts frames too: tiny ones cost more than their bytes', () => {
    const queue = new SendQueue(false)
    for (let i = 0; i < QUEUE_FRAMES; i++) queue.offerLive(frameOf(1))
    expect(queue.offerLive(frameOf(1))).toBe(false)
    for (let i = 0; i < QUEUE_FRAMES; i++) queue.offerOwn(frameOf(2))
    expect(queue.offerOwn(frameOf(2))).toBe(false)
  })

  it('while held lets out the frames of a handshake and the link’s own, then everything', () => {
    const queue = new SendQueue(true)
    queue.offerLive(frameOf(5))
    queue.addBulk(frameOf(5), 'sync', ignore)
    for (let i = 0; i < limits.UNPROVEN_FRAMES + 3; i++) queue.offerControl(frameOf(5))
    expect(lanesOf(queue).length).toBe(limits.UNPROVEN_FRAMES)
    queue.offerOwn(frameOf(2))
    expect(lanesOf(queue)).toEqual(['control'])
    queue.open()
    expect(lanesOf(queue)).toEqual(['control', 'control', 'control', 'live'])
    queue.grant(CREDIT_WINDOW_BYTES)
    expect(lanesOf(queue)).toEqual(['sync'])
  })

  it('closing: finishes the control frame that was begun, drops the rest, ends with the last frame', () => {
    const queue = new SendQueue(false)
    const assembler = new ChunkAssembler()
    let dropped = 0
    queue.offerControl(frameOf(LANE_FRAME_BYTES.control))
    assembler.push(queue.next()?.chunk as Uint8Array)
    queue.offerControl(frameOf(7))
    queue.offerLive(frameOf(7))
    queue.addBulk(frameOf(7), 'sync', { handedOver: () => expect.unreachable(), dropped: () => dropped++ })
    queue.closeWith(Uint8Array.of(FRAME.close, 1))
    const frames: Uint8Array[] = []
    for (let next = queue.next(); next; next = queue.next()) {
      const done = assembler.push(next.chunk)
      if (done) frames.push(done.frame)
    }
    expect(frames.map((frame) => frame.length)).toEqual([LANE_FRAME_BYTES.control, 2])
    expect(dropped).toBe(1)
    expect(queue.isEmpty).toBe(true)
  })
})
