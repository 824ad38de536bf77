import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRoom, joinRoom, keepRoom, type OperatorToken, type Room } from '@parley/mesh'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { runSignaling, type SignalingProcess, startSignaling } from './signaling-process.ts'

const DAY_MS = 86_400_000

let dir: string
let signaling: SignalingProcess
const rooms: Room[] = []

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'parley-operator-'))
  runSignaling('keys', 'new', '--dir', dir)
  signaling = await startSignaling([], ['--admission', 'token', '--token-keys', join(dir, 'jwks.json')])
})
afterEach(async () => {
  for (const room of rooms.splice(0)) await room.close()
})
afterAll(async () => {
  await signaling.kill()
  rmSync(dir, { recursive: true })
})

const signJson = () => join(dir, 'signing-key.json')
const tokenFor = (room: string) => runSignaling('token', '--room', room, '--ttl', '15m', '--key', signJson())

function options(token?: OperatorToken) {
  return {
    signaling: [`ws://127.0.0.1:${signaling.port}/v1`],
    profile: { name: 'Nora', color: '#336699' },
    ...(token === undefined ? {} : { token }),
  }
}

async function open(opening: Promise<Room>): Promise<Room> {
  const room = await opening
  rooms.push(room)
  return room
}

describe('a server that asks for tokens', () => {
  it('[SG15] [F1] [F3] introduces those who have one for the room, and nobody else', async () => {
    const nora = await open(createRoom(options(tokenFor('*'))))
    await expect.poll(() => nora.state.connection).toEqual({ name: 'alone' })
    const invite = { role: 'editor', notAfterMs: Date.now() + DAY_MS } as const
    const { link } = await nora.createInvite('https://parley.example/', invite)
    for (const wrong of [undefined, 'garbage', tokenFor('A'.repeat(43))]) {
      const stranger = await open(joinRoom(link, options(wrong)))
      await expect.poll(() => stranger.state.connection).toEqual({ name: 'refused', reason: 'notProven' })
    }
    const asked: string[] = []
    const omar = await open(
      joinRoom(
        link,
        options(async (url) => {
          asked.push(url)
          return tokenFor(nora.id)
        }),
      ),
    )
    for (const room of [nora, omar]) {
      await expect.poll(() => room.state.connection).toMatchObject({ name: 'connected', linkCount: 1 })
    }
    expect(asked).toEqual([`ws://127.0.0.1:${signaling.port}/v1`])
  })

  it('[SG15] lets an archivist in that has one, and no other', async () => {
    const nora = await open(createRoom(options(tokenFor('*'))))
    const invite = { role: 'archivist', notAfterMs: Date.now() + DAY_MS } as const
    const { link } = await nora.createInvite('https://parley.example/', invite)
    const { signaling: addresses } = options()
    const without = await keepRoom(link, { signaling: addresses })
    await expect.poll(() => without.state).toEqual({ name: 'refused', reason: 'notProven' })
    await without.close()
    const kept = await keepRoom(link, { signaling: addresses, token: tokenFor(nora.id) })
    await expect.poll(() => kept.state).toMatchObject({ name: 'connected', linkCount: 1 })
    await kept.close()
  })
})
