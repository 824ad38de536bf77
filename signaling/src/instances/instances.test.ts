/** Several real servers over a real Redis. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { limits as wire } from '@parley/protocol'
import { testRoom } from '@parley/protocol/testing'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS, type Limits } from '../limits.ts'
import { type RunningServer, startServer } from '../server.ts'
import { RedisProcess, whyNoRedis } from '../testing/redis-process.ts'
import { join } from '../testing/test-client.ts'
import { YWebrtcClient } from '../testing/y-webrtc-client.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const QUICK: Partial<Limits> = { instanceHeartbeatMs: 100, instanceTtlMs: 1_000 }
const PAIR = `parley-pair-${'r'.repeat(22)}`
const why = whyNoRedis()
const room = testRoom('instances')
const owner = await room.device('owner')
const HERE = why === null ? '' : ` (${why})`

let redis: RedisProcess
let servers: RunningServer[] = []
let child: ChildProcess | null = null

async function start(count: number, limits: Partial<Limits> = {}): Promise<void> {
  redis = await RedisProcess.start()
  for (let i = 0; i < count; i++) {
    const merged = { ...DEFAULT_LIMITS, connectionsPerKey: 1000, ...QUICK, ...limits }
    servers.push(await startServer({ port: 0, logLevel: 'silent', redisUrl: redis.url, limits: merged }))
  }
  for (const server of servers) await isHealth(server, 'alive')
}

const health = async (server: RunningServer) => (await (await fetch(`${server.url}/healthz`)).text()).trim()
const isHealth = (server: RunningServer, expected: string) =>
  expect.poll(() => health(server), { timeout: 10_000 }).toBe(expected)
const server = (i: number) => servers[i] as RunningServer

/** Until each instance has heard of the other: somebody at `b` is met by a newcomer at `a`, and the other way round. */
async function know(a: RunningServer, b: RunningServer): Promise<void> {
  const meeting = testRoom(`know ${a.port} ${b.port}`)
  const member = await meeting.device('owner')
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const waiting = await join(to, meeting, member)
    await expect
      .poll(async () => {
        const { client, welcome } = await join(from, meeting, member)
        await client.leave()
        return welcome.peers
      })
      .toContain(waiting.welcome.peer)
    waiting.client.socket.terminate()
  }
}

/** A server that may die: a process of its own. */
async function startChild(): Promise<RunningServer> {
  const args = ['--import', 'tsx', MAIN, 'serve', '--port', '0', '--redis-url', redis.url]
  child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const { event, url } = JSON.parse(line) as { event: string; url: string }
    if (event === 'listening') return { url, port: Number(new URL(url).port) } as RunningServer
  }
  throw new Error('it ended before it listened')
}

async function killChild(): Promise<void> {
  if (!child) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  child = null
}

afterEach(async () => {
  await killChild()
  redis?.resume()
  for (const one of servers) await one.close()
  servers = []
  await redis?.kill()
})

describe.skipIf(why !== null)(`several instances${HERE}`, () => {
  it('[SG17] introduce, signal and say goodbye across', async () => {
    await start(2)
    await know(server(0), server(1))
    const here = await join(server(0), room, owner)
    const there = await join(server(1), room, owner)
    expect(there.welcome.peers).toEqual([here.welcome.peer])
    expect((await here.client.next('introduce')).peer).toBe(there.welcome.peer)
    there.client.send({ type: 'signal', to: here.welcome.peer, sealed: 'abcd' })
    expect(await here.client.next('signal')).toMatchObject({ from: there.welcome.peer, sealed: 'abcd' })
    here.client.send({ type: 'signal', to: there.welcome.peer, sealed: 'a'.repeat(60_000) })
    expect((await there.client.next('signal')).sealed).toHaveLength(60_000)
    await there.client.leave()
    expect((await here.client.next('left')).peer).toBe(there.welcome.peer)
  })

  it('[SG17] leave nothing behind in the Redis', async () => {
    await start(2)
    await know(server(0), server(1))
    await Promise.all([join(server(0), room, owner), join(server(1), room, owner)])
    const probe = new Redis(redis.url)
    expect((await probe.keys('*')).length).toBeGreaterThan(2)
    for (const one of servers) await one.close()
    servers = []
    expect(await probe.keys('*')).toEqual([])
    probe.disconnect()
  })

  it('[SG17] one that is killed under load costs its peers their connection and nobody else anything', async () => {
    await start(2)
    const dying = await startChild()
    await know(server(0), dying)
    await know(server(1), dying)
    const survivors = await Promise.all(
      Array.from({ length: 10 }, (_, i) => join(server(i % 2), room, owner)),
    )
    const doomed = await Promise.all(Array.from({ length: 10 }, () => join(dying, room, owner)))
    const lost = new Set(doomed.map(({ welcome }) => welcome.peer))
    const witness = survivors[0] as (typeof survivors)[0]
    const closed = doomed.map(({ client }) => client.closed)
    for (const { client } of doomed) client.send({ type: 'more' })
    await killChild()
    expect(new Set(await Promise.all(closed))).toEqual(new Set([1006]))
    const back = await Promise.all(doomed.map((_, i) => join(server(i % 2), room, owner)))
    // Everybody is there, nobody who is gone is named any more, and those who knew them are told.
    const present = new Set([...survivors, ...back].map(({ welcome }) => welcome.peer))
    await expect
      .poll(
        async () => {
          const probe = await join(server(1), room, owner)
          await probe.client.leave()
          return probe.welcome.peers.length === 8 && probe.welcome.peers.every((peer) => present.has(peer))
        },
        { timeout: 5_000 },
      )
      .toBe(true)
    const redisProbe = new Redis(redis.url)
    const entries = () => redisProbe.smembers(`parley:room:${room.roomId}`)
    await expect
      .poll(async () => (await entries()).filter((peer) => lost.has(peer as never)).length, {
        timeout: 10_000,
      })
      .toBe(0)
    redisProbe.disconnect()
    expect(witness.client.socket.readyState).toBe(witness.client.socket.OPEN)
  })

  it('[SG17] without the Redis each goes on by itself, says so, and finds the others again', async () => {
    await start(2)
    await know(server(0), server(1))
    const before = await join(server(0), room, owner)
    await redis.kill()
    for (const one of servers) await isHealth(one, 'degraded')
    const metrics = await (await fetch(`${server(0).url}/metrics`)).text()
    expect(metrics).toMatch(/^parley_signaling_instances_up 0$/m)
    expect((await fetch(`${server(0).url}/readyz`)).status).toBe(200)
    const during = await join(server(0), room, owner)
    expect(during.welcome.peers).toEqual([before.welcome.peer])
    during.client.send({ type: 'signal', to: before.welcome.peer, sealed: 'abcd' })
    await before.client.next('introduce')
    expect((await before.client.next('signal')).sealed).toBe('abcd')
    expect((await join(server(1), room, owner)).welcome.peers).toEqual([])
    await redis.run()
    for (const one of servers) await isHealth(one, 'alive')
    await expect
      .poll(
        async () => {
          const probe = await join(server(1), room, owner)
          await probe.client.leave()
          return probe.welcome.peers
        },
        { timeout: 10_000 },
      )
      .toEqual(expect.arrayContaining([before.welcome.peer, during.welcome.peer]))
    before.client.send({ type: 'more' })
    expect(before.client.socket.readyState).toBe(before.client.socket.OPEN)
  })

  it('[SG17] a Redis that stands still holds nobody up for long', async () => {
    await start(1)
    redis.pause()
    const startedMs = performance.now()
    const [one, two] = [await join(server(0), room, owner), await join(server(0), room, owner)]
    expect(performance.now() - startedMs).toBeLessThan(4_000)
    expect(two.welcome.peers).toEqual([one.welcome.peer])
    await isHealth(server(0), 'degraded')
    redis.resume()
    await isHealth(server(0), 'alive')
  })

  it('[SG17] [F10] take nothing from the Redis at its word', async () => {
    await start(2)
    await know(server(0), server(1))
    const here = await join(server(0), room, owner)
    const probe = new Redis(redis.url)
    const channels = (await probe.pubsub('CHANNELS', 'parley:to:*')) as string[]
    const good = {
      type: 'signal',
      room: room.roomId,
      to: here.welcome.peer,
      from: 'F'.repeat(22),
      sealed: 'aa',
    }
    const bad = [
      '{oops',
      'null',
      '['.repeat(60_000),
      JSON.stringify({ ...good, from: 7 }),
      JSON.stringify({ ...good, sealed: { toString: 1 } }),
      JSON.stringify({ ...good, more: 1 }),
      JSON.stringify({ ...good, room: 'R'.repeat(42) }),
      JSON.stringify({ ...good, sealed: 'a'.repeat(wire.SIGNALING_FRAME_BYTES * 2) }),
      JSON.stringify({ type: 'left', room: room.roomId, to: here.welcome.peer, peer: 'U'.repeat(22) }),
    ]
    for (const channel of channels)
      for (const text of [...bad, JSON.stringify(good)]) await probe.publish(channel, text)
    expect((await here.client.next('signal')).sealed).toBe('aa')
    // Members that are none, and a key of another type.
    await probe.sadd(`parley:room:${room.roomId}`, 'x', '{"a":1}', 'é'.repeat(22))
    const fromSpoiled = await join(server(0), room, owner)
    expect(fromSpoiled.welcome.peers).toEqual([here.welcome.peer])
    await probe.set(`parley:room:${testRoom('other').roomId}`, 'text')
    const other = testRoom('other')
    expect((await join(server(0), other, await other.device('owner'))).welcome.peers).toEqual([])
    probe.disconnect()
  })

  it('[SG17] [YW1] carry what is published on topics, once', async () => {
    await start(2)
    const connect = async (i: number) => {
      const client = await YWebrtcClient.connect(`${server(i).url.replace('http', 'ws')}/y-webrtc`)
      client.subscribe(PAIR)
      await client.settled()
      return client
    }
    const [here, there] = [await connect(0), await connect(1)]
    const probe = new Redis(redis.url)
    await expect.poll(async () => (await probe.pubsub('NUMSUB', `parley:topic:${PAIR}`))[1]).toBe(2)
    await probe.publish(`parley:topic:${PAIR}`, 'AAAAAAAA{oops')
    await probe.publish(`parley:topic:${PAIR}`, 'AAAAAAAA{"type":"publish","topic":"other","data":1}')
    here.publish(PAIR, 1)
    expect(await there.next()).toMatchObject({ topic: PAIR, data: 1 })
    expect(await here.next()).toMatchObject({ topic: PAIR, data: 1 })
    there.publish(PAIR, 2)
    expect(await here.next()).toMatchObject({ data: 2 })
    expect(await there.next()).toMatchObject({ data: 2 })
    await here.settled()
    await there.settled()
    here.socket.close()
    there.socket.close()
    await expect.poll(async () => (await probe.pubsub('NUMSUB', `parley:topic:${PAIR}`))[1]).toBe(0)
    probe.disconnect()
  })
})
