import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../bytes.ts'
import { ByteWriter, MalformedError } from '../codec.ts'
import { CHAIN_BYTES, ENTRY_BYTES, HEADS_COUNT, PRESENCE_BYTES } from '../limits.ts'
import { arbitraryFrame, arbitraryPresence } from '../testing/frame-arbitraries.ts'
import { decodeFrame, encodeFrame } from './frame.ts'
import { FRAME } from './frame-types.ts'
import { decodePresencePayload, encodePresencePayload } from './presence.ts'

const RUNS = { numRuns: 1000 }
const body = (type: keyof typeof FRAME) => new ByteWriter().u8(FRAME[type])
const refused = (bytes: Uint8Array) => expect(() => decodeFrame(bytes)).toThrow(MalformedError)

describe('frames', () => {
  it('[FR1] decode to what was encoded', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(arbitraryFrame, (frame) => {
        seen.add(frame.type)
        expect(decodeFrame(encodeFrame(frame))).toEqual(frame)
      }),
      RUNS,
    )
    const reserved = ['meta', 'signal', 'blob']
    expect([...seen].sort()).toEqual(
      Object.keys(FRAME)
        .filter((name) => !reserved.includes(name))
        .sort(),
    )
  })

  it('[FR2] are refused with a byte too few or too many', () => {
    const open = new Set(['author', 'draft', 'entry', 'presence'])
    fc.assert(
      fc.property(
        arbitraryFrame.filter(({ type }) => !open.has(type)),
        (frame) => {
          const bytes = encodeFrame(frame)
          refused(bytes.slice(0, -1))
          refused(new Uint8Array([...bytes, 0]))
        },
      ),
      { numRuns: 300 },
    )
  })

  it.each([
    ['no byte at all', new Uint8Array()],
    ['type 0', new Uint8Array([0])],
    ['type 255', new Uint8Array([255])],
    ['a reserved type', body('meta').done()],
    [
      'a chain over its limit',
      body('author')
        .fixed(new Uint8Array(CHAIN_BYTES + 1))
        .done(),
    ],
    [
      'an entry over its limit',
      body('entry')
        .fixed(new Uint8Array(ENTRY_BYTES + 1))
        .done(),
    ],
    [
      'presence over its limit',
      body('presence')
        .fixed(new Uint8Array(PRESENCE_BYTES + 1))
        .done(),
    ],
    [
      'more heads than allowed',
      body('ihave')
        .varUint(HEADS_COUNT + 1)
        .done(),
    ],
    ['2^53 - 1 ranges', body('want').varUint(Number.MAX_SAFE_INTEGER).done()],
    [
      'a name that is not UTF-8',
      body('reading')
        .bytes(new Uint8Array([0xff]))
        .fixed(new Uint8Array(64))
        .done(),
    ],
    ['a name of no document', body('reading').bytes(utf8('../x')).fixed(new Uint8Array(64)).done()],
    ['a close code of five digits', body('close').varUint(10_000).done()],
  ])('[FR2] are refused for %s', (_what, bytes) => refused(bytes))

  it.each(['ihave', 'want'] as const)(
    '[FR2] refuse more than 2,000 heads or ranges in %s, complete or not',
    (type) => {
      const log = new ByteWriter().text('index').fixed(new Uint8Array(40)).varUint(1)
      const item = (type === 'want' ? log.varUint(1) : log.fixed(new Uint8Array(32))).done()
      const withItems = (count: number) => {
        const writer = body(type).varUint(count)
        for (let i = 0; i < count; i++) writer.fixed(item)
        return writer.done()
      }
      expect(decodeFrame(withItems(HEADS_COUNT))).toMatchObject({ type })
      refused(withItems(HEADS_COUNT + 1))
    },
  )

  it.each([
    ['from 0', 0, 5],
    ['backwards', 5, 4],
  ])('[FR2] refuse a range %s', (_what, from, to) => {
    const log = new ByteWriter().text('index').fixed(new Uint8Array(40)).varUint(from).varUint(to).done()
    refused(body('want').varUint(1).fixed(log).done())
  })
})

describe('presence payloads', () => {
  it('[FR1] decode to what was encoded', () => {
    fc.assert(
      fc.property(arbitraryPresence, (payload) => {
        expect(decodePresencePayload(encodePresencePayload(payload))).toEqual(payload)
      }),
      RUNS,
    )
  })

  it('[FR2] [F39] are refused for an unknown kind, a colour over 24 bits, a page of no name', () => {
    const facts = (color: number, page: string) =>
      new ByteWriter()
        .u8(0)
        .fixed(new Uint8Array(48))
        .varUint(1)
        .text('Ada')
        .varUint(color)
        .u8(0)
        .text(page)
        .fixed(new Uint8Array(64))
        .done()
    expect(decodePresencePayload(facts(0xffffff, 'index'))).toMatchObject({ name: 'Ada', page: 'index' })
    for (const bytes of [
      facts(0x1000000, ''),
      facts(1, '<script>'),
      new Uint8Array([3, ...new Array(16).fill(0)]),
    ]) {
      expect(() => decodePresencePayload(bytes)).toThrow(MalformedError)
    }
  })
})
