import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { Config } from '../config.ts'
import { DEFAULT_LIMITS, type Limits } from '../limits.ts'
import { type RunningServer, startServer } from '../server.ts'
import { upgradeStatus } from '../testing/test-client.ts'
import { YWebrtcClient } from '../testing/y-webrtc-client.ts'

const PAIR = `parley-pair-${'r'.repeat(22)}`
const folder = mkdtempSync(join(tmpdir(), 'parley-topics-'))
const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
const keys = join(folder, 'keys.json')
writeFileSync(
  keys,
  JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'EdDSA', use: 'sig' }] }),
)
const tokens = {
  keys,
  issuer: 'parley',
  audience: 'parley-signaling',
  type: 'at+jwt',
  algorithms: ['EdDSA'],
}
let server: RunningServer

async function start(limits: Partial<Limits> = {}, config: Partial<Config> = {}): Promise<void> {
  const given = { port: 0, logLevel: 'silent', tokens, ...config } as const
  server = await startServer({ ...given, limits: { ...DEFAULT_LIMITS, ...limits } })
}

function token(
  rooms: string | readonly string[],
  lifetime = '5m',
  audience = tokens.audience,
): Promise<string> {
  return new SignJWT({ rooms })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'k', typ: tokens.type })
    .setIssuer(tokens.issuer)
    .setAudience(audience)
    .setExpirationTime(lifetime)
    .sign(privateKey)
}

const address = (query = '') => `${server.url.replace('http', 'ws')}/y-webrtc${query}`
const connect = (query = '') => YWebrtcClient.connect(address(query))

async function listener(topic = PAIR): Promise<YWebrtcClient> {
  const client = await connect(topic === PAIR ? '' : `?token=${await token('*')}`)
  client.subscribe(topic)
  await client.settled()
  return client
}

afterEach(async () => {
  await server?.close()
  expect(server.stats()).toEqual({ unproven: 0, proven: 0, rooms: 0 })
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('/y-webrtc', () => {
  it('[YW1] [YW2] brings two devices together on a pairing topic', async () => {
    await start()
    const [one, two] = [await listener(), await listener()]
    one.publish(PAIR, { type: 'announce', from: 'x' })
    const expected = { type: 'publish', topic: PAIR, data: { type: 'announce', from: 'x' }, clients: 2 }
    expect(await two.next()).toEqual(expected)
    expect(await one.next()).toEqual(expected)
  })

  it('[YW3] lets a token listen to what it names', async () => {
    await start()
    const client = await connect(`?token=${await token(['doc'])}`)
    client.subscribe('doc')
    client.publish('doc', 1)
    expect(await client.next()).toMatchObject({ topic: 'doc', clients: 1 })
    client.subscribe('other')
    expect(await client.closed).toBe(4401)
  })

  it('[YW2] [YW3] [F1] [F2] closes with 4401 without a token that holds', async () => {
    await start()
    const none = await connect()
    none.subscribe('doc')
    expect(await none.closed).toBe(4401)
    const wrong = [await token('*', '-1m'), await token('*', '5m', 'other'), 'garbage', 'A'.repeat(8000), '']
    for (const text of wrong) expect(await (await connect(`?token=${text}`)).closed).toBe(4401)
  })

  it('[YW3] takes no token where no keys are known', async () => {
    await start({}, { tokens: null })
    expect(await (await connect(`?token=${await token('*')}`)).closed).toBe(4401)
  })

  it('[SG13] [F5] answers pages of other origins with 403', async () => {
    await start()
    expect(await upgradeStatus(server, '/y-webrtc', { Origin: 'https://evil.example' })).toBe(403)
  })

  it('says 1001 when it goes', async () => {
    await start()
    const client = await listener()
    const gone = server.close()
    expect(await client.closed).toBe(1001)
    await gone
  })
})

describe('hostile input on /y-webrtc', () => {
  it.each([
    ['no JSON', '{oops', 4400],
    ['topics that are no list', '{"type":"subscribe","topics":5}', 4400],
    ['a binary frame', Buffer.from('{"type":"ping"}'), 4400],
    ['deep JSON', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 4400],
    ['a frame of 70 KB', JSON.stringify({ type: 'publish', topic: PAIR, data: 'a'.repeat(70_000) }), 1009],
    ['a frame of 101 MB', Buffer.alloc(101 * 1024 * 1024, 97), 1009],
  ])('[YW4] [F6] [F10] %s ends that connection, and nothing else', async (_what, data, code) => {
    await start()
    const [one, two] = [await listener(), await listener()]
    const bad = await connect()
    bad.socket.send(data)
    // A frame that is refused by its length is reset while it is still being sent.
    expect([code, code === 1009 ? 1006 : code]).toContain(await bad.closed)
    one.publish(PAIR, 'still here')
    expect(await two.next()).toMatchObject({ data: 'still here', clients: 2 })
  })

  it('[YW5] [F7] refuses a flood of messages, and one of bytes', async () => {
    await start()
    const calm = await listener('calm')
    const flood = await listener()
    for (let i = 0; i < 2_000; i++) flood.send({ type: 'ping' })
    expect(await flood.closed).toBe(4429)
    const heavy = await listener()
    for (let i = 0; i < 20; i++) heavy.publish(PAIR, 'a'.repeat(64_000))
    expect(await heavy.closed).toBe(4429)
    await calm.settled()
  })

  it('[YW5] [F9] ends a reader that does not read', async () => {
    const most = 1e9
    await start({
      topicMessagesBurst: most,
      topicBytesBurst: most,
      bufferedBytes: 256 * 1024,
    })
    const slow = await listener()
    const writer = await listener()
    slow.raw?.pause()
    let listening = 2
    // 180 MB would fill any kernel's buffers: a reader that is not ended by then is never ended.
    for (let i = 0; listening === 2 && i < 3_000; i++) {
      writer.publish(PAIR, 'a'.repeat(60_000))
      listening = (await writer.next()).clients ?? 0
    }
    expect(listening).toBe(1)
    slow.raw?.resume()
    expect(await slow.closed).toBe(1006)
  })

  it('[YW5] [F16] closes on whoever stays silent', async () => {
    await start({ proveTimeoutMs: 30 })
    expect(await (await connect()).closed).toBe(4408)
  })

  it('[YW5] [F8] counts its connections with the others of the address', async () => {
    await start({ unprovenPerAddress: 2, provenPerAddress: 1 })
    await listener()
    const second = await connect()
    second.subscribe(PAIR)
    expect(await second.closed).toBe(4429)
    await connect()
    await connect()
    expect(await upgradeStatus(server, '/y-webrtc')).toBe(429)
  })
})

/** The server that comes with y-webrtc, as a process that may die. */
async function startTheirs(): Promise<{ url: string; child: ChildProcess; ended: Promise<number> }> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  const script = join(createRequire(import.meta.url).resolve('y-webrtc'), '../../bin/server.js')
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'exit').then(([code]) => code as number)
  await once(child.stdout, 'data')
  return { url: `ws://127.0.0.1:${port}`, child, ended }
}

describe('what ends the server of y-webrtc', () => {
  it.each([
    ['a frame that is no JSON', '{oops'],
    ['topics that are no list', '{"type":"subscribe","topics":5}'],
    ['a frame of 101 MB', Buffer.alloc(101 * 1024 * 1024, 97)],
  ])('[YW4] [F10] %s: theirs dies, this one lives', async (_what, data) => {
    await start()
    const theirs = await startTheirs()
    const victim = await YWebrtcClient.connect(theirs.url)
    victim.socket.send(data)
    expect(await theirs.ended).toBe(1)
    const bad = await connect()
    bad.socket.send(data)
    expect([1006, 1009, 4400]).toContain(await bad.closed)
    await listener()
  })
})
