import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { NO_RELAY, SECRET } from './testing/relay.ts'

const MAIN = join(import.meta.dirname, 'main.ts')

function launch(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
}

async function result(child: ChildProcess): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk) => (out += String(chunk)))
  child.stderr?.on('data', (chunk) => (err += String(chunk)))
  const [code] = await once(child, 'close')
  return { code: code as number, out, err }
}

describe('the command', () => {
  it('explains itself', async () => {
    const { code, out } = await result(launch(['--help']))
    expect(code).toBe(0)
    expect(out).toContain('PARLEY_TURN_SECRET')
    expect(out).toContain('--allow-peers')
  })

  it('says what is wrong with its arguments and ends with 2', async () => {
    const { code, err } = await result(launch(['serve', '--port', 'x', '--relay', 'y']))
    expect(code).toBe(2)
    expect(err).toContain('--port')
    expect(err).toContain('--relay')
  })

  it('[TN2] ends with 1 without a secret, and says where it looks for one', async () => {
    const { code, err } = await result(launch(['config'], { PARLEY_TURN_SECRET: '' }))
    expect(code).toBe(1)
    expect(err).toContain('PARLEY_TURN_SECRET')
  })

  it('prints the configuration', async () => {
    const { code, out } = await result(
      launch(['config', '--realm', 'office'], { PARLEY_TURN_SECRET: SECRET }),
    )
    expect(code).toBe(0)
    expect(out).toContain('realm=office\n')
    expect(out).toContain(`static-auth-secret=${SECRET}\n`)
  })

  it('ends with 1 where turnserver is missing, and says how to get it', async () => {
    const env = { PARLEY_TURN_SECRET: SECRET, PATH: '/nowhere' }
    const { code, err } = await result(launch(['serve'], env))
    expect(code).toBe(1)
    expect(err).toContain('apt-get install coturn')
  })

  it.skipIf(NO_RELAY)(
    '[TN2] keeps the secret in a file of its own user, and ends with 0 on SIGTERM',
    async () => {
      const args = [
        'serve',
        '--listen',
        '127.0.0.1',
        '--port',
        '34780',
        '--min-port',
        '52000',
        '--max-port',
        '52010',
      ]
      const child = launch(args, { PARLEY_TURN_SECRET: SECRET })
      const ended = once(child, 'close')
      let pidFile = ''
      if (!child.stdout) throw new Error('no output')
      for await (const line of createInterface({ input: child.stdout })) {
        pidFile = /pid file created: (\S+)/.exec(line)?.[1] ?? ''
        if (pidFile) break
      }
      const folder = dirname(pidFile)
      const commandLine = readFileSync(`/proc/${readFileSync(pidFile, 'utf8').trim()}/cmdline`, 'utf8')
      expect(commandLine).toContain('turnserver')
      expect(commandLine).not.toContain(SECRET)
      const modes = [folder, join(folder, 'turnserver.conf')].map((path) => statSync(path).mode & 0o777)
      expect(modes).toEqual([0o700, 0o600])
      expect(readFileSync(join(folder, 'turnserver.conf'), 'utf8')).toContain(SECRET)
      child.stdout.resume()
      child.kill('SIGTERM')
      expect(await ended).toEqual([0, null])
      expect(existsSync(folder)).toBe(false)
    },
  )
})
