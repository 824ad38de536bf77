import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { testRoom } from '@parley/protocol/testing'
import { afterEach, describe, expect, it } from 'vitest'
import type { Config } from './config.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { type RunningServer, startServer } from './server.ts'
import { hostOfServer, join, TestClient, upgradeRefusal, upgradeStatus } from './testing/test-client.ts'

const room = testRoom('hardening')
const owner = await room.device('owner')
const other = testRoom('hardening, another room')
const otherOwner = await other.device('owner')
let server: RunningServer

async function start(limits: Partial<Limits> = {}, config: Partial<Config> = {}): Promise<void> {
  server = await startServer({
    port: 0,
    logLevel: 'silent',
    ...config,
    limits: { ...DEFAULT_LIMITS, ...limits },
  })
}

afterEach(() => server.close())

async function expectOthersServed(): Promise<void> {
  const { client } = await join(server, other, otherOwner)
  client.send({ type: 'more' })
  await client.next('sample')
  expect(await client.leave()).toBe(1000)
}

async function refusalOfJoin() {
  const client = await TestClient.connect(server)
  client.hello(room, owner.chainBytes)
  client.prove(room, owner, await client.next('challenge'), hostOfServer(server))
  return client.refusal()
}

it('[SG20] one key has 16 places in a room, and another key still comes in', async () => {
  await start()
  const { client } = await join(server, room, owner)
  for (let i = 1; i < 16; i++) await join(server, room, owner)
  expect(await refusalOfJoin()).toEqual({ code: 4429, reason: 'too many connections of this device' })
  expect(server.stats().proven).toBe(16)
  const editor = await room.device('editor')
  expect((await join(server, room, editor)).welcome.peers).toHaveLength(8)
  await client.leave()
  await join(server, room, owner)
  expect(await refusalOfJoin()).toMatchObject({ code: 4429 })
  await expectOthersServed()
})

it('[SG20] a place is free again when the room is full, or the address', async () => {
  await start({ peersPerRoom: 1, connectionsPerKey: 2 })
  const { client } = await join(server, room, owner)
  for (let i = 0; i < 3; i++) expect(await refusalOfJoin()).toMatchObject({ code: 4423 })
  await client.leave()
  await join(server, room, owner)
})

describe('[F8] sockets without a word', () => {
  async function refusedMetric(): Promise<number> {
    const text = await (await fetch(`${server.url}/metrics`)).text()
    return Number(/^parley_signaling_sockets_refused_total (\d+)$/m.exec(text)?.[1])
  }

  it('of one address are limited, and each that ends makes place for another', async () => {
    await start({ unprovenPerAddress: 1, provenPerAddress: 1 })
    const held: Socket[] = []
    for (let i = 0; i < 8; i++) {
      const socket = connect(server.port, '127.0.0.1')
      await once(socket, 'connect')
      held.push(socket)
    }
    const beyond = connect(server.port, '127.0.0.1')
    beyond.on('error', () => undefined)
    await once(beyond, 'close')
    for (const socket of held.slice(0, 4)) {
      socket.destroy()
      await once(socket, 'close')
    }
    await expect.poll(refusedMetric).toBeGreaterThanOrEqual(1)
    await expectOthersServed()
    for (const socket of held) socket.destroy()
  })

  it('of a trusted proxy are not', async () => {
    await start({ unprovenPerAddress: 1, provenPerAddress: 1 }, { trustedProxies: ['127.0.0.0/8'] })
    const held: Socket[] = []
    for (let i = 0; i < 20; i++) {
      const socket = connect(server.port, '127.0.0.1')
      await once(socket, 'connect')
      held.push(socket)
    }
    expect(await refusedMetric()).toBe(0)
    await expectOthersServed()
    for (const socket of held) socket.destroy()
  })
})

describe('[SG23] behind a proxy', () => {
  it('addresses are counted as the proxy tells them, IPv6 by its /64', async () => {
    await start({ unprovenPerAddress: 1 }, { trustedProxies: ['127.0.0.0/8'] })
    for (const from of ['198.51.100.1', '198.51.100.2', '2001:db8::1']) {
      await TestClient.connect(server, { 'X-Forwarded-For': `203.0.113.9, ${from}` })
    }
    for (const from of ['198.51.100.1', '2001:db8::2', '198.51.100.2, 127.0.0.9']) {
      expect(await upgradeStatus(server, '/v1', { 'X-Forwarded-For': from })).toBe(429)
    }
    await expectOthersServed()
  })

  it('that is not trusted, they are not believed', async () => {
    await start({ unprovenPerAddress: 1 }, { trustedProxies: ['192.0.2.0/24'] })
    const first = await TestClient.connect(server, { 'X-Forwarded-For': '198.51.100.1' })
    expect(await upgradeStatus(server, '/v1', { 'X-Forwarded-For': '198.51.100.2' })).toBe(429)
    first.socket.close()
    await first.closed
    await expectOthersServed()
  })
})

it('[SG22] that goes away says when to come back', async () => {
  await start({ closeGraceMs: 20_000 })
  const { client } = await join(server, room, owner)
  const hung = await join(server, room, owner)
  hung.client.raw?.pause()
  const closing = once(client.socket, 'close') as Promise<[number, Buffer]>
  const gone = server.close()
  const [code, reason] = await closing
  expect([code, String(reason)]).toEqual([1001, 'going away: reconnect elsewhere, or here in 5 s'])
  const ready = await fetch(`${server.url}/readyz`)
  expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '5'])
  const refused = await upgradeRefusal(server)
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '5'])
  hung.client.raw?.destroy()
  await gone
})

describe('/metrics', () => {
  const promtool = spawnSync('promtool', ['--version']).error === undefined

  it.skipIf(!promtool)(
    'follow the rules of Prometheus (skipped where promtool is not installed)',
    async () => {
      await start()
      await refusalOfUnknown()
      const text = await (await fetch(`${server.url}/metrics`)).text()
      expect(text).toMatch(/^parley_signaling_refused_total\{why="malformed"\} 1$/m)
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text })
      expect([status, String(stdout), String(stderr)]).toEqual([0, '', ''])
    },
  )

  it('say their unit or that they count', async () => {
    await start()
    const text = await (await fetch(`${server.url}/metrics`)).text()
    for (const [, name, type] of text.matchAll(/^# TYPE (parley_\w+) (\w+)$/gm)) {
      const suffix = /_(total|seconds|bytes|bytes_total)$/.test(name ?? '')
      expect({
        name,
        ok: type === 'counter' ? name?.endsWith('_total') : type !== 'gauge' || !name?.endsWith('_total'),
      }).toEqual({ name, ok: true })
      if (type === 'histogram') expect({ name, suffix }).toEqual({ name, suffix: true })
    }
  })

  async function refusalOfUnknown(): Promise<void> {
    const client = await TestClient.connect(server)
    client.sendRaw('hello')
    await client.refusal()
  }
})
