import { describe, expect, it } from 'vitest'
import { readServeConfig } from './config.ts'

const GOOD = ['--dir', 'data', '--signaling', 'ws://127.0.0.1:8787']
const SECRET = 's'.repeat(22)

function errorsOf(args: readonly string[], env: Record<string, string> = {}): readonly string[] {
  const verdict = readServeConfig(args, env)
  return verdict.ok ? [] : verdict.errors
}

describe('settings of serve', () => {
  it('have defaults for all but the folder and signaling', () => {
    expect(readServeConfig(GOOD, {})).toEqual({
      ok: true,
      value: {
        dir: 'data',
        signaling: ['ws://127.0.0.1:8787/v1'],
        operatorTokenFile: null,
        host: '127.0.0.1',
        port: 8790,
        keepToken: null,
        share: { index: 1, count: 1, copies: 1 },
        maxRooms: 450,
        logLevel: 'info',
      },
    })
  })

  it('come from flags before the environment', () => {
    const env = {
      PARLEY_ARCHIVIST_DIR: 'elsewhere',
      PARLEY_ARCHIVIST_PORT: '1',
      PARLEY_SIGNALING: 'wss://a.example, wss://b.example:444/v1',
      PARLEY_ARCHIVIST_SHARE: '2/3',
      PARLEY_ARCHIVIST_COPIES: '2',
      PARLEY_ARCHIVIST_TOKEN: SECRET,
      PARLEY_ARCHIVIST_HOST: '0.0.0.0',
    }
    const verdict = readServeConfig(['--dir', 'data', '--port', '0'], env)
    expect(verdict).toMatchObject({
      ok: true,
      value: {
        dir: 'data',
        port: 0,
        signaling: ['wss://a.example/v1', 'wss://b.example:444/v1'],
        share: { index: 2, count: 3, copies: 2 },
        host: '0.0.0.0',
        keepToken: SECRET,
      },
    })
  })

  it('are refused all at once, each by its name', () => {
    const errors = errorsOf(
      [
        '--port',
        '70000',
        '--share',
        '4/3',
        '--signaling',
        'http://x',
        '--max-rooms',
        '0',
        '--what',
        'now',
        '--dir',
      ],
      { PARLEY_LOG_LEVEL: 'loud' },
    )
    for (const name of [
      '--port',
      '--share',
      '--signaling',
      '--max-rooms',
      '--what',
      'now',
      '--dir',
      'PARLEY_LOG_LEVEL',
    ])
      expect(errors.join('\n')).toContain(name)
  })

  it('let nobody beyond loopback have rooms kept without a secret, and show it in no error', () => {
    expect(errorsOf([...GOOD, '--host', '0.0.0.0']).join()).toContain('PARLEY_ARCHIVIST_TOKEN')
    expect(errorsOf([...GOOD, '--host', '::1'])).toEqual([])
    const errors = errorsOf(GOOD, { PARLEY_ARCHIVIST_TOKEN: 'too short' })
    expect(errors).toHaveLength(1)
    expect(errors.join()).not.toContain('too short')
  })

  it('know that copies need as many archivists', () => {
    expect(errorsOf([...GOOD, '--share', '1/2', '--copies', '3'])).toHaveLength(1)
    expect(errorsOf([...GOOD, '--share', '1/2', '--copies', '2'])).toEqual([])
  })

  it.each(['', 'ws://', 'ws://a b', 'ws://u:p@h', 'ftp://h', 'ws://h,http://h'])(
    'take no %j for signaling',
    (url) => {
      expect(errorsOf(['--dir', 'd', '--signaling', url])).not.toEqual([])
    },
  )
})
