import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatPublish, isShallow, parseYWebrtcMessage } from './messages.ts'

const parse = (message: unknown) => parseYWebrtcMessage(JSON.stringify(message))
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])

describe('messages of y-webrtc', () => {
  it.each([
    { type: 'subscribe', topics: ['a', 'b'] },
    { type: 'unsubscribe', topics: [] },
    { type: 'publish', topic: 'a', data: { type: 'announce', from: 'x' } },
    { type: 'publish', topic: 'a', data: 'AAAA' },
    { type: 'ping' },
  ])('are read: $type', (message) => {
    expect(parse(message)).toEqual(message)
  })

  it.each([
    ['nothing', ''],
    ['no JSON', '{oops'],
    ['null', 'null'],
    ['a list', '[]'],
    ['topics that are no list', '{"type":"subscribe","topics":5}'],
    ['a topic that is no text', '{"type":"subscribe","topics":[5]}'],
    ['an empty topic', '{"type":"subscribe","topics":[""]}'],
    ['a long topic', JSON.stringify({ type: 'subscribe', topics: ['t'.repeat(257)] })],
    ['65 topics', JSON.stringify({ type: 'subscribe', topics: new Array(65).fill('t') })],
    ['a publish without a topic', '{"type":"publish","data":1}'],
    ['another type', '{"type":"constructor"}'],
    ['deep data', JSON.stringify({ type: 'publish', topic: 'a', data: nested(17) })],
    ['very deep data', `{"type":"publish","topic":"a","data":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
    ['a prototype for a message', '{"__proto__":{"type":"ping"}}'],
  ])('[YW4] [F10] are refused for %s', (_what, text) => {
    expect(parseYWebrtcMessage(text)).toBeNull()
  })

  it('[YW4] never throw, whatever the text', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseYWebrtcMessage(text)))
    fc.assert(fc.property(fc.json(), (text) => void parseYWebrtcMessage(text)))
  })

  it('[YW1] are handed on with the number of listeners and nothing that was not asked for', () => {
    const message = parse({ type: 'publish', topic: 'a', data: { x: [1] }, clients: 99, other: true })
    if (message?.type !== 'publish') throw new Error('not read')
    expect(JSON.parse(formatPublish(message, 3))).toEqual({
      type: 'publish',
      topic: 'a',
      data: { x: [1] },
      clients: 3,
    })
  })

  it('count levels up to the limit and no further', () => {
    expect([isShallow(nested(3), 3), isShallow(nested(4), 3), isShallow({ a: { b: null } }, 2)]).toEqual([
      true,
      false,
      true,
    ])
  })
})
