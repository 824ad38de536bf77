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
import { PROVE_TIMEOUT_MS } from '../limits.ts'
import { redialDelayMs } from '../overlay/reconnect-policy.ts'
import type { SignalingEvents } from '../ports.ts'
import { seededRandom } from '../testing/seeded-crypto.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import type { Identity } from './identity.ts'
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

function makeSession(urls = ['ws://Signal.test:8787/v1']) {
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
      random: seededRandom('signaling session'),
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
    },
    {
      state: ({ name }) => void told.push(name),
      welcome: (self) => void told.push(`welcome ${self}`),
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
    ]
    for (const message of messages) last().events.message(message)
    expect(told).toEqual([`introduced ${PEER}`, `sample ${PEER}`, `signal ${PEER} 3`, `left ${PEER}`])
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
      await clock.runFor(600)
      expect(dialled.length).toBe(2)
    }
    const { clock, session, dialled, told } = makeSession()
    session.close()
    dialled[0]?.events.closed(1000)
    await clock.runFor(600_000)
    expect([dialled.length, session.state.name, told]).toEqual([1, 'closed', ['dialing', 'closed']])
  })
})
