import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KEY_SET_BYTES } from '../limits.ts'
import { keySetText, serveHttp, type TestWebServer, testKey } from '../testing/test-provider.ts'
import { fileKeys, type KeySource, KeysUnreadable, urlKeys } from './key-source.ts'
import { TrustedKeys } from './trusted-keys.ts'

const one = await testKey('one')
const two = await testKey('two', 'ES256')

/** Keys of a source, a clock that stands still, and what was told of reading. */
function trust(source: KeySource) {
  const clock = { nowMs: 0 }
  const told: (number | string)[] = []
  const events = {
    read: (count: number) => void told.push(count),
    failed: (reason: string) => void told.push(reason),
  }
  const keys = new TrustedKeys(source, events, () => clock.nowMs)
  const has = (kid: string, alg: string) =>
    keys.keyFor({ kid, alg }).then(
      () => true,
      (error: { readonly code?: string }) => {
        if (error.code === 'ERR_JWKS_NO_MATCHING_KEY') return false
        throw error
      },
    )
  return { clock, told, keys, hasOne: () => has('one', 'EdDSA'), hasTwo: () => has('two', 'ES256'), has }
}

describe('[SG21] a file of keys', () => {
  let dir: string
  let file: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'parley-keys-'))
    file = join(dir, 'jwks.json')
  })
  afterEach(() => rm(dir, { recursive: true }))

  /** As editors and `keys rotate` do it. */
  async function replace(text: string): Promise<void> {
    await writeFile(`${file}.new`, text)
    await rename(`${file}.new`, file)
  }

  it('counts at once when it changes, both for what came and for what went', async () => {
    await replace(keySetText(one))
    const { hasOne, hasTwo, told } = trust(fileKeys(file))
    expect([await hasOne(), await hasTwo()]).toEqual([true, false])
    await replace(keySetText(one, two))
    expect([await hasTwo(), await hasOne()]).toEqual([true, true])
    await replace(keySetText(two))
    expect([await hasOne(), await hasTwo()]).toEqual([false, true])
    expect(told).toEqual([1, 2, 1])
  })

  it('that breaks or goes away leaves the last good keys', async () => {
    await replace(keySetText(one))
    const { hasOne, told } = trust(fileKeys(file))
    expect(await hasOne()).toBe(true)
    await replace('{"keys":[')
    expect(await hasOne()).toBe(true)
    await rm(file)
    expect(await hasOne()).toBe(true)
    await writeFile(file, `${keySetText(one)}${' '.repeat(KEY_SET_BYTES)}`)
    expect(await hasOne()).toBe(true)
    const told1 = told.filter((what) => typeof what === 'string')
    expect(told1).toEqual(['not a JSON Web Key Set', 'ENOENT', `more than ${KEY_SET_BYTES} bytes`])
  })

  it('is not believed to hold keys by other names or for other algorithms', async () => {
    const broken = { ...one.publicJwk, kid: 'broken', x: 'AA' }
    const forSealing = { ...one.publicJwk, kid: 'enc', use: 'enc' }
    const text = JSON.stringify({ keys: [one.publicJwk, broken, forSealing, two.publicJwk, two.publicJwk] })
    await replace(text)
    const { has, told } = trust(fileKeys(file))
    expect(await has('one', 'EdDSA')).toBe(true)
    for (const [kid, alg] of [
      ['one', 'ES256'],
      ['enc', 'EdDSA'],
      ['constructor', 'EdDSA'],
      ['', 'EdDSA'],
    ] as const) {
      expect({ kid, alg, has: await has(kid, alg) }).toEqual({ kid, alg, has: false })
    }
    await expect(has('two', 'ES256')).rejects.toMatchObject({ code: 'ERR_JWKS_MULTIPLE_MATCHING_KEYS' })
    await expect(has('broken', 'EdDSA')).rejects.toMatchObject({ code: 'ERR_JWKS_INVALID' })
    expect(told).toContain('a key that cannot be used')
    await expect(has('one', 'HS256')).rejects.toMatchObject({ code: 'ERR_JOSE_NOT_SUPPORTED' })
  })
})

describe('[SG21] an address of keys', () => {
  let provider: TestWebServer
  let asked: number
  let answer: (response: ServerResponse) => void

  beforeEach(async () => {
    asked = 0
    answer = (response) => void response.end(keySetText(one))
    provider = await serveHttp((_request, response) => {
      asked++
      answer(response)
    })
  })
  afterEach(() => provider.close())

  const source = (timeoutMs = 5_000) => urlKeys(provider.url, { maxAgeMs: 1000, coolDownMs: 100, timeoutMs })

  it('is asked once for many, again for an unknown key, and not more than every so often', async () => {
    const { clock, hasOne, hasTwo } = trust(source())
    expect(await Promise.all([hasOne(), hasOne(), hasTwo()])).toEqual([true, true, false])
    expect(asked).toBe(1)
    answer = (response) => void response.end(keySetText(one, two))
    expect(await hasTwo()).toBe(false)
    expect(asked).toBe(1)
    clock.nowMs = 100
    expect(await Promise.all([hasTwo(), hasTwo(), hasOne()])).toEqual([true, true, true])
    expect(asked).toBe(2)
  })

  it('is asked again after a while, and a key that went is gone', async () => {
    const { clock, hasOne } = trust(source())
    expect(await hasOne()).toBe(true)
    answer = (response) => void response.end(keySetText(two))
    clock.nowMs = 999
    expect(await hasOne()).toBe(true)
    clock.nowMs = 1000
    expect(await hasOne()).toBe(false)
    expect(asked).toBe(2)
  })

  it('that fails leaves the last good keys, and is not asked without a pause', async () => {
    const { clock, hasOne, told } = trust(source())
    expect(await hasOne()).toBe(true)
    answer = (response) => void response.writeHead(500).end()
    for (clock.nowMs = 1000; clock.nowMs < 1200; clock.nowMs += 10) expect(await hasOne()).toBe(true)
    expect(asked).toBe(3)
    answer = (response) => void response.writeHead(302, { Location: `${provider.url}/2` }).end()
    clock.nowMs = 2000
    expect(await hasOne()).toBe(true)
    expect(asked).toBe(4)
    await provider.close()
    clock.nowMs = 3000
    expect(await hasOne()).toBe(true)
    expect(told).toEqual([1, 'HTTP 500', 'HTTP 500', expect.any(String), expect.any(String)])
    provider = await serveHttp(
      (_request, response) => response.end(keySetText(two)),
      Number(new URL(provider.url).port),
    )
    clock.nowMs = 4000
    expect(await hasOne()).toBe(false)
  })

  it('that sends without an end, too much, or nothing at all is given up', async () => {
    const stuck: ServerResponse[] = []
    answer = (response) => {
      response.write('{"keys":[')
      stuck.push(response)
    }
    await expect(source(100).read()).rejects.toThrow(KeysUnreadable)
    answer = (response) => void stuck.push(response)
    await expect(source(100).read()).rejects.toThrow(/TimeoutError|^23$|ABORT/)
    answer = (response) => {
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(10_000)));
      }
      response.on('drain', more)
      more()
    }
    await expect(source().read()).rejects.toThrow(`more than ${KEY_SET_BYTES} bytes`)
  })
})
