import { ByteWriter, MalformedError } from '@parley/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHUNK_BYTES, LANE_FRAME_BYTES } from '../limits.ts'
import { ChunkAssembler, LANES, type Lane, splitFrame } from './chunk.ts'

const HELD_MAX_BYTES = LANES.reduce((sum, lane) => sum + LANE_FRAME_BYTES[lane], 0)
const SEED = 20_260_725

function chunksOf(frame: Uint8Array, lane: Lane): Uint8Array<ArrayBuffer>[] {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  for (const cursor = splitFrame(frame, lane); !cursor.done; ) chunks.push(cursor.next())
  return chunks
}

function filled(length: number, salt: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(length)
  for (let i = 0; i < length; i++) frame[i] = (i * 31 + (i >> 8) + salt) & 255
  return frame
}

/** Lengths around the borders of chunks and of the lane are drawn more often. */
const someFrame = fc.constantFrom(...LANES).chain((lane) => {
  const max = LANE_FRAME_BYTES[lane]
  const borders = [1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, max - 1, max]
  const length = fc.oneof(
    fc.integer({ min: 1, max: 300 }),
    fc.constantFrom(...borders.filter((border) => border <= max)),
    fc.integer({ min: 1, max }),
  )
  return fc.record({ lane: fc.constant(lane), length, salt: fc.nat(255) })
})

describe('chunks', () => {
  it('[CH1] give back every frame, in order within its lane, however lanes interleave', () => {
    fc.assert(
      fc.property(
        fc.array(someFrame, { maxLength: 12 }),
        fc.array(fc.nat(4), { minLength: 1 }),
        (drawn, turns) => {
          const waiting = LANES.map((lane) =>
            drawn
              .filter((one) => one.lane === lane)
              .flatMap((one) => chunksOf(filled(one.length, one.salt), lane)),
          )
          const assembler = new ChunkAssembler()
          const got = new Map<Lane, Uint8Array[]>(LANES.map((lane) => [lane, []]))
          for (let turn = 0; waiting.some((chunks) => chunks.length > 0); turn++) {
            const preferred = turns[turn % turns.length] as number
            const chunk = (waiting[preferred]?.shift() ??
              waiting.find((chunks) => chunks.length > 0)?.shift()) as Uint8Array
            const done = assembler.push(chunk)
            if (done) got.get(done.lane)?.push(done.frame)
          }
          for (const lane of LANES) {
            const sent = drawn.filter((one) => one.lane === lane)
            const frames = got.get(lane) ?? []
            expect(frames.length).toBe(sent.length)
            sent.forEach((one, i) => {
              expect(Buffer.compare(frames[i] as Uint8Array, filled(one.length, one.salt))).toBe(0)
            })
          }
          expect(assembler.heldBytes).toBe(0)
        },
      ),
      { seed: SEED, numRuns: 200 },
    )
  })

  it('[CH1] carry at most CHUNK_BYTES of data and one byte of header, the first of several the length too', () => {
    const chunks = chunksOf(filled(LANE_FRAME_BYTES.sync, 1), 'sync')
    expect(chunks.map((chunk) => chunk.length)).toEqual([
      CHUNK_BYTES + 4,
      ...Array<number>(15).fill(CHUNK_BYTES + 1),
      65,
    ])
    expect(chunksOf(filled(5, 0), 'live')[0]).toEqual(Uint8Array.of(0b1_1010, ...filled(5, 0)))
  })

  it('are cut one at a time, without copying the rest', () => {
    const frame = filled(3 * CHUNK_BYTES, 0)
    const cursor = splitFrame(frame, 'sync')
    cursor.next()
    expect(cursor.remainingBytes).toBe(2 * CHUNK_BYTES)
    frame[CHUNK_BYTES] = 77
    expect(cursor.next()[1]).toBe(77)
  })

  it('are not made of an empty frame or one over the maximum of its lane', () => {
    expect(() => splitFrame(new Uint8Array(), 'live')).toThrow(RangeError)
    for (const lane of LANES) {
      expect(() => splitFrame(new Uint8Array(LANE_FRAME_BYTES[lane] + 1), lane)).toThrow(RangeError)
    }
  })
})

const chunk = (header: number, total: number | null, dataBytes: number): Uint8Array => {
  const writer = new ByteWriter().u8(header)
  if (total !== null) writer.varUint(total)
  return writer.fixed(new Uint8Array(dataBytes)).done()
}
const [FIRST, LAST, SYNC] = [8, 16, 3]

describe('[CH3] the assembler refuses', () => {
  const begin = chunk(SYNC | FIRST, 2 * CHUNK_BYTES + 5, CHUNK_BYTES)
  const cases: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ['an empty chunk', [new Uint8Array()]],
    ['an unknown lane', [chunk(5 | FIRST | LAST, null, 3)]],
    ['reserved bits', [chunk(SYNC | FIRST | LAST | 32, null, 3)]],
    ['a frame without data', [chunk(SYNC | FIRST | LAST, null, 0)]],
    ['a chunk over CHUNK_BYTES', [chunk(SYNC | FIRST | LAST, null, CHUNK_BYTES + 1)]],
    ['a presence frame over its maximum', [chunk(1 | FIRST | LAST, null, LANE_FRAME_BYTES.presence + 1)]],
    ['a continuation of nothing', [chunk(SYNC, null, CHUNK_BYTES)]],
    ['an end of nothing', [chunk(SYNC | LAST, null, 5)]],
    ['a frame inside another of its lane', [begin, chunk(SYNC | FIRST | LAST, null, 3)]],
    ['a second beginning', [begin, begin]],
    ['an announced length over the maximum', [chunk(SYNC | FIRST, LANE_FRAME_BYTES.sync + 1, CHUNK_BYTES)]],
    ['an announced length of 2^53 - 1', [chunk(SYNC | FIRST, Number.MAX_SAFE_INTEGER, CHUNK_BYTES)]],
    ['an announced length that needs no second chunk', [chunk(SYNC | FIRST, CHUNK_BYTES, CHUNK_BYTES)]],
    ['a first chunk that is not full', [chunk(SYNC | FIRST, 2 * CHUNK_BYTES, CHUNK_BYTES - 1)]],
    ['more than announced', [begin, chunk(SYNC, null, CHUNK_BYTES), chunk(SYNC | LAST, null, 6)]],
    ['less than announced', [begin, chunk(SYNC | LAST, null, CHUNK_BYTES)]],
    ['a middle chunk that is not full', [begin, chunk(SYNC, null, 1)]],
    ['a complete frame that claims to go on', [begin, chunk(SYNC, null, CHUNK_BYTES), chunk(SYNC, null, 5)]],
  ]
  it.each(cases)('%s', (_name, chunks) => {
    const assembler = new ChunkAssembler()
    for (const one of chunks.slice(0, -1)) expect(assembler.push(one)).toBeNull()
    expect(() => assembler.push(chunks.at(-1) as Uint8Array)).toThrow(MalformedError)
  })

  it('[F25] 100,000 hostile chunks, with nothing worse than MalformedError and within bounded memory', () => {
    const random = fc.sample(fc.infiniteStream(fc.nat(0xffff_ffff)), { seed: SEED, numRuns: 1 })[0]
    const pick = (below: number): number => Number(random?.next().value) % below
    const honest = LANES.flatMap((lane) =>
      [1, 50, CHUNK_BYTES + 9, LANE_FRAME_BYTES[lane]]
        .filter((length) => length <= LANE_FRAME_BYTES[lane])
        .map((length) => chunksOf(filled(length, length), lane)),
    )
    let assembler = new ChunkAssembler()
    const count = { refused: 0, frames: 0, held: 0 }
    const hostile = (): Uint8Array[] => {
      const chunks = [...(honest[pick(honest.length)] as Uint8Array[])]
      const at = pick(chunks.length)
      const victim = (chunks[at] as Uint8Array).slice()
      const kind = pick(6)
      if (kind === 0) victim[pick(Math.min(victim.length, 5))] = pick(256)
      if (kind === 1) return [...chunks.slice(0, at), victim.subarray(0, pick(victim.length + 1))]
      if (kind === 2) return [Uint8Array.from({ length: pick(40) }, () => pick(256))]
      if (kind === 3) return chunks.slice(pick(chunks.length))
      if (kind === 4) return [...chunks.slice(0, at + 1), ...chunks.slice(at)]
      return chunks.with(at, victim)
    }
    for (let pushed = 0; pushed < 100_000; ) {
      for (const one of hostile()) {
        pushed++
        try {
          if (assembler.push(one)) count.frames++
        } catch (error) {
          if (!(error instanceof MalformedError)) throw error
          count.refused++
          if (pick(4) === 0) assembler = new ChunkAssembler()
        }
        count.held = Math.max(count.held, assembler.heldBytes)
      }
    }
    expect(count.refused).toBeGreaterThan(10_000)
    expect(count.frames).toBeGreaterThan(1_000)
    expect(count.held).toBeGreaterThan(CHUNK_BYTES)
    expect(count.held).toBeLessThanOrEqual(HELD_MAX_BYTES)
  })
})
