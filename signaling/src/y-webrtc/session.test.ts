import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../limits.ts'
import { type TopicEffect, type TopicRight, TopicSession } from './session.ts'
import { Topics } from './topics.ts'

const PAIR = `parley-pair-${'r'.repeat(22)}`
const START_MS = 1_700_000_000_000
const NONE: TopicRight = { kind: 'none' }
const ALL: TopicRight = { kind: 'token', rooms: ['*'], untilMs: START_MS + 1000 }

function makeHouse(mayTakePlace = true) {
  const clock = { nowMs: START_MS }
  const opened: string[] = []
  const closed: string[] = []
  const topics = new Topics<string>(DEFAULT_LIMITS, {
    opened: (topic) => opened.push(topic),
    closed: (topic) => closed.push(topic),
  })
  const context = { topics, expiryGraceMs: 20_000, nowMs: () => clock.nowMs }
  const enter = (self: string, right: TopicRight) => {
    const effects: TopicEffect<string>[] = []
    const emit = (effect: TopicEffect<string>) => effects.push(effect)
    const session = new TopicSession(context, { self, right, emit, takePlace: () => mayTakePlace })
    session.start()
    const say = (message: unknown) => session.handleText(JSON.stringify(message))
    return {
      session,
      effects,
      say,
      subscribe: (...names: string[]) => say({ type: 'subscribe', topics: names }),
    }
  }
  return { clock, topics, opened, closed, enter }
}

const codeOf = (effects: readonly TopicEffect<string>[]) => {
  const last = effects.at(-1)
  return last?.type === 'refuse' ? last.code : null
}

describe('a connection on /y-webrtc', () => {
  it('[YW1] hands what is published to all who listen, the publisher included, and to nobody after they left', () => {
    const house = makeHouse()
    const [a, b, c] = ['a', 'b', 'c'].map((name) => house.enter(name, ALL)) as [Peer, Peer, Peer]
    for (const one of [a, b, c]) one.subscribe('doc')
    c.say({ type: 'unsubscribe', topics: ['doc', 'unknown'] })
    a.say({ type: 'publish', topic: 'doc', data: 1 })
    const effect = a.effects[0]
    if (effect?.type !== 'deliver') throw new Error('nothing delivered')
    expect([...effect.to]).toEqual(['a', 'b'])
    expect(JSON.parse(effect.text)).toEqual({ type: 'publish', topic: 'doc', data: 1, clients: 2 })
    a.session.handleClosed()
    b.session.handleClosed()
    expect(house.topics.topicCount).toBe(0)
    expect([house.opened, house.closed]).toEqual([['doc'], ['doc']])
  })

  it('[YW1] answers a ping, listening or not', () => {
    const { effects, say } = makeHouse().enter('a', NONE)
    say({ type: 'ping' })
    expect(effects).toEqual([{ type: 'pong' }])
  })

  it('[YW2] pairs without a token, on a topic that nobody guesses, and few at a time', () => {
    const house = makeHouse()
    for (let i = 0; i < 8; i++) {
      const { effects, subscribe } = house.enter(String(i), NONE)
      subscribe(PAIR)
      expect(effects).toEqual([])
    }
    const ninth = house.enter('ninth', NONE)
    ninth.subscribe(PAIR)
    expect(codeOf(ninth.effects)).toBe(4423)
    expect(house.topics.subscribers(PAIR).size).toBe(8)
  })

  it.each(['doc', 'parley-pair-', `parley-pair-${'r'.repeat(21)}`, `x${PAIR}`, `${PAIR}!`])(
    '[YW2] without a token refuses %s',
    (name) => {
      const house = makeHouse()
      const { effects, subscribe } = house.enter('a', NONE)
      subscribe(PAIR, name)
      expect(codeOf(effects)).toBe(4401)
      expect(house.topics.topicCount).toBe(0)
    },
  )

  it('[YW3] with a token listens to what it names and to nothing whose name only begins so', () => {
    const right: TopicRight = { kind: 'token', rooms: ['doc'], untilMs: START_MS + 1000 }
    for (const [name, code] of [
      ['doc', null],
      ['documents', 4401],
      ['do', 4401],
    ] as const) {
      const { effects, subscribe } = makeHouse().enter('a', right)
      subscribe(name)
      expect({ name, code: codeOf(effects) }).toEqual({ name, code })
    }
  })

  it('[YW3] refuses a token that does not hold at once, and one that has ended', () => {
    const house = makeHouse()
    expect(codeOf(house.enter('a', { kind: 'refused' }).effects)).toBe(4401)
    const late = house.enter('b', ALL)
    house.clock.nowMs += 1000
    late.subscribe('doc')
    expect(codeOf(late.effects)).toBe(4401)
  })

  it('[YW3] closes after the grace, when a token ends', () => {
    const house = makeHouse()
    const { session, effects, subscribe } = house.enter('a', ALL)
    subscribe('doc')
    house.clock.nowMs = START_MS + 21_000
    session.handleHeartbeat()
    expect(effects).toEqual([])
    house.clock.nowMs++
    session.handleHeartbeat()
    expect(codeOf(effects)).toBe(4401)
    expect(house.topics.topicCount).toBe(0)
  })

  it('[YW1] drops what somebody publishes who does not listen', () => {
    const house = makeHouse()
    house.enter('a', ALL).subscribe('doc')
    const { effects, say } = house.enter('b', ALL)
    say({ type: 'publish', topic: 'doc', data: 1 })
    expect(effects).toEqual([{ type: 'dropped' }])
  })

  it('[YW5] listens to 64 topics, and to no more', () => {
    const { effects, subscribe } = makeHouse().enter('a', ALL)
    subscribe(...Array.from({ length: 64 }, (_, i) => `t${i}`))
    subscribe('t1')
    expect(effects).toEqual([])
    subscribe('one more')
    expect(codeOf(effects)).toBe(4413)
  })

  it('[YW5] a topic has 200 listeners, and no more', () => {
    const house = makeHouse()
    for (let i = 0; i < 200; i++) house.enter(String(i), ALL).subscribe('doc')
    const last = house.enter('last', ALL)
    last.subscribe('doc')
    expect(codeOf(last.effects)).toBe(4423)
  })

  it('[YW5] refuses when the address has no place left, and whoever never listens', () => {
    const crowded = makeHouse(false).enter('a', ALL)
    crowded.subscribe('doc')
    expect(codeOf(crowded.effects)).toBe(4429)
    const silent = makeHouse().enter('a', ALL)
    silent.subscribe()
    silent.session.handleTimeout()
    expect(codeOf(silent.effects)).toBe(4408)
    const listening = makeHouse().enter('a', ALL)
    listening.subscribe('doc')
    listening.session.handleTimeout()
    expect(listening.effects).toEqual([])
  })
})

type Peer = ReturnType<ReturnType<typeof makeHouse>['enter']>
