import {
  CLOSE,
  type ClientMessage,
  fromBase64Url,
  type ServerMessage,
  signalingProofMessage,
  toBase64Url,
} from '@parley/protocol'
import { testRoom, testVerify } from '@parley/protocol/testing'
import { describe, expect, it } from 'vitest'
import { GOING_AWAY_SPREAD_MS, PROVE_TIMEOUT_MS, RENEW_AT_LEAST_MS, TOKEN_TIMEOUT_MS } from '../limits.ts'
import { redialDelayMs } from '../overlay/reconnect-policy.ts'
import type { SignalingEvents } from '../ports.ts'
import { seededRandom } from '../testing/seeded-crypto.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import type { Identity } from './identity.ts'
import type { OperatorToken } from './operator-token.ts'
import { SignalingSession } from './signaling-session.ts'

const room = testRoom('signaling session')
const ada = await room.device('owner', 'ada')
const NONCE = new Uint8Array(32).fill(7)
const PEER = 'P'.repeat(22)
const WELCOME: ServerMessage = {
  type: 'welcome',
  peer: PEER,
  peers: [],
  iceServers: [],
  limits: { frameBytes: 65_536, messagesPerSecond: 30 },
}

function makeSession(
  urls = ['ws://Signal.test:8787/v1'],
  token?: OperatorToken,
  random = seededRandom('signaling session'),
) {
  const clock = new VirtualClock()
  const dialled: {
    atMs: number
    url: string
    events: SignalingEvents
    sent: ClientMessage[]
    closed: boolean
  }[] = []
  const told: string[] = []
  const identity = { roomId: room.roomId, chain: ada.chainBytes, signer: ada.key } as unknown as Identity
  const session = new SignalingSession(
    {
      urls,
      identity,
      clock,
      random,
      dial: (url, events) => {
        const one = { atMs: clock.elapsedMs(), url, events, sent: [] as ClientMessage[], closed: false }
        dialled.push(one)
        return {
          send: (message) => void one.sent.push(message),
          close: () => {
            one.closed = true
          },
        }
      },
      delayMs: redialDelayMs,
      token,
    },
    {
      state: ({ name }) => void told.push(name),
      welcome: (self) => void told.push(`welcome ${self}`),
      ice: (servers) => void told.push(`ice ${servers.length}`),
      introduced: (peer) => void told.push(`introduced ${peer}`),
      sample: (peers) => void told.push(`sample ${peers}`),
      signal: (from, sealed) => void told.push(`signal ${from} ${sealed.length}`),
      left: (peer) => void told.push(`left ${peer}`),
    },
  )
  session.start()
  const last = () => dialled.at(-1) as (typeof dialled)[0]
  const up = async () => {
    last().events.open()
    last().events.message({ type: 'challenge', nonce: toBase64Url(NONCE) })
    await clock.settle()
    last().events.message(WELCOME)
    await clock.settle()
  }
  return { clock, session, dialled, told, last, up }
}

describe('with signaling', () => {
  it('[SG2] [SG3] says hello with the chain, and proves its key for the host that it dialled', async () => {
    const { session, last, up, told } = makeSession()
    await up()
    const [hello, proof] = last().sent
    expect(hello).toEqual({ type: 'hello', v: 1, room: room.roomId, chain: toBase64Url(ada.chainBytes) })
    const signature =
      proof?.type === 'proof' ? (fromBase64Url(proof.signature) as Uint8Array) : new Uint8Array()
    const message = signalingProofMessage('signal.test:8787', NONCE, room.roomId)
    expect(testVerify(ada.key.publicKey, message, signature)).toBe(true)
    expect([session.state.name, told]).toEqual(['up', ['dialing', 'up', `welcome ${PEER}`]])
  })

  it('says nothing to peers before it is up, and hands on what comes after', async () => {
    const { session, last, up, told } = makeSession()
    session.more()
    session.signal(PEER as never, Uint8Array.of(1))
    expect(last().sent).toEqual([])
    await up()
    session.more()
    session.signal(PEER as never, Uint8Array.of(1, 2, 3))
    expect(last().sent.slice(2)).toEqual([{ type: 'more' }, { type: 'signal', to: PEER, sealed: 'AQID' }])
    told.length = 0
    const messages: ServerMessage[] = [
      { type: 'introduce', peer: PEER },
      { type: 'sample', peers: [PEER] },
      { type: 'signal', from: PEER, sealed: 'AQID' },
      { type: 'left', peer: PEER },
      { type: 'ice', iceServers: [{ urls: 'turn:a.example' }] },
    ]
    for (const message of messages) last().events.message(message)
    expect(told).toEqual([
      `introduced ${PEER}`,
      `sample ${PEER}`,
      `signal ${PEER} 3`,
      `left ${PEER}`,
      'ice 1',
    ])
  })

  it('[OV4] that is down it is dialled again with backoff, each address in turn, at once when told to', async () => {
    const { clock, session, dialled, last } = makeSession(['ws://a/', 'ws://b/'])
    for (let attempt = 0; attempt < 9; attempt++) {
      last().events.closed(1006)
      expect(session.state.name).toBe('down')
      await clock.runUntil(() => dialled.length === attempt + 2, 60_000)
    }
    const gaps = dialled.slice(1).map(({ atMs }, i) => atMs - (dialled[i]?.atMs as number))
    for (const [i, gapMs] of gaps.entries()) {
      expect(gapMs).toBeGreaterThanOrEqual(redialDelayMs(i, 0))
      expect(gapMs).toBeLessThanOrEqual(redialDelayMs(i, 1))
    }
    expect(dialled.slice(0, 4).map(({ url }) => url)).toEqual(['ws://a/', 'ws://b/', 'ws://a/', 'ws://b/'])
    last().events.closed(1006)
    session.retryNow()
    expect([session.state.name, last().atMs]).toEqual(['dialing', clock.elapsedMs()])
  })

  it('[OV4] that does not answer is given up after a while and dialled again', async () => {
    const { clock, session, dialled } = makeSession()
    await clock.runFor(2 * PROVE_TIMEOUT_MS)
    expect([session.state.name, dialled[0]?.closed]).toEqual(['down', true])
    await clock.runFor(1000)
    expect(dialled.length).toBe(2)
    dialled[0]?.events.open()
    expect(dialled[0]?.sent).toEqual([])
  })

  it.each([
    ['notProven', CLOSE.notProven],
    ['version', CLOSE.version],
    ['revoked', CLOSE.revoked],
  ])('a refusal that stays is not tried again: %s', async (reason, code) => {
    const { clock, session, dialled, last } = makeSession()
    last().events.open()
    last().events.message({ type: 'refused', code, reason: '' })
    expect(session.state).toEqual({ name: 'refused', reason })
    last().events.closed(code)
    await clock.runFor(600_000)
    expect([dialled.length, dialled[0]?.closed]).toEqual([1, true])
  })

  it('that is full or too busy is tried again; one that was closed here is not', async () => {
    for (const code of [CLOSE.full, CLOSE.rate, CLOSE.goingAway]) {
      const { clock, dialled, last } = makeSession()
      last().events.closed(code)
      await clock.runFor(600 + (code === CLOSE.goingAway ? GOING_AWAY_SPREAD_MS : 0))
      expect(dialled.length).toBe(2)
    }
    const { clock, session, dialled, told } = makeSession()
    session.close()
    dialled[0]?.events.closed(1000)
    await clock.runFor(600_000)
    expect([dialled.length, session.state.name, told]).toEqual([1, 'closed', ['dialing', 'closed']])
  })
})

describe('a server that goes away', () => {
  it('[SG22] is left for the next address, by its clients one after the other', async () => {
    const waits: number[] = []
    const random = seededRandom('going away')
    for (let i = 0; i < 100; i++) {
      const { clock, dialled, last, up, session } = makeSession(['ws://a/', 'ws://b/'], undefined, random)
      await up()
      const atMs = clock.elapsedMs()
      last().events.closed(CLOSE.goingAway)
      expect(session.state.name).toBe('down')
      await clock.runUntil(() => dialled.length === 2, 10_000)
      expect(last().url).toBe('ws://b/')
      waits.push(last().atMs - atMs)
    }
    for (let fromMs = 500; fromMs < GOING_AWAY_SPREAD_MS; fromMs += 1000) {
      const inThisSecond = waits.filter((wait) => wait >= fromMs && wait < fromMs + 1000).length
      expect(inThisSecond).toBeGreaterThan(5)
      expect(inThisSecond).toBeLessThan(40)
    }
  })
})

describe("with an operator's token", () => {
  /** As a provider makes them, but for the signature. */
  const tokenUntil = (endMs: number, name = '') =>
    `AA.${btoa(JSON.stringify({ exp: endMs / 1000, name })).replaceAll('=', '')}.AA`
  const helloOf = (one: { readonly sent: readonly ClientMessage[] }) =>
    one.sent[0] as ClientMessage & { type: 'hello' }

  it('[SG15] that is a text says it in every hello, and is refused for good', async () => {
    const { clock, session, last, up, dialled } = makeSession(undefined, 'a token')
    await clock.settle()
    await up()
    expect(helloOf(last()).token).toBe('a token')
    last().events.closed(1006)
    await clock.runFor(1000)
    last().events.open()
    expect(helloOf(last()).token).toBe('a token')
    last().events.message({ type: 'refused', code: CLOSE.notProven, reason: '' })
    await clock.runFor(600_000)
    expect([session.state.name, dialled.length]).toEqual(['refused', 2])
  })

  it('asks before it dials, with the address, and sends none where there is none', async () => {
    const asked: string[] = []
    const { clock, last, dialled } = makeSession(['ws://a/', 'ws://b/'], async (url) => {
      asked.push(url)
      return url === 'ws://a/' ? null : 'for b'
    })
    expect(dialled.length).toBe(0)
    await clock.settle()
    last().events.open()
    expect('token' in helloOf(last())).toBe(false)
    last().events.closed(1006)
    await clock.runFor(1000)
    last().events.open()
    expect([helloOf(last()).token, asked]).toEqual(['for b', ['ws://a/', 'ws://b/']])
  })

  it('tries again when there is none to be had, or none in time', async () => {
    let asked = 0
    const answers = [
      () => Promise.reject(new Error('no network')),
      () => new Promise<string>(() => undefined),
    ]
    const token = () => answers[asked++]?.() ?? Promise.resolve('at last')
    const { clock, session, dialled, up } = makeSession(undefined, token)
    await clock.settle()
    expect([session.state.name, asked, dialled.length]).toEqual(['down', 1, 0])
    await clock.runFor(1000)
    expect([session.state.name, asked, dialled.length]).toEqual(['dialing', 2, 0])
    await clock.runFor(TOKEN_TIMEOUT_MS)
    await clock.runUntil(() => dialled.length === 1, 5000)
    await up()
    expect([session.state.name, asked]).toEqual(['up', 3])
  })

  it('[SG19] sends a new one before the last one ends, and goes on when one cannot be had', async () => {
    const names = ['first', 'second', 'third', 'fourth']
    let asked = 0
    const made: ReturnType<typeof makeSession> = makeSession(undefined, async () => {
      const name = names[asked++]
      // Asked for the first time while `made` is being made.
      await null
      if (name === 'second') throw new Error('no network')
      return tokenUntil(made.clock.nowMs() + 300_000, name)
    })
    const { clock, last, up } = made
    await clock.settle()
    await up()
    const renewed = () => last().sent.filter((message) => message.type === 'renew').length
    await clock.runFor(269_000)
    expect([asked, renewed()]).toEqual([1, 0])
    await clock.runFor(2_000)
    expect([asked, renewed()]).toEqual([2, 0])
    await clock.runFor(RENEW_AT_LEAST_MS)
    expect([asked, renewed()]).toEqual([3, 1])
    await clock.runFor(270_000)
    expect([asked, renewed()]).toEqual([4, 2])
    made.session.close()
    await clock.runFor(600_000)
    expect(asked).toBe(4)
  })

  it('asks for another one when the server says that it ended, and no more when a new one is refused', async () => {
    let asked = 0
    const { clock, session, dialled, last, up } = makeSession(undefined, async () => `opaque ${asked++}`)
    await clock.settle()
    await up()
    last().events.message({ type: 'refused', code: CLOSE.notProven, reason: '' })
    expect(session.state.name).toBe('down')
    await clock.runUntil(() => dialled.length === 2, 5000)
    last().events.open()
    expect(helloOf(last()).token).toBe('opaque 1')
    last().events.message({ type: 'refused', code: CLOSE.notProven, reason: '' })
    await clock.runFor(600_000)
    expect([session.state.name, dialled.length, asked]).toEqual(['refused', 2, 2])
  })

  it('that comes after the room was closed is for nobody', async () => {
    let give: (token: string) => void = () => undefined
    const token = () =>
      new Promise<string>((resolve) => {
        give = resolve
      })
    const { clock, session, dialled } = makeSession(undefined, token)
    session.close()
    give('late')
    await clock.runFor(600_000)
    expect([session.state.name, dialled.length]).toEqual(['closed', 0])
  })
})
