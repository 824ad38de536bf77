import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testRoom } from '@parley/protocol/testing'
import { decodeJwt, decodeProtectedHeader, type JSONWebKeySet } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runKeysCommand } from './keys-command.ts'
import { runTokenCommand } from './token-command.ts'

const room = testRoom('commands')
let dir: string
const privateFile = () => join(dir, 'keys/signing-key.json')
const publicFile = () => join(dir, 'keys/jwks.json')

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-commands-'))
})
afterEach(() => rm(dir, { recursive: true }))

const keys = (...args: readonly string[]) => runKeysCommand([...args, '--dir', join(dir, 'keys')])
const token = (...args: readonly string[]) => runTokenCommand(args, 1_700_000_000_500)
const json = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'))
const kids = async () => ((await json(publicFile())) as JSONWebKeySet).keys.map(({ kid }) => kid)

describe('keys', () => {
  it.each(['EdDSA', 'ES256'])(
    'makes a private file for its owner alone, and a public one: %s',
    async (alg) => {
      expect((await keys('new', '--algorithm', alg)).code).toBe(0)
      expect((await stat(privateFile())).mode & 0o777).toBe(0o600)
      expect((await stat(publicFile())).mode & 0o777).toBe(0o644)
      const { keys: shown } = (await json(publicFile())) as JSONWebKeySet
      const { d, ...rest } = (await json(privateFile())) as { readonly d: string }
      expect(d).toMatch(/^[\w-]{43}$/)
      expect(shown).toEqual([rest])
      expect(shown[0]).toMatchObject({ alg, use: 'sig', kid: expect.stringMatching(/^[\w-]{43}$/) })
    },
  )

  it('makes none over others', async () => {
    await keys('new')
    const before = await readFile(privateFile(), 'utf8')
    expect(await keys('new')).toMatchObject({ code: 1, out: '' })
    expect(await readFile(privateFile(), 'utf8')).toBe(before)
  })

  it('keep the last public one when rotated, and no more', async () => {
    await keys('new')
    const [first] = await kids()
    await keys('rotate')
    const [second, kept] = await kids()
    expect(kept).toBe(first)
    expect(((await json(privateFile())) as { readonly kid: string }).kid).toBe(second)
    expect((await stat(privateFile())).mode & 0o777).toBe(0o600)
    await keys('rotate', '--algorithm', 'ES256')
    expect(await kids()).toEqual([expect.any(String), second])
  })

  it('are not rotated when there are none, or what is there is none', async () => {
    expect(await keys('rotate')).toMatchObject({ code: 1 })
    await keys('new')
    await writeFile(privateFile(), 'secret words')
    const { code, err } = await keys('rotate')
    expect([code, err.includes('secret words')]).toEqual([1, false])
  })

  it.each([
    [[]],
    [['dance']],
    [['new', 'rotate']],
    [['new', '--algorithm', 'HS256']],
    [['new', '--size', '1']],
  ])('ends with 2 for %j', async (args) => expect(await keys(...args)).toMatchObject({ code: 2, out: '' }))

  it('need a folder, and explain themselves', async () => {
    expect(await runKeysCommand(['new'])).toMatchObject({ code: 2 })
    expect(await runKeysCommand(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('0600') })
  })
})

describe('token', () => {
  it('prints one that says what was asked for', async () => {
    await keys('new')
    const options = ['--room', room.roomId, '--room', 'A'.repeat(22), '--ttl', '15m', '--key', privateFile()]
    const { code, out } = await token(...options, '--issuer', 'me', '--audience', 'you')
    expect([code, out.split('\n').length]).toEqual([0, 2])
    const [kid] = await kids()
    expect(decodeProtectedHeader(out.trim())).toEqual({ alg: 'EdDSA', kid, typ: 'at+jwt' })
    expect(decodeJwt(out.trim())).toEqual({
      iss: 'me',
      aud: 'you',
      iat: 1_700_000_000,
      exp: 1_700_000_900,
      rooms: [room.roomId, 'A'.repeat(22)],
    })
  })

  it('names topics of /y-webrtc as they are', async () => {
    await keys('new')
    const { out } = await token(
      '--topic',
      'my doc/1',
      '--room',
      room.roomId,
      '--ttl',
      '1h',
      '--key',
      privateFile(),
    )
    expect(decodeJwt(out.trim())['rooms']).toEqual([room.roomId, 'my doc/1'])
  })

  it('ends with 1 without its key, or with too many rooms', async () => {
    expect(await token('--room', '*', '--ttl', '1h', '--key', privateFile())).toMatchObject({
      code: 1,
      out: '',
    })
    await keys('new')
    const rooms = Array.from({ length: 80 }, (_, i) => ['--room', String(i).padStart(43, 'A')]).flat()
    expect(await token(...rooms, '--ttl', '1h', '--key', privateFile())).toMatchObject({ code: 1, out: '' })
  })

  it.each([
    [['--ttl', '15m', '--key', 'x']],
    [['--room', 'not a room', '--ttl', '15m', '--key', 'x']],
    [['--topic', '*', '--ttl', '15m', '--key', 'x']],
    [['--room', '*', '--key', 'x']],
    [['--room', '*', '--ttl', '0', '--key', 'x']],
    [['--room', '*', '--ttl', '31d', '--key', 'x']],
    [['--room', '*', '--ttl', '15m']],
    [['--room', '*', '--ttl', '15m', '--key', 'x', 'stray']],
  ])('ends with 2 for %j', async (args) => expect(await token(...args)).toMatchObject({ code: 2, out: '' }))

  it('explains itself', async () => {
    expect(await token('--help')).toMatchObject({ code: 0, out: expect.stringContaining('--ttl') })
  })
})
