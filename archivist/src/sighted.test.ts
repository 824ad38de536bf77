/** Rooms that an owner lets the archivist read. */
import type { Room } from '@parley/mesh'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Ends, FAR_MS, makeRoom, openHouse, write } from './testing/house.ts'
import { runArchivist } from './testing/processes.ts'

const POLL = { timeout: 30_000, interval: 50 }
vi.setConfig({ testTimeout: 90_000, hookTimeout: 30_000 })
const ends = new Ends()
afterEach(() => ends.run())

async function sightedLink(room: Room): Promise<string> {
  return (
    await room.createInvite('https://parley.test/', { role: 'archivist', sighted: true, notAfterMs: FAR_MS })
  ).link
}

describe('an archivist that may read', () => {
  it('[AR10] finds what was written, beside one that runs and by itself', async () => {
    const { signaling, dir, archivist } = await openHouse(ends)
    const ada = await makeRoom(ends, signaling)
    const name = ada.id.slice(0, 22)
    const added = await runArchivist(['add', '-', '--dir', dir], `${await sightedLink(ada)}\n`)
    expect(added).toMatchObject({ code: 0, out: `Room ${name} is kept, sighted.\n` })
    await write(ada, 'A heliotrope in the harbour')
    await expect.poll(() => ada.state.save.archivist, POLL).toBe('holds')
    const search = () => runArchivist(['search', name, 'HELIOTROPE', 'harbour', '--dir', dir])
    const found = await search()
    expect(found.err).toBe('')
    expect(found.out).toContain('A [heliotrope] in the [harbour]')
    expect(found.out).toContain('by Ada')
    await write(ada, ', and a wolverine')
    await expect.poll(() => ada.state.save.archivist, POLL).toBe('holds')
    expect((await runArchivist(['search', '--all', 'wolverine', '--dir', dir])).out).toContain('[wolverine]')
    expect(await archivist.stop()).toBe(0)
    expect((await search()).out).toContain('[heliotrope]')
  })
})
