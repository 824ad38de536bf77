import { expect, it } from 'vitest'
import { DEFAULT_CONFIG, readConfig, SETTINGS } from './config.ts'

it('has a default for everything', () => {
  expect(readConfig([], {})).toEqual({ ok: true, config: DEFAULT_CONFIG })
})

it('reads flags and environment, flags first', () => {
  const verdict = readConfig(['--port', '9000', '--host=::', '--public-hosts', 'A.example, b.example:8443'], {
    PARLEY_PORT: '9001',
    PARLEY_LOG_LEVEL: 'debug',
    PARLEY_PEERS_PER_ROOM: '12',
    PARLEY_HOST: '',
    PARLEY_ICE_SERVERS: '[{"urls":["turn:turn.example"],"username":"u","credential":"c"}]',
    PARLEY_TLS_CERT: 'c.pem',
    PARLEY_TLS_KEY: 'k.pem',
    PARLEY_OF_ANOTHER_COMMAND: 'x',
  })
  if (!verdict.ok) throw new Error(verdict.errors.join())
  expect(verdict.config).toMatchObject({
    port: 9000,
    host: '::',
    publicHosts: ['a.example', 'b.example:8443'],
    logLevel: 'debug',
    iceServers: [{ urls: ['turn:turn.example'], username: 'u', credential: 'c' }],
    tls: { certFile: 'c.pem', keyFile: 'k.pem' },
    limits: { ...DEFAULT_CONFIG.limits, peersPerRoom: 12 },
  })
})

it('lists all errors at once, and no value that may be secret', () => {
  const args = ['--port', '70000', '--nonsense', '--other=1', 'stray', '--log-level', 'loud', '--host']
  const verdict = readConfig(args, {
    PARLEY_ICE_SERVERS: '[{"urls":"http://x","credential":"hunter2"}]',
    PARLEY_ADMISSION: 'token',
    PARLEY_ALLOWED_ORIGINS: 'app.example',
    PARLEY_TLS_KEY: 'k.pem',
    PARLEY_PROVEN_PER_ADDRESS: '0',
  })
  if (verdict.ok) throw new Error('accepted')
  const named = verdict.errors.map((error) => /--[a-z-]+|stray/.exec(error)?.[0])
  expect(new Set(named)).toEqual(
    new Set([
      '--nonsense',
      '--other',
      'stray',
      '--host',
      '--admission',
      '--port',
      '--allowed-origins',
      '--ice-servers',
      '--proven-per-address',
      '--log-level',
      '--tls-cert',
    ]),
  )
  expect(verdict.errors.join()).not.toContain('hunter2')
})

it('refuses a flag without its value, and the value after --', () => {
  for (const args of [['--port'], ['--port', '--host', 'x'], ['--', 'x'], ['--no-port'], ['-p', '1']]) {
    expect({ args, ok: readConfig(args, {}).ok }).toEqual({ args, ok: false })
  }
})

it('gives every setting one flag and one variable', () => {
  expect(new Set(SETTINGS.map(({ flag }) => flag)).size).toBe(SETTINGS.length)
  expect(new Set(SETTINGS.map(({ env }) => env)).size).toBe(SETTINGS.length)
})

it('reads the address of a Redis, and shows no password when it is wrong', () => {
  const of = (url: string) => readConfig([], { PARLEY_REDIS_URL: url })
  for (const url of ['redis://127.0.0.1:6379', 'rediss://user:hunter2@redis.example:6380/1']) {
    expect(of(url)).toMatchObject({ ok: true, config: { redisUrl: url } })
  }
  for (const url of ['127.0.0.1:6379', 'http://:hunter2@redis.example', 'redis://', 'redis://:hunter2@a b']) {
    const verdict = of(url)
    expect({ url, ok: verdict.ok }).toEqual({ url, ok: false })
    expect(JSON.stringify(verdict)).not.toContain('hunter2')
  }
})

it('reads how tokens are checked', () => {
  const tokens = {
    keys: 'jwks.json',
    issuer: 'parley',
    audience: 'parley-signaling',
    type: 'at+jwt',
    algorithms: ['EdDSA', 'ES256', 'RS256'],
  }
  const file = readConfig(['--admission', 'both', '--token-keys', 'jwks.json'], {})
  expect(file).toMatchObject({ ok: true, config: { admission: 'both', tokens } })
  const url = readConfig([], {
    PARLEY_ADMISSION: 'token',
    PARLEY_TOKEN_KEYS: 'https://id.example/keys',
    PARLEY_TOKEN_ISSUER: 'https://id.example',
    PARLEY_TOKEN_AUDIENCE: 'parley',
    PARLEY_TOKEN_TYPE: 'JWT',
    PARLEY_TOKEN_ALGORITHMS: 'ES256, PS512',
  })
  const given = {
    keys: 'https://id.example/keys',
    issuer: 'https://id.example',
    audience: 'parley',
    type: 'JWT',
    algorithms: ['ES256', 'PS512'],
  }
  expect(url).toMatchObject({ ok: true, config: { admission: 'token', tokens: given, tokenPath: null } })
  const path = readConfig([], { PARLEY_TOKEN_PATH: '/oauth2/auth' })
  expect(path).toMatchObject({ ok: true, config: { tokenPath: '/oauth2/auth' } })
})

it.each([
  [['--admission', 'token'], '--token-keys'],
  [['--admission', 'everybody'], '--admission'],
  [['--token-keys', 'ftp://id.example/keys'], '--token-keys'],
  [['--token-keys', 'https://id.example/keys'], '--token-issuer'],
  [['--token-keys', 'k', '--token-algorithms', 'EdDSA,HS256'], '--token-algorithms'],
  [['--token-keys', 'k', '--token-algorithms', 'none'], '--token-algorithms'],
  [['--token-keys', 'k', '--token-type', 'a b'], '--token-type'],
  [['--token-path', 'https://id.example/token'], '--token-path'],
  [['--trusted-proxies', '10.0.0.0/33'], '--trusted-proxies'],
  [['--connections-per-key', '0'], '--connections-per-key'],
])('[SG15] refuses %j', (args, named) => {
  const verdict = readConfig(args, {})
  expect(verdict.ok ? [] : verdict.errors.filter((error) => error.includes(named))).toHaveLength(1)
})
