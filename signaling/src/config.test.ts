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
