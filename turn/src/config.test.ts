import { describe, expect, it } from 'vitest'
import { type Config, readConfig, SETTINGS } from './config.ts'
import { relayAddresses } from './launch.ts'
import { TOTAL_QUOTA, USER_QUOTA } from './limits.ts'
import { SPECIAL_RANGES } from './special-ranges.ts'
import { turnserverConf } from './turnserver-conf.ts'

function read(...args: string[]): Config {
  const verdict = readConfig(args, {})
  if (!verdict.ok) throw new Error(verdict.errors.join('\n'))
  return verdict.config
}

const errorsOf = (args: string[], env = {}) => {
  const verdict = readConfig(args, env)
  return verdict.ok ? [] : verdict.errors
}

/** Lines that say something. */
function linesOf(config: Config, relayAddresses: readonly string[] = ['198.41.0.4']): string[] {
  const text = turnserverConf(config, {
    secrets: ['first-secret-0001', 'other-secret-0002'],
    relayAddresses,
    folder: '/f',
  })
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

describe('settings', () => {
  it('are taken from flags before the environment', () => {
    const verdict = readConfig(['--port', '3479'], {
      PARLEY_TURN_PORT: '1',
      PARLEY_TURN_REALM: 'example.org',
    })
    expect(verdict).toMatchObject({ ok: true, config: { port: 3479, realm: 'example.org' } })
  })

  it('[TN2] have no flag for the secret, and errors that do not show it', () => {
    expect(SETTINGS.map(({ flag }) => flag)).not.toContain('secret')
    const errors = errorsOf([], { PARLEY_TURN_SECRET: 'too short' })
    expect(errors).toHaveLength(1)
    expect(errors[0]).not.toContain('too short')
  })

  it.each([
    [['--port', '0']],
    [['--listen', 'localhost']],
    [['--min-port', '50000', '--max-port', '49999']],
    [['--tls-cert', '/c.pem']],
    [['--tls-cert', '/a b', '--tls-key', '/k']],
    [['--realm', 'two words']],
    [['--external-ip', '1.2.3.4/5.6.7.8/9.9.9.9']],
    [['--allow-peers', '10.0.0.0/8,']],
    [['--allow-peers', '0.0.0.0/0']],
    [['--allow-peers', '::']],
    [['--nonsense']],
    [['more']],
  ])('refuse %j', (args) => {
    expect(errorsOf(args)).not.toEqual([])
  })
})

describe('addresses to relay from', () => {
  const own = ['172.31.0.9', '2600:1::9']

  it.each([
    [[], own],
    [['--listen', '172.31.0.9'], ['172.31.0.9']],
    [['--relay', '2600:1::9', '--listen', '172.31.0.9'], ['2600:1::9']],
    [['--external-ip', '198.41.0.4'], ['172.31.0.9']],
    [
      ['--external-ip', '198.41.0.4/172.31.0.8,2600:2::1/2600:1::9'],
      ['172.31.0.8', '2600:1::9'],
    ],
  ])('of %j are %j', (args, expected) => {
    expect(relayAddresses(read(...args), own)).toEqual(expected)
  })
})

describe('the configuration of coturn', () => {
  it('[TN3] denies every special-purpose range, and allows none of itself', () => {
    const lines = linesOf(read())
    expect(lines.filter((line) => line.startsWith('denied-peer-ip='))).toHaveLength(SPECIAL_RANGES.length)
    expect(lines).toContain('denied-peer-ip=169.254.0.0-169.254.255.255')
    expect(lines.some((line) => line.startsWith('allow'))).toBe(false)
    expect(lines).toEqual(expect.arrayContaining(['no-multicast-peers', 'no-tcp-relay', 'no-cli']))
  })

  it('[TN3] allows what was named, and its own private address as that one address', () => {
    const lines = linesOf(read('--allow-peers', '10.8.0.0/16'), ['192.168.7.9', '198.41.0.4'])
    expect(lines.filter((line) => line.startsWith('allow'))).toEqual([
      'allowed-peer-ip=10.8.0.0-10.8.255.255',
      'allowed-peer-ip=192.168.7.9',
    ])
  })

  it('[TN3] begins no range at ::, which coturn reads as no beginning at all', () => {
    expect(linesOf(read()).filter((line) => /=(::|(0:)+0)-/.test(line))).toEqual([])
  })

  it('[TN4] has quotas, nonces that go stale, short allocations and no old TLS', () => {
    const lines = linesOf(read('--tls-cert', '/c.pem', '--tls-key', '/k.pem', '--tls-port', '443'))
    expect(lines).toEqual(
      expect.arrayContaining([
        `user-quota=${USER_QUOTA}`,
        `total-quota=${TOTAL_QUOTA}`,
        'stale-nonce=600',
        'max-allocate-lifetime=600',
        'use-auth-secret',
        'fingerprint',
        'no-tlsv1',
        'no-tlsv1_1',
        'tls-listening-port=443',
        'cert=/c.pem',
        'log-file=stdout',
      ]),
    )
    expect(linesOf(read())).toEqual(expect.arrayContaining(['no-tls', 'no-dtls']))
  })

  it('[TN2] accepts each secret of the file', () => {
    expect(linesOf(read()).filter((line) => line.startsWith('static-auth-secret='))).toEqual([
      'static-auth-secret=first-secret-0001',
      'static-auth-secret=other-secret-0002',
    ])
  })
})
