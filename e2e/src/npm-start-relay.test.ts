/** `npm start` and the relay: where coturn is installed it runs one and tells clients of it, where not it says so. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createRoom } from '@parley/mesh'
import { findCommand } from '@parley/turn'
import { afterEach, describe, expect, it } from 'vitest'

const START = join(import.meta.dirname, '../../scripts/start.mjs')
const why = findCommand('turnserver') ? null : 'turnserver (package coturn) is not installed'
const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** What it printed until it was ready. */
async function npmStart(
  path: string,
): Promise<{ readonly lines: readonly string[]; readonly origin: string }> {
  const args = [START, '--port', '0', '--no-archivist']
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PATH: path },
  })
  const ended = once(child, 'exit')
  stops.push(async () => {
    child.kill('SIGTERM')
    await ended
  })
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    const origin = /Parley is ready: (http:\S+?)\/ /.exec(line)?.[1]
    if (origin) return { lines, origin }
  }
  throw new Error(`it ended:\n${lines.join('\n')}`)
}

describe('npm start', () => {
  it.skipIf(why)(`[SG16] runs a relay and offers it${why ? ` (skipped: ${why})` : ''}`, async () => {
    const { lines, origin } = await npmStart(process.env['PATH'] ?? '')
    expect(lines).toContainEqual(expect.stringMatching(/^Relay \(TURN\): port \d+/))
    const signaling = [`${origin.replace('http', 'ws')}/v1`]
    const room = await createRoom({ signaling, profile: { name: 'Ada', color: '#336699' } })
    stops.unshift(() => room.close())
    await expect.poll(() => room.state.reach.relayOffered).toBe(true)
  })

  it('says what is missing where there is no turnserver, and goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-path-'))
    stops.push(async () => rmSync(folder, { recursive: true }))
    symlinkSync(process.execPath, join(folder, 'node'))
    const { lines } = await npmStart(folder)
    expect(lines).toContainEqual(expect.stringMatching(/^No relay \(TURN\): .*apt-get install coturn/))
  })
})
