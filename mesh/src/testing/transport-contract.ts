/** What real transports keep to; runs under Vitest in Node and under Mocha in a browser alike. */
import type { ConnectTransport, SignalData, Transport, TransportEvents, TransportOptions } from '../ports.ts'
import { assert, assertEqual, failureOf } from './assert.ts'
import type { TestFrame } from './storage-contract.ts'

const LOW_WATER_BYTES = 32 * 1024
const LARGEST_BYTES = 16 * 1024 + 64

const DEAF: TransportEvents = {
  signal: () => undefined,
  open: () => undefined,
  message: () => undefined,
  writable: () => undefined,
  closed: () => undefined,
}

/** One end, which remembers what happened to it and wakes whoever waits for it. */
class End {
  readonly transport: Transport
  readonly signals: SignalData[] = []
  readonly messages: Uint8Array[] = []
  readonly log: string[] = []
  partner: End | null = null
  #wake: () => void = () => undefined

  constructor(connect: ConnectTransport, options: Partial<TransportOptions> = {}) {
    const settings = { initiator: false, iceServers: [], lowWaterBytes: LOW_WATER_BYTES, ...options }
    this.transport = connect(settings, {
      signal: (data) => {
        this.signals.push(data)
        // As signaling does: in text, and later.
        const text = JSON.stringify(data)
        queueMicrotask(() => this.partner?.transport.signal(JSON.parse(text) as SignalData))
      },
      open: () => this.#note('open'),
      message: (bytes) => {
        this.messages.push(bytes)
        this.#note('message')
      },
      writable: () => this.#note('writable'),
      closed: (error) => this.#note(error ? 'closed by the other side' : 'closed by us'),
    })
  }

  #note(what: string): void {
    this.log.push(what)
    this.#wake()
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  count(what: string): number {
    return this.log.filter((line) => line === what).length
  }
}

async function connected(connect: ConnectTransport): Promise<readonly [End, End]> {
  const [a, b] = [new End(connect, { initiator: true }), new End(connect)]
  a.partner = b
  b.partner = a
  await Promise.all([a, b].map((end) => end.until(() => end.count('open') === 1)))
  return [a, b]
}

async function disconnect(a: End, b: End): Promise<void> {
  a.transport.close()
  b.transport.close()
  await Promise.all([a, b].map((end) => end.until(() => end.log.some((line) => line.startsWith('closed')))))
}

function sdpsOf(end: End): string[] {
  return end.signals.flatMap((data) => (data.type === 'candidate' ? [] : [data.sdp]))
}

export function describeTransport(frame: TestFrame, name: string, connect: ConnectTransport): void {
  describeExchange(frame, name, connect)
  describePaths(frame, name, connect)
  describeEndings(frame, name, connect)
}

function describeExchange({ describe, it }: TestFrame, name: string, connect: ConnectTransport): void {
  describe(`Transport, open: ${name}`, () => {
    it('connects two ends; each description names one SHA-256 certificate', async () => {
      const [a, b] = await connected(connect)
      for (const end of [a, b]) {
        const sdps = sdpsOf(end)
        assertEqual(sdps.length, 1, 'descriptions')
        const found = new Set(sdps[0]?.match(/a=fingerprint:sha-256 [0-9A-F:]{95}/gi))
        assertEqual(found.size, 1, 'fingerprints')
        for (const data of end.signals) {
          if (data.type !== 'candidate') continue
          const unknown = Object.keys(data.candidate).filter(
            (key) => !['candidate', 'sdpMid', 'sdpMLineIndex', 'usernameFragment'].includes(key),
          )
          assertEqual(unknown.join(), '', 'fields beside those that the protocol knows')
        }
      }
      assert(sdpsOf(a)[0] !== sdpsOf(b)[0], 'two certificates')
      await disconnect(a, b)
    })

    it('carries messages both ways, whole and in order, up to a chunk with its header', async () => {
      const [a, b] = await connected(connect)
      for (let i = 0; i < 200; i++) a.transport.send(Uint8Array.of(i))
      b.transport.send(new Uint8Array(LARGEST_BYTES).fill(7))
      b.transport.send(new Uint8Array(0))
      b.transport.send(Uint8Array.of(1, 2, 3))
      await b.until(() => b.messages.length === 200)
      await a.until(() => a.messages.length === 3)
      assertEqual(a.messages[1]?.length, 0, 'bytes of the empty message')
      assert(
        b.messages.every((bytes, i) => bytes.length === 1 && bytes[0] === i),
        'in order',
      )
      assertEqual(a.messages[0]?.length, LARGEST_BYTES, 'bytes')
      assertEqual(a.messages.at(-1)?.join(), '1,2,3')
      const copy = a.messages[0]?.slice(0, 1) ?? new Uint8Array()
      copy[0] = 0
      assertEqual(a.messages[0]?.[0], 7, 'slice copies')
      await disconnect(a, b)
    })

    it('tells when the buffer has fallen to the low mark', async () => {
      const [a, b] = await connected(connect)
      const chunk = new Uint8Array(LARGEST_BYTES)
      let sentCount = 0
      // Where the stack takes everything at once, only a flood fills the buffer.
      while (a.transport.bufferedBytes() <= 4 * LOW_WATER_BYTES && sentCount < 2_000) {
        a.transport.send(chunk)
        sentCount++
      }
      assert(a.transport.bufferedBytes() > LOW_WATER_BYTES, 'the buffer fills')
      await a.until(() => a.count('writable') > 0)
      assert(a.transport.bufferedBytes() <= LOW_WATER_BYTES, 'at or below the low mark')
      await b.until(() => b.messages.length === sentCount)
      await disconnect(a, b)
    })
  })
}

function describePaths({ describe, it }: TestFrame, name: string, connect: ConnectTransport): void {
  describe(`Transport, path: ${name}`, () => {
    it('tells that the path is direct, and takes other ICE servers while it is used', async () => {
      const unused = connect({ initiator: false, iceServers: [], lowWaterBytes: 0 }, DEAF)
      assertEqual(await unused.path(), null, 'a path before there is one')
      unused.close()
      const [a, b] = await connected(connect)
      a.transport.setIceServers([{ urls: 'turn:relay.test:3478', username: 'u', credential: 'c' }])
      let path = await b.transport.path()
      while (path === null) path = await b.transport.path()
      assertEqual(path.kind, 'direct')
      assert(path.roundTripMs === null || path.roundTripMs >= 0, 'a round trip')
      b.transport.send(Uint8Array.of(1))
      await a.until(() => a.messages.length === 1)
      await disconnect(a, b)
      assertEqual(await a.transport.path(), null, 'a path after the end')
    })
  })
}

function describeEndings({ describe, it }: TestFrame, name: string, connect: ConnectTransport): void {
  describe(`Transport, ending: ${name}`, () => {
    it('throws on what nobody may do: a larger message, a message before open or after the end', async () => {
      const early = new End(connect, { initiator: true })
      assert((await failureOf(() => early.transport.send(new Uint8Array(1)))) instanceof Error, 'before open')
      early.transport.close()
      const [a, b] = await connected(connect)
      const tooLarge = await failureOf(() => a.transport.send(new Uint8Array(LARGEST_BYTES + 1)))
      assert(tooLarge instanceof RangeError, 'RangeError')
      await disconnect(a, b)
      assert((await failureOf(() => a.transport.send(new Uint8Array(1)))) instanceof Error, 'after the end')
    })

    it('says once that it closed, to each side what it needs to know; last words arrive', async () => {
      const [a, b] = await connected(connect)
      b.transport.send(Uint8Array.of(1))
      await a.until(() => a.messages.length === 1)
      // More than a congestion window has room for: the last words have to wait for the wire.
      for (let i = 0; i < 60; i++) a.transport.send(new Uint8Array(15_000))
      a.transport.send(Uint8Array.of(9))
      a.transport.close()
      a.transport.close()
      await a.until(() => a.count('closed by us') === 1)
      await b.until(() => b.count('closed by the other side') === 1)
      assertEqual(b.messages.at(-1)?.slice(0, 4).join(), '9', 'the last words')
      b.transport.close()
      const answer = sdpsOf(b)[0] ?? ''
      for (const end of [a, b]) {
        end.transport.signal({ type: 'answer', sdp: answer })
        end.transport.signal({ type: 'candidate', candidate: { candidate: '' } })
      }
      await Promise.resolve()
      assertEqual(
        [a, b].map((end) => end.log.filter((line) => line.startsWith('closed')).length).join(),
        '1,1',
      )
    })

    it('closes with an error on a description that cannot be parsed, without throwing', async () => {
      const end = new End(connect)
      end.transport.signal({ type: 'offer', sdp: 'v=0\r\nnonsense' })
      await end.until(() => end.log.length > 0)
      assertEqual(end.log.join(), 'closed by the other side')
    })

    it('does not throw on a candidate that belongs nowhere: stacks ignore it or close', async () => {
      const [a, b] = await connected(connect)
      a.transport.signal({ type: 'candidate', candidate: { candidate: 'nonsense' } })
      await disconnect(a, b)
      assertEqual(a.log.filter((line) => line.startsWith('closed')).length, 1, 'closed')
    })
  })
}
