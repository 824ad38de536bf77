import { describe, expect, it } from 'vitest'
import type { SignalData, Transport, TransportEvents } from '../ports.ts'
import { seededRandom } from './seeded-crypto.ts'
import { VirtualClock } from './virtual-clock.ts'
import { type NetworkOptions, VirtualNetwork } from './virtual-network.ts'

interface End {
  transport: Transport
  readonly seen: string[]
}

function newNetwork(seed: number, options: Partial<NetworkOptions> = {}) {
  const clock = new VirtualClock(0)
  const random = seededRandom(seed)
  const network = new VirtualNetwork(clock, random, { latencyMs: () => 10, ...options })
  return { clock, random, network }
}
type Net = ReturnType<typeof newNetwork>
/** `null` loses it. */
type Carry = (data: SignalData, to: 'a' | 'b') => SignalData | null

/** Connects `a` to `b`; whatever they signal is carried to the other end after 1 ms. */
function connect(net: Net, a: string, b: string, carry: Carry = (data) => data): [End, End] {
  const make = (name: string, initiator: boolean, peer: () => End, to: 'a' | 'b'): End => {
    const seen: string[] = []
    const events: TransportEvents = {
      signal: (data) => {
        const carried = carry(data, to)
        if (carried) net.clock.after(1, () => peer().transport.signal(carried))
      },
      open: () => seen.push('open'),
      message: (bytes) => seen.push(new TextDecoder().decode(bytes)),
      writable: () => seen.push('writable'),
      closed: (error) => seen.push(`closed ${error?.message ?? 'by us'}`),
    }
    const options = { initiator, iceServers: [], lowWaterBytes: 1000 }
    return { seen, transport: net.network.connectFor(name)(options, events) }
  }
  const first: End = make(a, true, () => second, 'b')
  const second: End = make(b, false, () => first, 'a')
  return [first, second]
}

async function connected(net: Net, a = 'anna', b = 'ben'): Promise<[End, End]> {
  const ends = connect(net, a, b)
  await net.clock.runUntil(() => ends.every((end) => end.seen.includes('open')), 1000)
  return ends
}

const text = (value: string) => new TextEncoder().encode(value)

describe('VirtualNetwork', () => {
  it('connects two ends, and carries messages both ways in order', async () => {
    const net = newNetwork(1, { latencyMs: seededRandom('x').fraction })
    const [a, b] = await connected(net)
    for (let i = 0; i < 20; i++) a.transport.send(text(`m${i}`))
    b.transport.send(text('back'))
    await net.clock.runFor(100)
    expect(b.seen).toEqual(['open', ...Array.from({ length: 20 }, (_, i) => `m${i}`)])
    expect(a.seen).toEqual(['open', 'back'])
    expect(net.network.links()).toEqual([['anna', 'ben']])
  })

  it('delivers a copy: what the sender does to its bytes afterwards does not travel', async () => {
    const net = newNetwork(1)
    const [a, b] = await connected(net)
    const bytes = text('one')
    a.transport.send(bytes)
    bytes.set(text('two'))
    await net.clock.runFor(100)
    expect(b.seen).toContain('one')
  })

  it('throws on messages over a chunk, and before the channel is open', async () => {
    const net = newNetwork(1)
    const [early] = connect(net, 'anna', 'ben')
    expect(() => early.transport.send(text('x'))).toThrow('not open')
    const [a] = await connected(net, 'cleo', 'dan')
    expect(() => a.transport.send(new Uint8Array(16 * 1024 + 65))).toThrow(RangeError)
    a.transport.send(new Uint8Array(16 * 1024 + 64))
  })

  it('fails on both sides when a fingerprint was swapped on the way, whichever', async () => {
    for (const swapped of ['offer', 'answer'] as const) {
      const net = newNetwork(2)
      const foreign = 'AB:'.repeat(31).concat('AB')
      const ends = connect(net, 'anna', 'ben', (data) =>
        data.type === swapped
          ? { ...data, sdp: data.sdp.replace(/sha-256 .*/, `sha-256 ${foreign}\r`) }
          : data,
      )
      await net.clock.runFor(1000)
      for (const end of ends) {
        expect(end.seen).toEqual(['closed the certificate is not the one that was promised'])
      }
    }
  })

  it('verifies the last of several fingerprints, as browsers do', async () => {
    const wrong = `a=fingerprint:sha-256 ${'AB:'.repeat(31).concat('AB')}\r\n`
    const net = newNetwork(2)
    const ends = connect(net, 'anna', 'ben', (data) =>
      data.type === 'offer'
        ? { ...data, sdp: data.sdp.replace('a=fingerprint', `${wrong}a=fingerprint`) }
        : data,
    )
    await net.clock.runFor(1000)
    expect(ends.map((end) => end.seen)).toEqual([['open'], ['open']])
  })

  it('a foreign re-offer that is let through takes a live connection over', async () => {
    const net = newNetwork(3)
    let mallory: Transport | null = null
    const ends = connect(net, 'anna', 'ben', (data, to) => {
      if (to === 'a' && mallory) mallory.signal(data)
      return to === 'a' && mallory ? null : data
    })
    const [anna, ben] = ends
    await net.clock.runUntil(() => ends.every((end) => end.seen.includes('open')), 1000)
    const heard: string[] = []
    mallory = net.network.connectFor('mallory')(
      { initiator: true, iceServers: [], lowWaterBytes: 1000 },
      {
        signal: (data) => ben.transport.signal(data),
        open: () => heard.push('open'),
        message: (bytes) => heard.push(new TextDecoder().decode(bytes)),
        writable: () => heard.push('writable'),
        closed: () => heard.push('closed'),
      },
    )
    await net.clock.runFor(200)
    ben.transport.send(text('secret'))
    await net.clock.runFor(20_000)
    expect(heard).toEqual(['open', 'secret'])
    expect(ben.seen).toEqual(['open'])
    expect(anna.seen).toEqual(['open', 'closed the ICE connection failed'])
  })

  it('holds messages while the way is blocked, delivers them when it is free again within 16 s', async () => {
    const net = newNetwork(4)
    const [a, b] = await connected(net)
    a.transport.send(text('on the way'))
    net.network.partition([['anna'], ['ben']])
    a.transport.send(text('held'))
    expect(a.transport.bufferedBytes()).toBe(4)
    await net.clock.runFor(15_000)
    expect(b.seen).toEqual(['open'])
    net.network.heal()
    await net.clock.runFor(20_000)
    expect(b.seen).toEqual(['open', 'on the way', 'held'])
    expect(a.seen).toEqual(['open'])
  })

  it('closes both sides with an error after 16 s of partition, once', async () => {
    const net = newNetwork(4)
    const ends = await connected(net)
    net.network.partition([['anna']])
    await net.clock.runFor(16_001)
    net.network.heal()
    await net.clock.runFor(20_000)
    for (const end of ends) expect(end.seen).toEqual(['open', 'closed the ICE connection failed'])
  })

  it('connects after a partition that fell into the handshake', async () => {
    const net = newNetwork(4)
    const ends = connect(net, 'anna', 'ben')
    await net.clock.runFor(20)
    net.network.block('anna', 'ben')
    await net.clock.runFor(5_000)
    expect(ends.map((end) => end.seen)).toEqual([[], []])
    net.network.heal()
    await net.clock.runFor(1_000)
    expect(ends.map((end) => end.seen)).toEqual([['open'], ['open']])
  })

  it('gives up after 16 s when no candidate comes through', async () => {
    const net = newNetwork(4)
    const ends = connect(net, 'anna', 'ben', (data) => (data.type === 'candidate' ? null : data))
    await net.clock.runFor(17_000)
    for (const end of ends) expect(end.seen).toEqual(['closed the ICE connection failed'])
  })

  it('what was sent before close arrives, then the close', async () => {
    const net = newNetwork(5)
    const [a, b] = await connected(net)
    a.transport.send(text('last words'))
    a.transport.close()
    a.transport.close()
    b.transport.send(text('too late'))
    await net.clock.runFor(20_000)
    expect(a.seen).toEqual(['open', 'closed by us'])
    expect(b.seen).toEqual(['open', 'last words', 'closed closed by the other side'])
    b.transport.signal({ type: 'answer', sdp: '' })
    expect(net.network.links()).toEqual([])
  })

  it('a killed host says nothing; the others notice after 16 s', async () => {
    const net = newNetwork(6)
    const [a, b] = await connected(net)
    const connectOfOldLife = net.network.connectFor('ben')
    net.network.killHost('ben')
    await net.clock.runFor(15_900)
    expect(a.seen).toEqual(['open'])
    await net.clock.runFor(200)
    expect(a.seen).toEqual(['open', 'closed the ICE connection failed'])
    expect(b.seen).toEqual(['open'])
    const fail = () => expect.unreachable('an event at a dead host')
    const dead = { signal: fail, open: fail, message: fail, writable: fail, closed: fail }
    connectOfOldLife({ initiator: true, iceServers: [], lowWaterBytes: 0 }, dead)
    await net.clock.runFor(100)
    await connected(net)
  })

  it('cutLink ends the connection on both sides at once', async () => {
    const net = newNetwork(6)
    const ends = await connected(net)
    net.network.cutLink('ben', 'anna')
    await net.clock.runFor(0)
    for (const end of ends) expect(end.seen).toEqual(['open', 'closed the link was cut'])
    await connected(net)
  })

  it('with a bandwidth, bytes wait in the buffer and writable tells when they are below the low mark', async () => {
    const net = newNetwork(7, { bytesPerSecond: 1_000_000 })
    const [a, b] = await connected(net)
    for (let i = 0; i < 5; i++) a.transport.send(new Uint8Array(1000))
    expect(a.transport.bufferedBytes()).toBe(5000)
    await net.clock.runFor(3)
    expect(a.seen).toEqual(['open'])
    await net.clock.runFor(1)
    expect(a.seen).toEqual(['open', 'writable'])
    expect(a.transport.bufferedBytes()).toBe(1000)
    await net.clock.runFor(100)
    expect(b.seen).toHaveLength(6)
  })

  it('a stalled host does not hold its senders up', async () => {
    const net = newNetwork(8)
    const [a, b] = await connected(net)
    net.network.stall('ben', 4000)
    for (let i = 0; i < 3; i++) a.transport.send(new Uint8Array(1000))
    await net.clock.runFor(3900)
    expect([a.transport.bufferedBytes(), b.seen.length]).toEqual([0, 1])
    await net.clock.runFor(200)
    expect(b.seen).toHaveLength(4)
  })

  it('equal seeds give equal traces, other seeds other ones', async () => {
    const run = async (seed: number): Promise<string[]> => {
      const lines: string[] = []
      const { fraction } = seededRandom(`latency ${seed}`)
      const net = newNetwork(seed, {
        latencyMs: () => 5 + fraction() * 50,
        trace: (line) => lines.push(line),
      })
      const ends = await Promise.all([connect(net, 'a', 'b'), connect(net, 'b', 'c'), connect(net, 'c', 'a')])
      await net.clock.runFor(1000)
      for (const [first, second] of ends) {
        first.transport.send(text('hello'))
        second.transport.send(text('hi'))
      }
      net.network.partition([['a']])
      await net.clock.runFor(20_000)
      return lines
    }
    const first = await run(11)
    expect(first).toHaveLength(5)
    expect(await run(11)).toEqual(first)
    expect(await run(12)).not.toEqual(first)
  })
})
