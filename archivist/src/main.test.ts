import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRoomOn, defaultPlatform } from '@parley/mesh'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { COMMANDS } from './commands.ts'
import { Ends, invite } from './testing/house.ts'
import { runArchivist } from './testing/processes.ts'
import { commandUsage, programUsage } from './usage.ts'

vi.setConfig({ testTimeout: 90_000 })
const ends = new Ends()
afterEach(() => ends.run())

/** A link for an archivist to a room whose maker is offline. */
async function archivistLink(): Promise<{ readonly link: string; readonly name: string }> {
  const profile = { name: 'Ada', color: '#336699' }
  const room = await createRoomOn(defaultPlatform(), { signaling: [], profile })
  const link = await invite(room, 'archivist')
  await room.close()
  return { link, name: room.id.slice(0, 22) }
}

describe('the command', () => {
  it('explains itself and each of its commands', async () => {
    const program = await runArchivist(['--help'])
    expect(program).toEqual({ code: 0, out: programUsage(), err: '' })
    for (const command of COMMANDS) {
      expect(program.out).toContain(command.name)
      const usage = commandUsage(command)
      for (const { flag, env } of command.settings) {
        expect(usage).toContain(`--${flag}`)
        if (env) expect(usage).toContain(env)
      }
    }
    const backup = await runArchivist(['backup', '--help'])
    expect(backup.code).toBe(0)
    expect(backup.out).toContain('--to DIR')
  })

  it.each([
    [[], 'a command is needed'],
    [['dance'], 'unknown command: dance'],
    [['serve'], '--dir'],
    [['list'], 'PARLEY_ARCHIVIST_DIR'],
    [['list', 'more', '--dir', 'x'], 'unexpected argument: more'],
    [['add', '--dir', 'x'], 'LINK is needed'],
    [['export', 'short', '--dir', 'x'], 'FILE is needed'],
    [['remove', '../../etc', '--dir', 'x'], 'ROOM: expected'],
    [['backup', '--dir', 'x'], '--to is needed'],
    [['prune', '--dir', 'x', '--unused-days', '-1'], '--unused-days'],
  ])('ends with 2 for %j', async (args, reason) => {
    const { code, err } = await runArchivist(args)
    expect(err).toContain(reason)
    expect(err).toContain('Try --help.')
    expect(code).toBe(2)
  })

  it('works on a folder that no archivist runs on: add, list, verify, export, backup, remove, restore, import, prune', async () => {
    const dir = join(ends.folder(), 'data')
    const copy = join(ends.folder(), 'copy')
    const { link, name } = await archivistLink()
    const run = (...args: string[]) => runArchivist([...args, '--dir', dir])

    expect(await run('add', link)).toMatchObject({ code: 0, out: `Room ${name} is kept, blind.\n`, err: '' })
    expect(await run('add', link)).toMatchObject({ code: 0 })
    expect((await run('list')).out).toContain(name)
    expect(JSON.parse((await run('verify', '--json')).out)).toMatchObject([{ room: name, state: 'whole' }])
    expect(await run('backup', '--to', copy)).toMatchObject({ code: 0, err: '' })
    expect(statSync(join(copy, 'identity.json')).mode & 0o777).toBe(0o600)
    expect(await run('remove', name)).toMatchObject({ code: 0 })
    expect((await run('list')).out).toBe('No room is kept here.\n')
    expect(await run('restore', '--from', copy)).toMatchObject({ code: 0, out: '1 rooms are restored.\n' })
    expect(await run('restore', '--from', copy)).toMatchObject({ code: 1 })
    expect(await run('verify', name)).toMatchObject({ code: 0 })
    expect(await run('prune')).toMatchObject({ code: 0 })
    expect(existsSync(join(dir, 'lock'))).toBe(false)
    expect(existsSync(join(dir, 'control.json'))).toBe(false)
  })

  it('ends with 1, and says why in one line, for what cannot be done', async () => {
    const dir = ends.folder()
    const run = (...args: string[]) => runArchivist([...args, '--dir', dir])
    const unknown = 'x'.repeat(22)
    writeFileSync(join(dir, 'nonsense'), 'nonsense')
    for (const args of [
      ['add', 'https://parley.test/#nonsense'],
      ['export', unknown, join(dir, 'file')],
      ['import', join(dir, 'nonsense')],
      ['import', join(dir, 'absent')],
      ['remove', unknown],
      ['verify', unknown],
      ['status'],
    ]) {
      const { code, err, out } = await run(...args)
      expect([args, code]).toEqual([args, 1])
      expect((err || out).trim().split('\n')).toHaveLength(1)
    }
    expect(existsSync(join(dir, 'file'))).toBe(false)
  })
})
