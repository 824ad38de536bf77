/**
 * A long life in short: people come and go in many rooms, over real WebRTC on loopback. What an archivist holds must follow
 * from what it keeps, not from how many were here. `PARLEY_LONG=1` makes it thousands.
 */
import { afterEach, expect, it, vi } from 'vitest'
import {
  Ends,
  invite,
  keepOnServer,
  makeRoom,
  metricsOf,
  newcomer,
  openHouse,
  textIn,
  write,
} from './testing/house.ts'

const LONG = process.env['PARLEY_LONG'] === '1'
const ROOMS = LONG ? 50 : 4
const ROUNDS = LONG ? 40 : 6
/** Rooms that are visited at the same time. */
const AT_ONCE = 4
const POLL = { timeout: 60_000, interval: 20 }
/** The first rounds fill caches and pools; from then on nothing may grow with the visits. */
const WARM_ROUNDS = LONG ? 5 : 2
/** A visit that left a peer connection behind would cost 100 kB and more, and two handles or more. */
const VISIT_BYTES = 30_000
const SPARE_BYTES = 40_000_000
const SPARE_HANDLES = 40
vi.setConfig({ testTimeout: LONG ? 3_600_000 : 240_000 })

const ends = new Ends()
afterEach(() => ends.run())

interface Kept {
  readonly link: string
  text: string
}

async function visit(signaling: string, kept: Kept): Promise<void> {
  const own = new Ends()
  const room = await newcomer(own, signaling, kept.link)
  await expect.poll(() => textIn(room).toString(), POLL).toBe(kept.text)
  await write(room, 'x')
  kept.text += 'x'
  await expect.poll(() => room.state.save.archivist, POLL).toBe('holds')
  await own.run()
}

async function readings(url: string) {
  await expect.poll(async () => (await metricsOf(url)).get('parley_archivist_links'), POLL).toBe(0)
  const metrics = await metricsOf(url)
  const of = (name: string) => metrics.get(`parley_archivist_${name}`) ?? Number.NaN
  return {
    residentBytes: of('keeper_process_resident_memory_bytes'),
    heapBytes: of('keeper_nodejs_heap_size_used_bytes'),
    openFiles: of('keeper_process_open_fds'),
    entries: of('entries'),
    restarts: of('keeper_restarts'),
  }
}

it('holds no more after many visits than after a few', async () => {
  const { signaling, url } = await openHouse(ends, [
    '--unproven-per-address',
    '1000',
    '--proven-per-address',
    '5000',
  ])
  const rooms: Kept[] = []
  for (let i = 0; i < ROOMS; i++) {
    const own = new Ends()
    const room = await makeRoom(own, signaling)
    await expect.poll(() => room.state.archivistOffered, POLL).toBe(true)
    await keepOnServer(room)
    await write(room, 'made ')
    await expect.poll(() => room.state.save.archivist, POLL).toBe('holds')
    rooms.push({ link: await invite(room, 'editor'), text: 'made ' })
    await expect.poll(() => room.state.save.archivist, POLL).toBe('holds')
    await own.run()
  }
  let warm = await readings(url)
  for (let round = 1; round <= ROUNDS; round++) {
    for (let first = 0; first < ROOMS; first += AT_ONCE)
      await Promise.all(rooms.slice(first, first + AT_ONCE).map((kept) => visit(signaling, kept)))
    const now = await readings(url)
    if (round === WARM_ROUNDS) warm = now
    console.log(`round ${round}, ${round * ROOMS} visits: ${JSON.stringify(now)}`)
  }
  const end = await readings(url)
  const visits = (ROUNDS - WARM_ROUNDS) * ROOMS
  expect(end.restarts).toBe(0)
  // Sockets of ended connections are closed by the WebRTC package some seconds later.
  await expect
    .poll(async () => (await readings(url)).openFiles - warm.openFiles, POLL)
    .toBeLessThan(SPARE_HANDLES)
  expect(end.residentBytes - warm.residentBytes).toBeLessThan(SPARE_BYTES + visits * VISIT_BYTES)
})
