import { describe, expect, it } from 'vitest'
import type { RoomEvent } from '../api.ts'
import { APPLY_SLICE_MS, DRAFT_LEAD_MS, REBUILD_INTERVAL_MS } from '../limits.ts'
import type { Clock, Platform } from '../ports.ts'
import { joinRoomOn } from '../rooms.ts'
import { type Guest, Meeting, SIGNALING } from './meeting.ts'

async function two(seed: number) {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const ben = await meeting.join('ben', ada)
  ada.doc.doc.getText('t').insert(0, 'text')
  await meeting.until(() => meeting.agree([ada, ben], 'text') && ada.room.state.people.length === 2)
  return { meeting, ada, ben, seenBy: [watch(ada), watch(ben)] as const }
}

function watch(guest: Guest) {
  const seen = { replaced: 0, refused: 0, errors: [] as RoomEvent[] }
  guest.doc.onReplaced(() => {
    seen.replaced++
  })
  guest.room.onEvent((event) => {
    if (event.type === 'author-refused') seen.refused++
    if (event.type === 'error') seen.errors.push(event)
  })
  return seen
}

describe('repair', () => {
  it('[FD2] [FD4] [F41] equal heads and another reading: rebuilt from the journal, once in 10 s, read the same', async () => {
    const { meeting, ada, ben, seenBy } = await two(71)
    const { doc, clientID } = { doc: ada.doc.doc, clientID: ada.doc.doc.clientID }
    ada.doc.doc.getText('t').insert(4, ' \ud83d')
    await meeting.until(() => meeting.textOf(ben) === 'text \ufffd')
    expect(meeting.textOf(ada)).toBe('text \ud83d')
    await meeting.until(() => meeting.agree([ada, ben], 'text \ufffd'), 10_000)
    expect(seenBy.map(({ replaced, refused }) => [replaced, refused])).toEqual([
      [1, 0],
      [0, 0],
    ])
    expect(ada.doc.doc).not.toBe(doc)
    expect(ada.doc.doc.clientID).not.toBe(clientID)

    ada.doc.doc.getText('t').insert(0, '\ud83d')
    await meeting.world.clock.runFor(REBUILD_INTERVAL_MS - 1_000)
    expect([seenBy[0].replaced, meeting.textOf(ada)]).toEqual([1, '\ud83dtext \ufffd'])
    await meeting.world.clock.runFor(2_000)
    ada.doc.doc.getText('t').insert(0, 'on ')
    await meeting.until(() => meeting.agree([ada, ben], 'on \ufffdtext \ufffd'))
  })

  it('[FD3] [FD4] [F59] an observer that throws while others’ work is applied: rebuilt without it, nobody blamed', async () => {
    const { meeting, ada, ben, seenBy } = await two(72)
    const broken = ben.doc.doc
    broken.getText('t').observe(() => {
      throw new Error('a binding that fails')
    })
    const kept = ada.doc.doc
    ada.doc.doc.getText('t').insert(4, ' of ada')
    await meeting.until(() => seenBy[1].replaced === 1 && meeting.agree([ada, ben], 'text of ada'))
    expect(ben.doc.doc).not.toBe(broken)
    expect(ada.doc.doc).toBe(kept)
    expect([ada, ben].map(({ room }) => room.state.connection)).toMatchObject([
      { name: 'connected', linkCount: 1 },
      { name: 'connected', linkCount: 1 },
    ])
    expect(seenBy.map(({ refused }) => refused)).toEqual([0, 0])
    expect(seenBy[1].errors.map((event) => event.type === 'error' && event.error.cause)).toMatchObject([
      { message: 'a binding that fails' },
    ])
    ben.doc.doc.getText('t').insert(0, 'ben and ')
    await meeting.until(() => meeting.agree([ada, ben], 'ben and text of ada'))
  })
})

it('[FD6] applying yields to the host every 8 ms', async () => {
  const { meeting, ada } = await two(73)
  const count = 200
  for (let i = 0; i < count; i++) {
    ada.doc.doc.getText('t').insert(0, 'x')
    await meeting.world.clock.runFor(DRAFT_LEAD_MS + 1)
  }
  const { link } = await ada.room.createInvite('https://parley.test/', { role: 'viewer', notAfterMs: 4e12 })
  /** How often somebody yields who opens the document, and whose clock goes on by so much with each look at it. */
  const yieldsOf = async (host: string, tickMs: number): Promise<number> => {
    const { clock } = meeting.world.platform(host)
    const counts = { looks: 0, yields: 0 }
    const ticking: Clock = {
      ...clock,
      nowMs: () => clock.nowMs() + tickMs * counts.looks++,
      yieldToHost: () => {
        counts.yields++
        return clock.yieldToHost()
      },
    }
    const platform: Platform = { ...meeting.world.platform(host), clock: ticking }
    const options = { signaling: [SIGNALING], profile: { name: host, color: '#000000' } }
    const room = await meeting.during(joinRoomOn(platform, link, options))
    await meeting.world.clock.runFor(5_000)
    counts.yields = 0
    const { doc } = room.document('content/main')
    await meeting.until(() => doc.getText('t').length === 4 + count)
    return counts.yields
  }
  const [frozen, ticking] = [await yieldsOf('frozen', 0), await yieldsOf('ticking', 1)]
  expect(ticking - frozen).toBeGreaterThanOrEqual(Math.floor(count / (APPLY_SLICE_MS + 1)))
  expect(APPLY_SLICE_MS).toBe(8)
})
