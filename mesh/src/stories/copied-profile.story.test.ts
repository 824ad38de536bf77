/** The profile of one person, copied to a second machine: two devices under one key, that know nothing of each other. */
import { describe, expect, it } from 'vitest'
import type { RoomEvent } from '../api.ts'
import { type Guest, Meeting } from './meeting.ts'

/** How a link may end that somebody lost or left. */
const INNOCENT: ReadonlySet<string> = new Set(['normal', 'timeout', 'goingAway'])

/** What nobody of this story may ever hear: that somebody is to blame. */
function watch(guests: readonly Guest[]): RoomEvent[] {
  const seen: RoomEvent[] = []
  for (const { room } of guests)
    room.onEvent((event) => {
      if (event.type === 'joined' || event.type === 'left') return
      if (event.type === 'link-closed' && INNOCENT.has(event.reason)) return
      seen.push(event)
    })
  return seen
}

async function three(seed: number) {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const ben = await meeting.join('ben', ada)
  ben.doc.doc.getText('t').insert(0, 'start ')
  await meeting.until(() => meeting.agree([ada, ben], 'start ') && ben.room.state.save.device === 'saved')
  return { meeting, ada, ben }
}

/** Puts the disk of `from` as it is now into another machine, and opens the room there. */
async function copied(meeting: Meeting, from: Guest, to: string): Promise<Guest> {
  meeting.world.copyDisk(from.host, to)
  const copy = await meeting.reopen(to, from.room)
  await meeting.during(copy.doc.whenLoaded)
  return copy
}

const append = ({ doc }: Guest, word: string) =>
  doc.doc.getText('t').insert(doc.doc.getText('t').length, word)

/** The words that somebody reads, sorted: which of two concurrent ones comes first is chance. */
const words = (meeting: Meeting, guest: Guest) => meeting.textOf(guest).trim().split(' ').sort()

/** By log of `author`, how far it stands here. */
function logsOf(guest: Guest, author: string): Map<string, number> {
  const logs = new Map<string, number>()
  for (const entry of guest.room.history({ limit: 10_000 })) {
    if (entry.author !== author) continue
    logs.set(entry.log, Math.max(logs.get(entry.log) ?? 0, entry.seq))
  }
  return logs
}

describe('[F62] a profile on two machines', () => {
  it('[EN5] both write at once: two logs, no fork, nothing lost, nobody blamed', async () => {
    const { meeting, ada, ben } = await three(801)
    const copy = await copied(meeting, ben, 'laptop')
    const guests = [ada, ben, copy]
    const seen = watch(guests)
    expect(copy.room.self.key).toBe(ben.room.self.key)
    await meeting.until(() =>
      guests.every(
        ({ room: { state } }) => state.connection.name === 'connected' && state.connection.linkCount === 2,
      ),
    )
    const expected = ['start']
    for (let i = 0; i < 50; i++) {
      append(ben, `b${i} `)
      append(copy, `c${i} `)
      expected.push(`b${i}`, `c${i}`)
      await meeting.world.clock.runFor(i % 10)
    }
    await meeting.until(() => meeting.agree(guests) && words(meeting, ada).length === expected.length)
    await meeting.world.clock.runFor(20_000)
    for (const guest of guests) expect(words(meeting, guest)).toEqual([...expected].sort())
    expect(seen).toEqual([])
    const logs = guests.map((guest) => logsOf(guest, ben.room.self.key))
    expect(logs[0]?.size).toBe(2)
    expect(logs[1]).toEqual(logs[0])
    expect(logs[2]).toEqual(logs[0])
  })

  it('copied in the middle of writing, apart for an hour: both go on in logs of their own', async () => {
    const { meeting, ada, ben } = await three(802)
    append(ben, 'unflushed ')
    await meeting.world.clock.runFor(20)
    const atCopy = meeting.textOf(ben)
    meeting.world.network.partition([['ada'], ['ben'], ['laptop']])
    meeting.world.signaling.down()
    const copy = await copied(meeting, ben, 'laptop')
    const guests = [ada, ben, copy]
    const seen = watch(guests)
    expect(meeting.textOf(copy)).toBe(atCopy)
    for (let i = 0; i < 30; i++) {
      append(ben, `b${i} `)
      append(copy, `c${i} `)
      append(ada, `a${i} `)
      await meeting.world.clock.runFor(120_000)
    }
    meeting.world.network.heal()
    meeting.world.signaling.up()
    await meeting.until(() => meeting.agree(guests) && words(meeting, ada).length === 92, 120_000)
    await meeting.world.clock.runFor(20_000)
    const expected = [
      'start',
      'unflushed',
      ...['a', 'b', 'c'].flatMap((who) => Array.from({ length: 30 }, (_, i) => `${who}${i}`)),
    ]
    expect(words(meeting, ben)).toEqual(expected.sort())
    expect(seen).toEqual([])
  })

  it('both are started again, and a third copy is made of the copy: every run has a log of its own', async () => {
    const { meeting, ada, ben } = await three(803)
    let copy = await copied(meeting, ben, 'laptop')
    let first = ben
    for (let run = 0; run < 3; run++) {
      append(first, `b${run} `)
      append(copy, `c${run} `)
      await meeting.until(
        () => meeting.agree([ada, first, copy]) && words(meeting, ada).length === 3 + 2 * run,
      )
      await meeting.until(() => [first, copy].every(({ room }) => room.state.save.device === 'saved'))
      meeting.world.kill('ben')
      meeting.world.kill('laptop')
      first = await meeting.reopen('ben', ada.room)
      copy = await meeting.reopen('laptop', ada.room)
      for (const { doc } of [first, copy]) await meeting.during(doc.whenLoaded)
    }
    const phone = await copied(meeting, copy, 'phone')
    const guests = [ada, first, copy, phone]
    const seen = watch(guests)
    for (const [i, guest] of guests.entries()) append(guest, `last${i} `)
    await meeting.until(() => meeting.agree(guests) && words(meeting, ada).length === 11, 120_000)
    await meeting.world.clock.runFor(20_000)
    expect(meeting.agree(guests)).toBe(true)
    expect(seen).toEqual([])
    expect(logsOf(ada, ben.room.self.key).size).toBe(2 * 3 + 3)
  })
})
