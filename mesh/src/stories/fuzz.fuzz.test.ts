/**
 * Seeded lives of a room: honest edits of every awkward kind, partitions, signaling outages, crashes and restarts, a viewer.
 * In the end everybody reads the same, nobody honest was refused, and nothing that was acknowledged is gone.
 */
import { toBase64Url } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { readingDigest } from '../document/reading-digest.ts'
import { holdsBack } from '../document/yjs-internals.ts'
import { honestEdit, honestRoots, seededFraction } from '../testing/honest-traffic.ts'
import { type Guest, Meeting } from './meeting.ts'

const LONG = process.env['PARLEY_LONG'] === '1'
const SEEDS = LONG ? 300 : 12
const STEPS = 50

class Life {
  readonly meeting: Meeting
  readonly fraction: () => number
  readonly guests: Guest[] = []
  readonly refusals: string[] = []
  readonly errors: string[] = []
  readonly readingsDiffered: () => number
  /** Keys of the map `marks` that somebody was told are safe. */
  readonly acknowledged = new Set<string>()
  #marks = 0

  constructor(seed: number) {
    this.meeting = new Meeting({ seed })
    this.fraction = seededFraction(seed)
    this.readingsDiffered = () =>
      this.meeting.world.logLines.filter((line) => line.event === 'readings-differ').length
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.fraction() * list.length)] as T
  }

  watch(guest: Guest): Guest {
    honestRoots(guest.doc.doc)
    guest.room.onEvent((event) => {
      if (event.type === 'author-refused') this.refusals.push(`${guest.host} ${event.reason} ${event.detail}`)
      if (event.type === 'error') this.errors.push(`${guest.host} ${event.error.kind} ${event.error.message}`)
    })
    return guest
  }

  async begin(): Promise<void> {
    const ada = this.watch(await this.meeting.make('ada'))
    this.guests.push(ada)
    for (const host of ['ben', 'cleo']) this.guests.push(this.watch(await this.meeting.join(host, ada)))
    this.guests.push(this.watch(await this.meeting.join('vera', ada, { role: 'viewer' })))
  }

  get editors(): Guest[] {
    return this.guests.filter((guest) => guest.doc.writable)
  }

  edit(): void {
    const guest = this.pick(this.editors)
    const burst = this.fraction() < 0.1 ? 25 : 1 + Math.floor(this.fraction() * 4)
    for (let i = 0; i < burst; i++) honestEdit(guest.doc.doc, this.fraction)
  }

  /** Writes a mark and remembers it once its writer was told that it is safe. */
  mark(): void {
    const guest = this.pick(this.editors)
    const key = `mark-${this.#marks++}`
    guest.doc.doc.getMap('marks').set(key, guest.host)
    const stop = guest.room.onState(() => {
      if (guest.room.state.save.device !== 'saved') return
      this.acknowledged.add(key)
      stop()
    })
  }

  async crash(): Promise<void> {
    const guest = this.pick(this.guests)
    this.meeting.world.kill(guest.host)
    await this.meeting.world.clock.runFor(this.fraction() * 20_000)
    const again = this.watch(await this.meeting.reopen(guest.host, guest.room))
    await this.meeting.during(again.doc.whenLoaded)
    this.guests[this.guests.indexOf(guest)] = again
  }

  async step(): Promise<void> {
    const dice = this.fraction()
    const { network, signaling, clock } = this.meeting.world
    if (dice < 0.55) this.edit()
    else if (dice < 0.7) this.mark()
    else if (dice < 0.8) {
      const hosts = this.guests.map((guest) => guest.host)
      const left = hosts.filter(() => this.fraction() < 0.5)
      network.partition([left, hosts.filter((host) => !left.includes(host))])
    } else if (dice < 0.88) network.heal()
    else if (dice < 0.92) signaling.down()
    else if (dice < 0.96) signaling.up()
    else await this.crash()
    await clock.runFor(this.fraction() * (this.fraction() < 0.1 ? 40_000 : 600))
  }

  readings(): string[] {
    return this.guests.map((guest) => toBase64Url(readingDigest(guest.doc.doc)))
  }

  agreed(): boolean {
    const marks = this.guests.map((guest) => guest.doc.doc.getMap('marks').size)
    return new Set(this.readings()).size === 1 && new Set(marks).size === 1
  }

  async settle(): Promise<number> {
    this.meeting.world.network.heal()
    this.meeting.world.signaling.up()
    const tookMs = await this.meeting.world.clock.runUntil(() => this.agreed() && this.allLinked(), 240_000)
    await this.meeting.world.clock.runFor(15_000)
    return tookMs
  }

  allLinked(): boolean {
    return this.guests.every(({ room: { state } }) => state.connection.name === 'connected')
  }
}

describe('fuzz over the life of a room', () => {
  it.each(Array.from({ length: SEEDS }, (_, i) => 1000 + i))('[SY9] [FD1] [SV4] seed %i', async (seed) => {
    const life = new Life(seed)
    await life.begin()
    for (let step = 0; step < STEPS; step++) await life.step()
    await life.settle()
    expect(new Set(life.readings()).size, 'equal readings').toBe(1)
    expect(life.refusals, 'honest entries refused').toEqual([])
    expect(life.errors).toEqual([])
    for (const guest of life.guests) expect(holdsBack(guest.doc.doc)).toBe(false)
    const marks = life.guests[0]?.doc.doc.getMap('marks')
    expect(
      [...life.acknowledged].filter((key) => !marks?.has(key)),
      'acknowledged and lost',
    ).toEqual([])
    expect(life.acknowledged.size).toBeGreaterThan(0)
    const restarted = await life.meeting.reopen('ben', (life.guests[0] as Guest).room)
    await life.meeting.during(restarted.doc.whenLoaded)
    expect(toBase64Url(readingDigest(restarted.doc.doc)), 'after a restart').toBe(life.readings()[0])
  })
})
