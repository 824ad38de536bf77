import type { KeyId } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../config.ts'
import { IceOffer, type IceSource, NO_ICE } from './ice-servers.ts'

const SECRET = 'a-secret-for-tests-alone'
const KEY = 'device-key-of-ada'.padEnd(43, 'x') as KeyId
const NOW_MS = 1_700_000_000_000
const source: IceSource = {
  fixed: [{ urls: 'stun:fixed.example' }],
  stunUrls: ['stun:{host}:3478'],
  turn: { urls: ['turn:{host}:3478?transport=udp', 'turns:relay.example:443'], secret: SECRET },
}

describe('what a client is told about STUN and TURN', () => {
  it('[SG16] holds credentials for its key, and addresses under the host that it dialled', () => {
    const [fixed, stun, turn] = new IceOffer(source, KEY, 'meet.example:8787').make(NOW_MS)
    expect(fixed).toEqual({ urls: 'stun:fixed.example' })
    expect(stun).toEqual({ urls: ['stun:meet.example:3478'] })
    expect(turn?.urls).toEqual(['turn:meet.example:3478?transport=udp', 'turns:relay.example:443'])
    expect(turn?.username).toBe(`${NOW_MS / 1000 + 600}:${KEY.slice(0, 16)}`)
    expect(turn?.credential).toMatch(/^[A-Za-z0-9+/]{27}=$/)
  })

  it.each([
    ['[::1]:8787', 'stun:[::1]:3478'],
    ['192.0.2.4', 'stun:192.0.2.4:3478'],
    ['localhost:8787', 'stun:127.0.0.1:3478'],
  ])('[SG16] names %s without its port', (host, url) => {
    expect(new IceOffer(source, KEY, host).make(NOW_MS)[1]).toEqual({ urls: [url] })
  })

  it('[SG16] is renewed at half of its life, and only once per half', () => {
    const offer = new IceOffer(source, KEY, 'a.example')
    offer.make(NOW_MS)
    expect(offer.renewal(NOW_MS + 299_000)).toBeNull()
    const later = offer.renewal(NOW_MS + 300_000)
    expect(later?.[2]?.username).toBe(`${NOW_MS / 1000 + 900}:${KEY.slice(0, 16)}`)
    expect(offer.renewal(NOW_MS + 330_000)).toBeNull()
  })

  it('[SG16] without TURN is never renewed', () => {
    const offer = new IceOffer(NO_ICE, KEY, 'a.example')
    expect(offer.make(NOW_MS)).toEqual([])
    expect(offer.renewal(NOW_MS * 2)).toBeNull()
  })
})

describe('settings', () => {
  const read = (args: string[], env = {}) => readConfig(args, env)

  it('[TN2] take the secret from a file or the environment, never from a flag', () => {
    const args = ['--turn-urls', 'turn:{host}:3478?transport=udp, turns:a.example:5349']
    expect(read([...args, '--turn-secret-file', '/s'])).toMatchObject({
      ok: true,
      config: { turn: { turnUrls: ['turn:{host}:3478?transport=udp', 'turns:a.example:5349'] } },
    })
    expect(read(args, { PARLEY_TURN_SECRET: SECRET })).toMatchObject({ ok: true })
    expect(read([...args, '--turn-secret', SECRET])).toMatchObject({ ok: false })
  })

  it.each([
    [['--turn-urls', 'turn:a.example'], {}],
    [[], { PARLEY_TURN_SECRET: SECRET }],
    [['--turn-urls', 'turn:a.example'], { PARLEY_TURN_SECRET: 'short one' }],
    [['--turn-urls', 'https://a.example'], { PARLEY_TURN_SECRET: SECRET }],
    [['--turn-urls', 'turn:a?transport=sctp'], { PARLEY_TURN_SECRET: SECRET }],
    [['--turn-urls', 'turn:a,turn:b,turn:c,turn:d,turn:e'], { PARLEY_TURN_SECRET: SECRET }],
    [['--stun-urls', 'turn:a.example'], {}],
  ])('refuse %j', (args, env) => {
    const verdict = read(args, env)
    expect(verdict.ok).toBe(false)
    expect(JSON.stringify(verdict)).not.toContain('short one')
  })
})
