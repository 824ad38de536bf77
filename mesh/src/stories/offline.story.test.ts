/** Two people apart for three days, each of whom writes all the time. */
import { toBase64Url } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import type { RoomEvent } from '../api.ts'
import { readingDigest } from '../document/reading-digest.ts'
import { type Fraction, honestEdit, honestRoots, seededFraction } from '../testing/honest-traffic.ts'
import { type Guest, Meeting } from './meeting.ts'

const DAY_MS = 24 * 3_600_000
const EDITS = 5_000
/** Of a day; in between nobody writes, and the devices stay on. */
const SITTINGS = 5
/** One edit in so many is of any kind, the others are typing: what honest people mostly do. */
const ANY_KIND_EVERY = 10
/** How links end that were lost, or that another one took the place of. */
const INNOCENT: ReadonlySet<string> = new Set(['normal', 'timeout', 'goingAway'])
const FAR = { notAfterMs: 4e12 } as const

function blameOf(guests: readonly Guest[], seen: RoomEvent[] = []): RoomEvent[] {
  for (const { room } of guests)
    room.onEvent((event) => {
      const innocent = event.type === 'link-closed' && INNOCENT.has(event.reason)
      if (event.type !== 'joined' && event.type !== 'left' && !innocent) seen.push(event)
    })
  return seen
}

const marksOf = (guest: Guest) => guest.doc.doc.getArray<string>('marks')
const reading = (guest: Guest) => toBase64Url(readingDigest(guest.doc.doc))

/** One edit, and a mark by which its loss would be seen. */
function edit(guest: Guest, count: number, fraction: Fraction): void {
  const { text } = honestRoots(guest.doc.doc)
  if (count % ANY_KIND_EVERY === 0) honestEdit(guest.doc.doc, fraction)
  else text.insert(text.length, 'x')
  marksOf(guest).push([`${guest.host} ${count}`])
}

/** Two who know each other, apart from now on. */
async function parted(seed: number, lastsMs: number | null = null) {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const notAfterMs = lastsMs === null ? FAR.notAfterMs : meeting.world.clock.nowMs() + lastsMs
  const ben = await meeting.join('ben', ada, { notAfterMs })
  honestRoots(ada.doc.doc).text.insert(0, 'before')
  await meeting.until(() => reading(ada) === reading(ben) && ada.room.state.people.length === 2)
  meeting.world.network.partition([['ada'], ['ben']])
  meeting.world.signaling.down()
  return { meeting, ada, ben }
}

/** {@link EDITS} by each over three days; time passes for both alike. */
async function threeDays(meeting: Meeting, guests: readonly Guest[], seed: number): Promise<void> {
  const fraction = seededFraction(seed)
  const perSitting = EDITS / (3 * SITTINGS)
  for (let sitting = 0, count = 0; sitting < 3 * SITTINGS; sitting++) {
    for (const end = Math.round((sitting + 1) * perSitting); count < end; count++) {
      for (const guest of guests) edit(guest, count, fraction)
      await meeting.world.clock.runFor(fraction() * 100)
    }
    await meeting.world.clock.runFor(DAY_MS / SITTINGS)
  }
}

async function together(meeting: Meeting, guests: readonly Guest[]): Promise<void> {
  const readings = () => guests.map((guest) => toBase64Url(readingDigest(guest.doc.doc)))
  const hasAll = (guest: Guest) => marksOf(guest).length === 2 * EDITS
  await meeting.until(() => guests.every(hasAll) && new Set(readings()).size === 1, 120_000)
  await meeting.world.clock.runFor(20_000)
  expect(new Set(readings()).size).toBe(1)
  for (const guest of guests) expect(new Set(marksOf(guest).toArray()).size).toBe(2 * EDITS)
}

/** Of each author, how many of the edits stand in the history that `guest` sees. */
function standingOf(guest: Guest, author: Guest): number {
  const all = guest.room.history({ document: 'content/main', limit: 100_000 })
  return all.filter((entry) => entry.author === author.room.self.key).length
}

describe('[F56] three days offline, 5,000 edits on both sides', () => {
  it('all is kept, both read the same, nobody is blamed', async () => {
    const { meeting, ada, ben } = await parted(901)
    const guests = [ada, ben]
    const blamed = blameOf(guests)
    const fromMs = meeting.world.clock.elapsedMs()
    await threeDays(meeting, guests, 901)
    expect(meeting.world.clock.elapsedMs() - fromMs).toBeGreaterThan(3 * DAY_MS)
    expect(guests.map((guest) => marksOf(guest).length)).toEqual([EDITS, EDITS])
    meeting.world.network.heal()
    meeting.world.signaling.up()
    await together(meeting, guests)
    expect(blamed).toEqual([])
    for (const author of guests) expect(standingOf(ada, author)).toBe(standingOf(ben, author))
  }, 120_000)

  it('[ST5] also by whose grant ended meanwhile and was renewed, the clocks nine minutes off', async () => {
    const { meeting, ada, ben } = await parted(902, DAY_MS)
    const blamed = blameOf([ada, ben])
    await threeDays(meeting, [ada, ben], 902)
    await meeting.during(ben.room.close())
    const { link } = await ada.room.createInvite('https://parley.test/', { role: 'editor', ...FAR })
    meeting.world.network.heal()
    meeting.world.signaling.up()
    meeting.world.setClockOffset('ben', 9 * 60_000)
    const again = await meeting.joinBy('ben', link)
    await meeting.during(again.doc.whenLoaded)
    blameOf([again], blamed)
    await together(meeting, [ada, again])
    expect(blamed).toEqual([])
    for (const author of [ada, again]) expect(standingOf(ada, author)).toBe(standingOf(again, author))
  }, 120_000)
})
