/** Operator tokens against a running server, over sockets. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { testRoom } from '@parley/protocol/testing'
import { type CryptoKey, exportSPKI, importJWK, UnsecuredJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS, type Limits } from '../limits.ts'
import { type RunningServer, startServer } from '../server.ts'
import { hostOfServer, join, TestClient } from '../testing/test-client.ts'
import {
  AUDIENCE,
  ISSUER,
  keySetText,
  serveHttp,
  type TokenParts,
  testKey,
  testToken,
} from '../testing/test-provider.ts'
import type { AdmissionKind } from './admission.ts'

const NOT_ADMITTED = { code: 4401, reason: 'not admitted to this room' }
const room = testRoom('tokens')
const owner = await room.device('owner')
const other = testRoom('another room')
const otherOwner = await other.device('owner')
const key = await testKey('first')
const ecKey = await testKey('second', 'ES256')
const rsaKey = await testKey('third', 'RS256')
/** Providers may publish keys without `alg`: then only the list of algorithms says what they sign. */
const { publicJwk, ...looseKey } = await testKey('loose', 'PS256')
const { alg: _unsaid, ...looseJwk } = publicJwk
const loose = { ...looseKey, publicJwk: looseJwk }
const stranger = await testKey('first')

let dir: string
let keysFile: string
let server: RunningServer | null = null

beforeAll(async () => {
  dir = await mkdtemp(joinPath(tmpdir(), 'parley-tokens-'))
  keysFile = joinPath(dir, 'jwks.json')
  await writeFile(keysFile, keySetText(key, ecKey, rsaKey, loose))
})
afterAll(() => rm(dir, { recursive: true }))
afterEach(async () => {
  await server?.close()
  server = null
})

async function start(admission: AdmissionKind, limits: Partial<Limits> = {}): Promise<RunningServer> {
  const algorithms = ['EdDSA', 'ES256', 'RS256']
  server = await startServer({
    port: 0,
    logLevel: 'silent',
    admission,
    tokens: { keys: keysFile, issuer: ISSUER, audience: AUDIENCE, type: 'at+jwt', algorithms },
    limits: { ...DEFAULT_LIMITS, ...limits },
  })
  return server
}

async function refusal(running: RunningServer, token?: string, members = { room, owner }) {
  const client = await TestClient.connect(running)
  client.hello(members.room, members.owner.chainBytes, token)
  return client.refusal()
}

/** After every refusal: whoever has a token for another room is let in, and meets who is there. */
async function expectOthersServed(running: RunningServer): Promise<void> {
  const here = await join(running, other, otherOwner, await testToken(key, [other.roomId]))
  const there = await join(running, other, otherOwner, await testToken(key, [other.roomId]))
  expect(there.welcome.peers).toContain(here.welcome.peer)
  await there.client.leave()
  await here.client.leave()
}

const nowS = () => Math.floor(Date.now() / 1000)
const wrong = (parts: TokenParts) => () => testToken(key, [room.roomId], parts)
const claims = (given: Readonly<Record<string, unknown>>) => wrong({ claims: given })
/** Header and payload as they are, encoded by hand, for what no library would sign. */
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

const TOKENS: Readonly<Record<string, () => Promise<string> | string>> = {
  garbage: () => 'not a token',
  nothing: () => '',
  'three dots': () => '...',
  'a header that is deep': () => `${encoded('['.repeat(900))}.e30.AA`,
  'alg none': () =>
    new UnsecuredJWT({ rooms: '*' }).setIssuer(ISSUER).setAudience(AUDIENCE).setExpirationTime('1m').encode(),
  'alg none that names a key': () => {
    const payload = { iss: ISSUER, aud: AUDIENCE, exp: nowS() + 60, rooms: '*' }
    return `${encoded({ alg: 'none', kid: key.kid, typ: 'at+jwt' })}.${encoded(payload)}.`
  },
  'HS256 keyed with the public key': async () => {
    const pem = new TextEncoder().encode(await exportSPKI(await publicKeyOf()))
    return testToken(key, [room.roomId], { header: { alg: 'HS256' }, signWith: pem })
  },
  'HS256 keyed with the public key set': () => {
    const text = new TextEncoder().encode(keySetText(key, ecKey, rsaKey))
    return testToken(key, [room.roomId], { header: { alg: 'HS256' }, signWith: text })
  },
  'an algorithm that is not listed': () => testToken(loose, [room.roomId]),
  "another key's kid": wrong({ header: { kid: 'second' } }),
  'another audience': claims({ aud: 'somebody-else' }),
  'no audience': claims({ aud: undefined }),
  'another type': wrong({ header: { typ: 'JWT' } }),
  'no type': wrong({ header: { typ: undefined } }),
  'another issuer': claims({ iss: 'https://evil.example' }),
  'no issuer': claims({ iss: undefined }),
  expired: claims({ exp: nowS() - 25 }),
  'no end': claims({ exp: undefined }),
  'an end that is text': claims({ exp: '2099' }),
  'not yet valid': claims({ nbf: nowS() + 120 }),
  'an unknown key': wrong({ header: { kid: 'nobody' } }),
  'no kid': wrong({ header: { kid: undefined } }),
  'a kid that is a path': wrong({ header: { kid: '../../etc/passwd' } }),
  "a stranger's signature": wrong({ signWith: stranger.privateKey }),
  'its own key in the header': wrong({
    header: { jwk: stranger.publicJwk },
    signWith: stranger.privateKey,
  }),
  'a critical header that nobody knows': wrong({ header: { crit: ['parley'], parley: 1 } }),
  'rooms left out': () => testToken(key, undefined),
  'rooms that are a number': () => testToken(key, 7),
  'rooms that are an object': () => testToken(key, { [room.roomId]: true }),
  'an empty list of rooms': () => testToken(key, []),
  '8 KB': () => testToken(key, [room.roomId], { claims: { padding: 'x'.repeat(6000) } }),
  'a character over 4 KiB': async () => {
    const base = (await testToken(key, '*')).length
    const token = await testToken(key, '*', { claims: { p: 'x'.repeat(Math.ceil(((4097 - base) * 3) / 4)) } })
    expect(token.length).toBeGreaterThan(4096)
    expect(token.length).toBeLessThan(4120)
    return token
  },
}

async function publicKeyOf() {
  return (await importJWK(key.publicJwk, 'EdDSA', { extractable: true })) as CryptoKey
}

describe.each(['token', 'both'] as const)('with admission %s', (admission) => {
  it('[SG15] lets in who has a token for the room, by any key and spelling', async () => {
    const running = await start(admission)
    for (const token of [
      await testToken(key, [room.roomId]),
      await testToken(ecKey, ['x', room.roomId.slice(0, 22)]),
      await testToken(rsaKey, '*'),
      await testToken(key, ['*'], { claims: { aud: ['x', AUDIENCE] } }),
      await testToken(key, '*', { claims: { exp: nowS() - 5, nbf: nowS() + 5 } }),
      await testToken(key, '*', { header: { typ: 'application/at+jwt' } }),
    ]) {
      const { client } = await join(running, room, owner, token)
      expect(await client.leave()).toBe(1000)
    }
  })

  it('[SG15] [F1] refuses who has none, at once', async () => {
    const running = await start(admission)
    const startedMs = Date.now()
    expect(await refusal(running)).toEqual(NOT_ADMITTED)
    expect(Date.now() - startedMs).toBeLessThan(5_000)
    await expectOthersServed(running)
  })

  it.each(Object.keys(TOKENS))('[SG15] [F1] [F2] refuses %s, with one text', async (name) => {
    const running = await start(admission)
    expect(await refusal(running, await TOKENS[name]?.())).toEqual(NOT_ADMITTED)
    await expectOthersServed(running)
  })

  it('[SG15] [F3] refuses the token of another room like a room that nobody knows', async () => {
    const running = await start(admission)
    const { client } = await join(running, room, owner, await testToken(key, [room.roomId]))
    const theirs = await testToken(key, [other.roomId, 'x'])
    expect(await refusal(running, theirs)).toEqual(NOT_ADMITTED)
    const unknown = testRoom('nobody was ever here')
    const members = { room: unknown, owner: await unknown.device('owner') }
    expect(await refusal(running, theirs, members)).toEqual(NOT_ADMITTED)
    expect(await refusal(running, theirs, { room: unknown, owner })).toEqual(NOT_ADMITTED)
    client.send({ type: 'more' })
    expect((await client.next('sample')).peers).toEqual([])
    await expectOthersServed(running)
  })

  it('[SG4] still asks for the proof', async () => {
    const running = await start(admission)
    const client = await TestClient.connect(running)
    client.hello(room, owner.chainBytes, await testToken(key, '*'))
    client.prove(room, otherOwner, await client.next('challenge'), hostOfServer(running))
    expect(await client.refusal()).toEqual(NOT_ADMITTED)
    await expectOthersServed(running)
  })
})

it('[SG15] looks at the end of the chain with both, and not with token', async () => {
  const ended = await room.device('editor', 'ended', { notAfterMs: Date.now() - 1 })
  const token = await testToken(key, '*')
  const both = await start('both')
  expect(await refusal(both, token, { room, owner: ended })).toEqual(NOT_ADMITTED)
  await both.close()
  const running = await start('token')
  expect(await (await join(running, room, ended, token)).client.leave()).toBe(1000)
  const stolen = { room: other, owner: ended }
  expect(await refusal(running, token, stolen)).toEqual(NOT_ADMITTED)
})

it('[SG15] does not look at tokens with admission grant', async () => {
  const running = await start('grant')
  expect(await (await join(running, room, owner, 'x'.repeat(9000))).client.leave()).toBe(1000)
})

it('[F2] never asks the address that a header names', async () => {
  let asked = 0
  const evil = await serveHttp((_request, response) => {
    asked++
    response.end(keySetText(stranger))
  })
  const running = await start('token')
  for (const name of ['jku', 'x5u']) {
    const header = { [name]: `${evil.url}/keys`, kid: 'other' }
    const token = await testToken(key, '*', { header, signWith: stranger.privateKey })
    expect(await refusal(running, token)).toEqual(NOT_ADMITTED)
  }
  expect(asked).toBe(0)
  await evil.close()
  await expectOthersServed(running)
})

describe('while connected', () => {
  const ending = (inS: number) => testToken(key, [room.roomId], { claims: { exp: nowS() + inS } })

  it('[SG19] [F17] closes on who lets the token end, soon after', async () => {
    const running = await start('token', { heartbeatMs: 100, expiryGraceMs: 0 })
    const { client } = await join(running, room, owner, await ending(2))
    expect(await client.refusal()).toEqual(NOT_ADMITTED)
    await expectOthersServed(running)
  })

  it('[SG19] closes within a minute with the limits that are set', () => {
    const { heartbeatMs, expiryGraceMs } = DEFAULT_LIMITS
    expect(heartbeatMs + expiryGraceMs).toBeLessThanOrEqual(60_000)
  })

  it('[SG19] [F17] keeps who renews', async () => {
    const running = await start('token', { heartbeatMs: 100, expiryGraceMs: 0 })
    const kept = await join(running, room, owner, await ending(2))
    const lost = await join(running, room, owner, await ending(2))
    kept.client.send({ type: 'renew', token: await ending(60) })
    expect(await lost.client.refusal()).toEqual(NOT_ADMITTED)
    expect((await kept.client.next('introduce')).peer).toBe(lost.welcome.peer)
    expect((await kept.client.next('left')).peer).toBe(lost.welcome.peer)
    kept.client.send({ type: 'more' })
    expect((await kept.client.next('sample')).peers).toEqual([])
  })

  it('[SG19] [F3] closes on a renewal that does not admit', async () => {
    const running = await start('token')
    for (const token of [await testToken(key, [other.roomId]), 'garbage', 'x'.repeat(8000)]) {
      const { client } = await join(running, room, owner, await ending(60))
      client.send({ type: 'renew', token })
      expect(await client.refusal()).toEqual(NOT_ADMITTED)
    }
    await expectOthersServed(running)
  })
})

it('does not start with a file of keys that is none', async () => {
  await writeFile(keysFile, 'secret words')
  await expect(start('token')).rejects.toThrow(/jwks\.json: not a JSON Web Key Set$/)
  await writeFile(keysFile, JSON.stringify({ keys: [{ ...key.publicJwk, d: 'AA' }] }))
  await expect(start('token')).rejects.toThrow(/holds a secret key$/)
  await rm(keysFile)
  await expect(start('token')).rejects.toThrow(/ENOENT$/)
})
