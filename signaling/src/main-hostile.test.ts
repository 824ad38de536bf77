/** Hostile clients against the command as a process: after each of them it still serves another room. */
import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { testRoom } from '@parley/protocol/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type ServerProcess, serveProcess } from './testing/server-process.ts'
import { hostOfServer, join, TestClient, upgradeStatus } from './testing/test-client.ts'

const room = testRoom('process')
const owner = await room.device('owner')
const other = testRoom('process, another room')
const otherOwner = await other.device('owner')
/** Stands in everything that a client may say; neither answers nor logs may hold it. */
const MARKER = 'zqxj7reflect'
let server: ServerProcess

beforeAll(async () => {
  server = await serveProcess('--log-level', 'debug')
})
afterAll(async () => {
  expect(await server.stop()).toBe(0)
  expect(server.log()).not.toContain('"event":"session-fault"')
  expect(server.log()).not.toContain(room.roomId)
  expect(server.log()).not.toContain(MARKER)
})
/** The one promise of all these tests. */
afterEach(async () => {
  const one = await join(server, other, otherOwner)
  const two = await join(server, other, otherOwner)
  expect(two.welcome.peers).toEqual([one.welcome.peer])
  two.client.send({ type: 'signal', to: one.welcome.peer, sealed: 'aaaa' })
  await one.client.next('introduce')
  expect((await one.client.next('signal')).sealed).toBe('aaaa')
  await two.client.leave()
  await one.client.leave()
})

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.split(' ')[1])
}

it('[F4] no proof, a wrong one, and one for another host are refused', async () => {
  for (const host of [null, 'evil.example', hostOfServer(server)]) {
    const client = await TestClient.connect(server)
    client.hello(room, owner.chainBytes)
    const challenge = await client.next('challenge')
    if (host === null) client.send({ type: 'more' })
    else client.prove(room, host === 'evil.example' ? owner : otherOwner, challenge, host)
    expect(await client.refusal()).toEqual({ code: 4401, reason: 'not admitted to this room' })
  }
})

it('[F5] a page of a foreign origin is refused', async () => {
  for (const origin of ['https://evil.example', 'null', `https://${MARKER}`, `${server.url}.evil.example`]) {
    expect(await upgradeStatus(server, '/v1', { Origin: origin })).toBe(403)
  }
})

it('[F6] a frame of 70 KB ends with 1009', async () => {
  const { client } = await join(server, room, owner)
  client.send({ type: 'signal', to: 'A'.repeat(22), sealed: 'a'.repeat(70_000) })
  expect(await client.closed).toBe(1009)
})

it('[F7] while one floods, signals in another room arrive', async () => {
  const one = await join(server, other, otherOwner)
  const two = await join(server, other, otherOwner)
  await one.client.next('introduce')
  const floods = Array.from({ length: 5 }, async () => {
    const { client } = await join(server, room, owner)
    client.socket.on('error', () => undefined)
    const flood = JSON.stringify({ type: 'signal', to: 'A'.repeat(22), sealed: MARKER })
    for (let i = 0; i < 10_000; i++) {
      client.sendRaw(flood)
      // The calm room is served by this process too: what is measured is the server, not the loop that floods it.
      if (i % 200 === 0) await new Promise(setImmediate)
    }
    expect(await client.closed).toBe(4429)
  })
  const waitsMs: number[] = []
  for (let i = 0; i < 50; i++) {
    const startedMs = performance.now()
    two.client.send({ type: 'signal', to: one.welcome.peer, sealed: `a${i}` })
    expect((await one.client.next('signal')).sealed).toBe(`a${i}`)
    waitsMs.push(performance.now() - startedMs)
  }
  await Promise.all(floods)
  await two.client.leave()
  await one.client.leave()
  waitsMs.sort((a, b) => a - b)
  // A number for people; a busy machine must not fail a test.
  console.log(`[F7] 50 signals beside 5 floods of 10,000: at most ${waitsMs.at(-1)?.toFixed(1)} ms`)
})

describe('[F8] 1,000 sockets of one address', () => {
  const grown = async (act: () => Promise<void>) => {
    const before = await metric('process_resident_memory_bytes')
    await act()
    return (await metric('process_resident_memory_bytes')) - before
  }

  /** Resolves with what the server answers first, or an empty text when it says nothing before `enough`. */
  async function openMany(
    head: string,
    enough: (sockets: readonly Socket[]) => Promise<void>,
  ): Promise<string[]> {
    const answers: string[] = []
    const sockets = Array.from({ length: 1000 }, (_, i) => {
      answers[i] = ''
      const socket = connect(server.port, '127.0.0.1', () => socket.write(head))
      socket.on('error', () => undefined)
      socket.on('data', (data) => (answers[i] += data.toString('latin1')))
      return socket
    })
    await enough(sockets)
    for (const socket of sockets) socket.destroy()
    return answers
  }

  it('[SG11] that never prove themselves: 20 get in, the others 429, and little memory goes', async () => {
    const head = [
      'GET /v1 HTTP/1.1',
      `Host: ${hostOfServer(server)}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==',
      'Sec-WebSocket-Version: 13',
      '\r\n',
    ].join('\r\n')
    let answers: string[] = []
    const bytes = await grown(async () => {
      answers = await openMany(head, async (sockets) => {
        await Promise.all(sockets.map((socket) => once(socket, 'data')))
      })
    })
    const statuses = answers.map((answer) => answer.slice(9, 12))
    expect(statuses.filter((status) => status === '101')).toHaveLength(20)
    expect(statuses.filter((status) => status === '429')).toHaveLength(980)
    expect(bytes).toBeLessThan(50_000_000)
    await expect.poll(() => metric('parley_signaling_connections{stage="unproven"}')).toBe(0)
  })

  it('that do not even finish their request take little memory, and nobody else is kept out', async () => {
    let bytes = 0
    await openMany('GET /v1 HTTP/1.1\r\nX-Slow: ', async (sockets) => {
      await Promise.all(sockets.map((socket) => (socket.connecting ? once(socket, 'connect') : null)))
      bytes = await grown(async () => {
        for (const socket of sockets) socket.write('a')
        const { client } = await join(server, other, otherOwner)
        await client.leave()
      })
    })
    expect(bytes).toBeLessThan(50_000_000)
  })
})

it('[F9] a reader that does not read is ended', async () => {
  const before = await metric('parley_signaling_slow_readers_total')
  const slow = await join(server, room, owner)
  slow.client.raw?.pause()
  const senders = await Promise.all(Array.from({ length: 6 }, () => join(server, room, owner)))
  // 6 × 50 × 60 KB are more than the kernel keeps for a socket, and within each sender's burst.
  for (const { client } of senders) {
    for (let i = 0; i < 50; i++)
      client.send({ type: 'signal', to: slow.welcome.peer, sealed: 'a'.repeat(60_000) })
  }
  await expect.poll(() => metric('parley_signaling_slow_readers_total'), { timeout: 15_000 }).toBe(before + 1)
  slow.client.raw?.resume()
  expect(await slow.client.closed).toBe(1006)
  for (const { client } of senders) await client.leave()
})

it('[F10] what is no message is refused, before and after the proof', async () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  for (const data of [
    MARKER,
    '',
    '{"type":"subscribe","topics":5}',
    deep,
    `{"type":"hello","v":1,"room":${deep}}`,
    `{"__proto__":{"type":"leave"},"type":"more","${MARKER}":{}}`,
    new Uint8Array([123, 125]),
  ]) {
    const client = await TestClient.connect(server)
    client.sendRaw(data)
    expect(await client.refusal()).toEqual({ code: 4400, reason: 'not a message of this protocol' })
    const proven = await join(server, room, owner)
    proven.client.sendRaw(data)
    expect(await proven.client.refusal()).toMatchObject({ code: 4400 })
  }
})

it('says nothing back of what it was told, whatever the path, header or message', async () => {
  const answers: string[] = []
  for (const path of [`/${MARKER}`, `/v1?${MARKER}`, `/y-webrtc?token=${MARKER}`, `/%2e%2e/${MARKER}`]) {
    const response = await fetch(`${server.url}${path}`, { headers: { [MARKER]: MARKER, Origin: MARKER } })
    answers.push(JSON.stringify([...response.headers]), await response.text())
  }
  const method = request(`${server.url}/${MARKER}`, { method: 'PROPFIND' }).end()
  const [response] = (await once(method, 'response')) as [NodeJS.ReadableStream & { headers: object }]
  for await (const chunk of response) answers.push(String(chunk))
  answers.push(JSON.stringify(response.headers))
  for (const message of [
    { type: MARKER },
    { type: 'hello', v: 1, room: room.roomId, chain: MARKER },
    { type: 'hello', v: 2, room: MARKER },
    { type: 'hello', v: 1, room: room.roomId, chain: 'AA', token: MARKER },
  ]) {
    const client = await TestClient.connect(server)
    client.sendRaw(JSON.stringify(message))
    answers.push((await client.refusal()).reason)
  }
  expect(answers.join('\n')).not.toContain(MARKER)
  expect(server.log()).not.toContain(MARKER)
})
