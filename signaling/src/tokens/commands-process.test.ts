/** The three commands together, as an operator without an identity provider uses them. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { testRoom } from '@parley/protocol/testing'
import { expect, it } from 'vitest'
import { launch, serveProcess } from '../testing/server-process.ts'
import { join, TestClient } from '../testing/test-client.ts'

const room = testRoom('commands of a process')
const owner = await room.device('owner')

async function run(...args: readonly string[]): Promise<string> {
  const child = launch(...args)
  let out = ''
  child.stdout?.on('data', (chunk) => (out += String(chunk)))
  const [code] = await once(child, 'close')
  expect({ args, code }).toEqual({ args, code: 0 })
  return out.trim()
}

it('[SG21] [F1] [F2] keys are made and rotated, and the server notices without a restart', async () => {
  const dir = await mkdtemp(joinPath(tmpdir(), 'parley-operator-'))
  const token = () => run('token', '--room', '*', '--ttl', '15m', '--key', joinPath(dir, 'signing-key.json'))
  await run('keys', 'new', '--dir', dir)
  const first = await token()
  const server = await serveProcess('--admission', 'token', '--token-keys', joinPath(dir, 'jwks.json'))
  const admits = async (given: string) => (await join(server, room, owner, given)).client.leave()
  expect(await admits(first)).toBe(1000)
  await run('keys', 'rotate', '--dir', dir)
  const second = await token()
  expect([await admits(second), await admits(first)]).toEqual([1000, 1000])
  await run('keys', 'rotate', '--dir', dir)
  for (const wrong of [first, undefined, 'garbage', 'x'.repeat(8192)]) {
    const client = await TestClient.connect(server)
    client.hello(room, owner.chainBytes, wrong)
    expect(await client.refusal()).toEqual({ code: 4401, reason: 'not admitted to this room' })
    expect(await admits(second)).toBe(1000)
  }
  expect(await server.stop()).toBe(0)
  for (const secret of [first, second]) expect(server.log()).not.toContain(secret.split('.')[2])
  await rm(dir, { recursive: true })
})
