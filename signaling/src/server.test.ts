import { encodeChain, toBase64Url } from '@parley/protocol'
import { testRoom } from '@parley/protocol/testing'
import { afterEach, describe, expect, it } from 'vitest'
import type { Config } from './config.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { type RunningServer, startServer } from './server.ts'
import { hostOfServer, join, TestClient, upgradeStatus } from './testing/test-client.ts'

const NOT_ADMITTED = { code: 4401, reason: 'not admitted to this room' }
const room = testRoom('server')
const owner = await room.device('owner')
let server: RunningServer

async function start(limits: Partial<Limits> = {}, config: Partial<Config> = {}): Promise<void> {
  server = await startServer({
    port: 0,
    logLevel: 'silent',
    ...config,
    limits: { ...DEFAULT_LIMITS, ...limits },
  })
}

async function refusalOfHello(chainBytes: Uint8Array): Promise<{ code: number; reason: string }> {
  const client = await TestClient.connect(server)
  client.hello(room, chainBytes)
  return client.refusal()
}

async function challenged(headers: Record<string, string> = {}) {
  const client = await TestClient.connect(server, headers)
  client.hello(room, owner.chainBytes)
  return { client, challenge: await client.next('challenge') }
}

afterEach(async () => {
  await server.close()
  expect(server.stats()).toEqual({ unproven: 0, proven: 0, rooms: 0 })
})

describe('introductions', () => {
  it('[SG2] [SG6] [SG8] welcomes, introduces, and hands a signal to the one it is for', async () => {
    await start({}, { iceServers: [{ urls: 'stun:stun.example:3478' }] })
    const first = await join(server, room, owner)
    expect(first.welcome).toMatchObject({ peers: [], iceServers: [{ urls: 'stun:stun.example:3478' }] })
    expect(first.welcome.limits).toEqual({ frameBytes: 65536, messagesPerSecond: 30 })
    const second = await join(server, room, await room.device('viewer'))
    expect(second.welcome.peers).toEqual([first.welcome.peer])
    expect((await first.client.next('introduce')).peer).toBe(second.welcome.peer)
    const third = await join(server, room, await room.device('archivist'))
    expect(new Set(third.welcome.peers)).toEqual(new Set([first.welcome.peer, second.welcome.peer]))
    await first.client.next('introduce')
    await second.client.next('introduce')
    expect(server.stats()).toEqual({ unproven: 0, proven: 3, rooms: 1 })

    second.client.send({ type: 'signal', to: first.welcome.peer, sealed: 'abcd' })
    const signal = { type: 'signal', from: second.welcome.peer, sealed: 'abcd' }
    expect(await first.client.next('signal')).toEqual(signal)
    // Whatever the third had got would have come before this answer.
    third.client.send({ type: 'more' })
    expect((await third.client.next('sample')).peers).toHaveLength(2)
    await first.client.next('introduce')

    expect(await second.client.leave()).toBe(1000)
    expect((await first.client.next('left')).peer).toBe(second.welcome.peer)
  })

  it('[SG8] drops a signal across rooms and to nobody, and counts both', async () => {
    await start()
    const other = testRoom('other')
    const here = await join(server, room, owner)
    const there = await join(server, other, await other.device('owner'))
    here.client.send({ type: 'signal', to: there.welcome.peer, sealed: 'abcd' })
    here.client.send({ type: 'signal', to: 'A'.repeat(22), sealed: 'abcd' })
    here.client.send({ type: 'more' })
    expect((await here.client.next('sample')).peers).toEqual([])
    there.client.send({ type: 'more' })
    expect((await there.client.next('sample')).peers).toEqual([])
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toMatch(/^parley_signaling_signals_dropped_total 2$/m)
    expect(metrics).toMatch(/^parley_signaling_signals_delivered_total 0$/m)
    expect(metrics).toMatch(/^parley_signaling_connections\{stage="proven"\} 2$/m)
  })

  it('[SG6] [SG7] names at most 8 of 50, and others when asked for more', async () => {
    await start({ connectionsPerKey: 50 })
    const joined: Awaited<ReturnType<typeof join>>[] = []
    for (let i = 0; i < 50; i++) joined.push(await join(server, room, owner))
    for (const { welcome } of joined) {
      expect(welcome.peers.length).toBeLessThanOrEqual(8)
      expect(new Set(welcome.peers).size).toBe(welcome.peers.length)
      expect(welcome.peers).not.toContain(welcome.peer)
    }
    const last = joined.at(-1)
    if (!last) throw new Error('nobody joined')
    last.client.send({ type: 'more' })
    const { peers } = await last.client.next('sample')
    expect(new Set([...peers, ...last.welcome.peers, last.welcome.peer]).size).toBe(17)
  })

  it('lets a client renew its grant and stay', async () => {
    await start()
    const { client } = await join(server, room, owner)
    client.send({ type: 'renew', chain: toBase64Url(owner.chainBytes) })
    client.send({ type: 'more' })
    expect((await client.next('sample')).peers).toEqual([])
  })
})

describe('admission', () => {
  it('[SG5] [F4] refuses whoever speaks before the proof', async () => {
    await start()
    for (const raw of ['{"type":"more"}', `{"type":"signal","to":"${'A'.repeat(22)}","sealed":"aa"}`]) {
      const { client } = await challenged()
      client.sendRaw(raw)
      expect(await client.refusal()).toEqual(NOT_ADMITTED)
    }
  })

  it('[SG4] [F4] refuses a replayed proof', async () => {
    await start()
    const first = await challenged()
    const signature = first.client.prove(room, owner, first.challenge, hostOfServer(server))
    await first.client.next('welcome')
    const second = await challenged()
    second.client.send({ type: 'proof', signature })
    expect(await second.client.refusal()).toEqual(NOT_ADMITTED)
  })

  it('[F4] refuses a challenge relayed from another host, whatever the Host header says', async () => {
    await start()
    for (const headers of [{}, { Host: 'evil.example' }]) {
      const { client, challenge } = await challenged(headers as Record<string, string>)
      client.prove(room, owner, challenge, 'evil.example')
      expect(await client.refusal()).toEqual(NOT_ADMITTED)
    }
  })

  it('[SG4] [F4] refuses a proof by another key', async () => {
    await start()
    const { client, challenge } = await challenged()
    client.prove(room, await room.device('editor', 'stranger'), challenge, hostOfServer(server))
    expect(await client.refusal()).toEqual(NOT_ADMITTED)
  })

  it('accepts the hosts that it was told, and those alone', async () => {
    await start({}, { publicHosts: ['parley.example'] })
    const right = await challenged()
    right.client.prove(room, owner, right.challenge, 'Parley.example')
    await right.client.next('welcome')
    const wrong = await challenged()
    wrong.client.prove(room, owner, wrong.challenge, hostOfServer(server))
    expect(await wrong.client.refusal()).toEqual(NOT_ADMITTED)
  })

  it('[SG4] [F15] refuses every chain that does not hold with one text', async () => {
    await start()
    const other = testRoom('foreign')
    const viewer = await room.invite('viewer')
    const flipped = owner.chainBytes.slice()
    flipped[flipped.length - 1] = (flipped.at(-1) as number) ^ 1
    const foreign = await other.device('owner')
    const short = await room.invite('editor', 'short', { notAfterMs: Date.now() + 60_000 })
    const chains: Record<string, Uint8Array> = {
      foreign: foreign.chainBytes,
      'self-signed': encodeChain({ rootKey: room.root.publicKey, grants: foreign.chain.grants }),
      'not by the one above': (await room.delegate({ ...foreign, chain: owner.chain }, 'stranger'))
        .chainBytes,
      'raised role': (await room.delegate(viewer, 'raised', { role: 'editor' })).chainBytes,
      'later end': (await room.delegate(short, 'later', { notAfterMs: Date.now() + 120_000 })).chainBytes,
      'wider delegation': (await room.delegate(viewer, 'wider', { may: 'invite' })).chainBytes,
      'too long': await sixGrants(),
      expired: (await room.device('editor', 'old', { notAfterMs: Date.now() - 1 })).chainBytes,
      'bad signature': flipped,
      empty: new Uint8Array(),
      'no grants': encodeChain({ rootKey: room.root.publicKey, grants: [] }),
    }
    for (const [name, chain] of Object.entries(chains)) {
      expect({ name, ...(await refusalOfHello(chain)) }).toEqual({ name, ...NOT_ADMITTED })
    }
  })

  it('[SG14] says which version it speaks, whatever else a later hello holds', async () => {
    await start()
    for (const extra of [{}, { later: true, chain: 7 }]) {
      const client = await TestClient.connect(server)
      client.sendRaw(JSON.stringify({ type: 'hello', v: 2, room: room.roomId, chain: 'AA', ...extra }))
      expect(await client.refusal()).toEqual({ code: 4426, reason: 'this server speaks version 1' })
    }
  })

  it('[SG13] [F5] answers a foreign Origin with 403', async () => {
    await start()
    for (const origin of ['https://evil.example', 'null', `http://evil.example@${hostOfServer(server)}`]) {
      expect(await upgradeStatus(server, '/v1', { Origin: origin })).toBe(403)
    }
    expect(await upgradeStatus(server, '/v2')).toBe(404)
    const own = await TestClient.connect(server, { Origin: server.url })
    expect(await own.leave()).toBe(1000)
  })

  it('[SG13] [F5] accepts the origins that it was told, and those alone', async () => {
    await start({}, { allowedOrigins: ['https://app.example'] })
    expect(await upgradeStatus(server, '/v1', { Origin: server.url })).toBe(403)
    expect(await (await TestClient.connect(server, { Origin: 'https://app.example' })).leave()).toBe(1000)
  })
})

async function sixGrants(): Promise<Uint8Array> {
  let member = await room.invite('editor', 'step-0', { may: 'invite' })
  for (let i = 1; i < 6; i++) member = await room.delegate(member, `step-${i}`)
  return member.chainBytes
}

const DEEP = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
const MALFORMED: Record<string, string | Uint8Array> = {
  'not JSON': 'hello',
  'no text': '',
  'another protocol': '{"type":"subscribe","topics":5}',
  'an array': '[]',
  null: 'null',
  'deep JSON': DEEP,
  'deep JSON in a field': `{"type":"hello","v":1,"room":${DEEP}}`,
  'a polluting key': '{"__proto__":{"type":"leave"},"type":"more","constructor":{}}',
  'a prototype for a message': '{"__proto__":{"type":"leave"}}',
  'a field too many': '{"type":"leave","now":true}',
  'a wrong type': '{"type":"hello","v":1,"room":7,"chain":"AA"}',
  'a short room': '{"type":"hello","v":1,"room":"AA","chain":"AA"}',
  'a binary frame': new Uint8Array([123, 125]),
  'a binary frame of JSON': new TextEncoder().encode('{"type":"leave"}'),
}

describe('hostile input', () => {
  it('[F10] refuses what is no message, and serves the next one', async () => {
    await start()
    for (const [name, data] of Object.entries(MALFORMED)) {
      const client = await TestClient.connect(server)
      client.sendRaw(data)
      expect({ name, ...(await client.refusal()) }).toMatchObject({ name, code: 4400 })
      const { client: proven } = await join(server, room, owner)
      proven.sendRaw(data)
      expect({ name, ...(await proven.refusal()) }).toMatchObject({ name, code: 4400 })
    }
    expect((await join(server, room, owner)).welcome.peers).toEqual([])
  })

  it('[F10] refuses messages out of order', async () => {
    await start()
    const early = await TestClient.connect(server)
    early.send({ type: 'proof', signature: 'AA' })
    expect(await early.refusal()).toMatchObject({ code: 4400 })
    const { client } = await challenged()
    client.hello(room, owner.chainBytes)
    expect(await client.refusal()).toMatchObject({ code: 4400 })
  })

  it('[F6] closes on a frame of 70 KB with 1009', async () => {
    await start()
    const { client } = await join(server, room, owner)
    client.send({ type: 'signal', to: 'A'.repeat(22), sealed: 'a'.repeat(70_000) })
    expect(await client.closed).toBe(1009)
  })

  it('[SG10] [F7] refuses a flood, and other rooms go on', async () => {
    await start()
    const other = testRoom('calm')
    const member = await other.device('owner')
    const one = await join(server, other, member)
    const two = await join(server, other, member)
    const { client } = await join(server, room, owner)
    for (let i = 0; i < 10_000; i++) client.send({ type: 'signal', to: 'A'.repeat(22), sealed: 'aa' })
    one.client.send({ type: 'signal', to: two.welcome.peer, sealed: 'bb' })
    expect((await two.client.next('signal')).sealed).toBe('bb')
    expect(await client.refusal()).toEqual({ code: 4429, reason: 'too many messages' })
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    const handled = Number(/^parley_signaling_signals_dropped_total (\d+)$/m.exec(metrics)?.[1])
    expect(handled).toBeLessThan(200)
  })

  it('[SG11] [F8] caps connections of one address before their proof', async () => {
    await start({ unprovenPerAddress: 3 })
    for (let i = 0; i < 3; i++) await TestClient.connect(server)
    expect(await upgradeStatus(server)).toBe(429)
    expect(server.stats().unproven).toBe(3)
  })

  it('[SG11] [F8] caps connections of one address after it', async () => {
    await start({ provenPerAddress: 2 })
    await join(server, room, owner)
    await join(server, room, owner)
    const { client, challenge } = await challenged()
    client.prove(room, owner, challenge, hostOfServer(server))
    expect(await client.refusal()).toMatchObject({ code: 4429 })
  })

  it('[SG11] refuses the next one when a room is full', async () => {
    await start({ peersPerRoom: 2 })
    await join(server, room, owner)
    await join(server, room, owner)
    const { client, challenge } = await challenged()
    client.prove(room, owner, challenge, hostOfServer(server))
    expect(await client.refusal()).toEqual({ code: 4423, reason: 'this room is full' })
  })

  it('[SG10] [F9] ends a reader that does not read', async () => {
    await start({ messagesPerSecond: 1e6, messagesBurst: 1e6, bufferedBytes: 256 * 1024 })
    const slow = await join(server, room, owner)
    const sender = await join(server, room, owner)
    slow.client.raw?.pause()
    const left = sender.client.next('left')
    let ended = false
    void left.then(() => {
      ended = true
    })
    const sealed = 'a'.repeat(60_000)
    // 180 MB would fill any kernel's buffers: a reader that is not ended by then is never ended.
    for (let count = 0; !ended && count < 3000; count++) {
      const frame = JSON.stringify({ type: 'signal', to: slow.welcome.peer, sealed })
      await new Promise<void>((resolve) => sender.client.socket.send(frame, () => resolve()))
    }
    expect((await left).peer).toBe(slow.welcome.peer)
    slow.client.raw?.resume()
    expect(await slow.client.closed).toBe(1006)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toMatch(/^parley_signaling_slow_readers_total 1$/m)
  })

  it('[SG5] [F16] closes on whoever stays silent, before and after the challenge', async () => {
    await start({ proveTimeoutMs: 30 })
    const silent = await TestClient.connect(server)
    expect(await silent.refusal()).toMatchObject({ code: 4408 })
    const { client } = await challenged()
    expect(await client.refusal()).toMatchObject({ code: 4408 })
  })

  it('cuts off whoever does not answer a ping', async () => {
    await start({ heartbeatMs: 400 })
    const dead = await join(server, room, owner)
    const alive = await join(server, room, owner)
    dead.client.raw?.pause()
    expect((await alive.client.next('left')).peer).toBe(dead.welcome.peer)
    dead.client.raw?.destroy()
  })

  it('[SG12] [F17] closes on whoever lets the grant run out', async () => {
    await start({ heartbeatMs: 400, expiryGraceMs: 0 })
    const guest = await room.device('viewer', 'guest', { notAfterMs: Date.now() + 1_500 })
    const { client } = await join(server, room, guest)
    expect(await client.refusal()).toEqual(NOT_ADMITTED)
  })
})

describe('going away', () => {
  it('drains: says it is not ready, takes nobody, closes with 1001', async () => {
    await start({ closeGraceMs: 20_000 })
    const polite = await join(server, room, owner)
    const hung = await join(server, room, owner)
    hung.client.raw?.pause()
    const gone = server.close()
    expect(await polite.client.closed).toBe(1001)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    expect(await upgradeStatus(server)).toBe(503)
    hung.client.raw?.destroy()
    await gone
    await expect(fetch(`${server.url}/readyz`)).rejects.toThrow()
  })

  it('cuts off whoever does not close in time', async () => {
    await start({ closeGraceMs: 50 })
    const hung = await join(server, room, owner)
    hung.client.raw?.pause()
    await server.close()
    hung.client.raw?.destroy()
  })

  it('frees the place of a handshake that ws itself refuses', async () => {
    await start()
    const response = await fetch(`${server.url}/v1`)
    expect(response.status).toBe(426)
    expect(await upgradeStatus(server, '/v1', { 'Sec-WebSocket-Version': '7' })).toBe(400)
  })

  it('rejects when the port is taken', async () => {
    await start()
    await expect(startServer({ port: server.port, logLevel: 'silent' })).rejects.toThrow(/EADDRINUSE/)
  })
})
