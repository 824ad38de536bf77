/** Well-signed entries of an editor whose updates are none that an honest client writes. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { RoomEvent } from '../api.ts'
import { UPDATE_LENGTH, UPDATE_ROOTS } from '../limits.ts'
import { type HostileLog, HostilePeer } from '../testing/hostile-peer.ts'
import { rawGc, rawItem, rawUpdate } from '../testing/raw-update.ts'
import { type Guest, Meeting, SIGNALING } from './meeting.ts'

async function attacked(seed: number) {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const ben = await meeting.join('ben', ada)
  ada.doc.doc.getText('t').insert(0, 'honest')
  await meeting.until(() => meeting.agree([ada, ben], 'honest') && ada.room.state.people.length === 2)
  const { link } = await ada.room.createInvite('https://parley.test/', { role: 'editor', notAfterMs: 4e12 })
  const mallory = await meeting.during(HostilePeer.join(meeting.world.platform('mallory'), link, SIGNALING))
  await meeting.until(() => mallory.links.length === 2)
  const { chain } = mallory.entrance.identity
  for (const to of mallory.links) mallory.send(to, { type: 'author', chain })
  const bytes = () => [ada, ben].map((guest) => Y.encodeStateAsUpdate(guest.doc.doc))
  const refused: RoomEvent[] = []
  for (const { room } of [ada, ben])
    room.onEvent((event) => {
      if (event.type === 'author-refused') refused.push(event)
    })
  const write = async (log: HostileLog, update: Uint8Array) => {
    const { entry } = await log.next(update, meeting.world.clock.nowMs())
    for (const to of mallory.links) mallory.send(to, { type: 'entry', entry: entry.bytes })
  }
  const author = mallory.entrance.identity.standing.key
  return { meeting, ada, ben, mallory, author, write, bytes, refused }
}

const own = (client: number, structs: readonly Uint8Array[], clock = 0) =>
  rawUpdate([{ client, clock, structs }])
const array = () => new Y.ContentType(new Y.Array())

describe('an update that nobody takes', () => {
  it.each([
    ['[F33] a giant collected struct', (client: number) => own(client, [rawGc(UPDATE_LENGTH + 1)])],
    [
      '[F34] types nested 5,000 deep',
      (client: number) =>
        own(
          client,
          Array.from({ length: 5_000 }, (_, i) =>
            rawItem(array(), i === 0 ? {} : { parent: { client, clock: i - 1 } }),
          ),
        ),
    ],
    [
      '[F34] more roots than an update may name',
      (client: number) =>
        own(
          client,
          Array.from({ length: UPDATE_ROOTS + 1 }, (_, i) =>
            rawItem(new Y.ContentString('x'), { parent: `root ${i}` }),
          ),
        ),
    ],
    [
      '[F34] a subdocument',
      (client: number) => own(client, [rawItem(new Y.ContentDoc(new Y.Doc({ guid: 'g', autoLoad: true })))]),
    ],
    [
      '[F34] the key `__proto__`',
      (client: number) =>
        own(client, [rawItem(new Y.ContentAny([{ polluted: 1 }]), { parent: 'map', key: '__proto__' })]),
    ],
    [
      '[F32] an item that names itself as its neighbour',
      (client: number) => own(client, [rawItem(new Y.ContentString('x'), { origin: { client, clock: 0 } })]),
    ],
  ])('[GT6] %s: closed with 4400, kept, honest work goes on', async (_name, update) => {
    const { meeting, ada, ben, mallory, author, write, bytes, refused } = await attacked(41)
    const kept = bytes()
    const log = mallory.log('content/main', 1)
    await write(log, update(log.clientId))
    await meeting.until(() => mallory.links.every((to) => to.closed !== null))
    expect(mallory.links.map((to) => to.closed?.reason)).toEqual(['malformed', 'malformed'])
    expect(refused).toMatchObject([
      { author, reason: 'malformed' },
      { author, reason: 'malformed' },
    ])
    expect(bytes()).toEqual(kept)
    ben.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree([ada, ben], 'still honest'))
  })

  it('[F34] types nested over many entries: refused from 256 on, and what stands can be deleted by anybody', async () => {
    const { meeting, ada, ben, mallory, write } = await attacked(42)
    const log = mallory.log('content/main', 1)
    for (let entry = 0; entry < 10; entry++) {
      const structs = Array.from({ length: 60 }, (_, i) => {
        const clock = entry * 60 + i
        const parent = clock === 0 ? 'deep' : { client: log.clientId, clock: clock - 1 }
        return rawItem(array(), { parent })
      })
      await write(log, own(log.clientId, structs, entry * 60))
    }
    await meeting.until(() => mallory.links.every((to) => to.closed !== null))
    expect(mallory.links.map((to) => to.closed?.reason)).toEqual(['malformed', 'malformed'])
    const depthOf = (guest: Guest): number => {
      let depth = 0
      for (let at: unknown = guest.doc.doc.getArray('deep'); at instanceof Y.Array; at = at.get(0)) depth++
      return depth
    }
    expect(depthOf(ben)).toBe(depthOf(ada))
    expect(depthOf(ada)).toBe(1 + 5 * 60)
    ben.doc.doc.getArray('deep').delete(0, 1)
    await meeting.until(() => ada.doc.doc.getArray('deep').length === 0)
    expect([ada, ben].map((guest) => meeting.textOf(guest))).toEqual(['honest', 'honest'])
  })
})

describe('an update that costs as much as it can', () => {
  it('[F35] conflicts at one place: applied by all, read alike, nobody blamed', async () => {
    const { meeting, ada, ben, mallory, write, refused } = await attacked(43)
    const count = 1_500
    const base = mallory.log('content/main', 1)
    const source = new Y.Doc()
    source.clientID = base.clientId
    for (let i = 0; i < count; i++) source.getText('c').insert(0, 'x')
    await write(base, Y.encodeStateAsUpdate(source))
    const log = mallory.log('content/main', 2)
    const structs = Array.from({ length: count }, (_, i) =>
      rawItem(new Y.ContentString('a'), { rightOrigin: { client: base.clientId, clock: count - 1 - i } }),
    )
    await write(log, own(log.clientId, structs))
    const read = (guest: Guest) => guest.doc.doc.getText('c').toString()
    await meeting.until(() => [ada, ben].every((guest) => read(guest).length === 2 * count))
    expect(read(ada)).toBe(read(ben))
    expect(mallory.links.map((to) => to.closed)).toEqual([null, null])
    expect(refused).toEqual([])
    expect([ada, ben].map((guest) => meeting.textOf(guest))).toEqual(['honest', 'honest'])
    ben.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree([ada, ben], 'still honest'))
  })

  it('[FD1] [FD2] [F32] forged orders of neighbours: live documents differ, repair makes all read alike, nobody is blamed', async () => {
    const { meeting, ada, ben, mallory, write, refused } = await attacked(46)
    const base = mallory.log('content/main', 1)
    await write(base, own(base.clientId, [rawItem(new Y.ContentString('abc'), { parent: 'o' })]))
    const read = ({ doc }: Guest) => doc.doc.getText('o').toString()
    await meeting.until(() => [ada, ben].every((guest) => read(guest) === 'abc'))
    // The forged letter stands behind `b` and before it: where that is depends on whether `x` is there already.
    meeting.world.network.block('ada', 'ben')
    const at = (clock: number) => ({ client: base.clientId, clock })
    ada.doc.doc.getText('o').insert(1, 'x')
    const log = mallory.log('content/main', 2)
    await write(
      log,
      own(log.clientId, [rawItem(new Y.ContentString('F'), { origin: at(1), rightOrigin: at(1) })]),
    )
    await meeting.until(() => [ada, ben].every((guest) => read(guest).includes('F')))
    expect(read(ada)).toMatch(/^axb.*F/)
    expect(read(ben)).toBe('aFbc')
    meeting.world.network.heal()
    await meeting.until(() => read(ben).includes('x') && read(ada) === read(ben), 120_000)
    await meeting.world.clock.runFor(20_000)
    expect(read(ada)).toBe(read(ben))
    expect(meeting.world.logLines.some(({ event }) => event === 'readings-differ')).toBe(true)
    expect(mallory.links.map((to) => to.closed)).toEqual([null, null])
    expect(refused).toEqual([])
    ben.doc.doc.getText('t').insert(0, 'still ')
    await meeting.until(() => meeting.agree([ada, ben], 'still honest'))
  })

  it('[FD3] [F38] at which Yjs throws: put back from the journal, the author shut out, honest work stays', async () => {
    const { meeting, ada, ben, mallory, author, write, refused } = await attacked(44)
    let replaced = 0
    for (const guest of [ada, ben]) guest.doc.onReplaced(() => replaced++)
    const original = Y.ContentString.prototype.integrate
    Y.ContentString.prototype.integrate = function (this: Y.ContentString, ...args) {
      if (this.str === 'bad') throw new Error('as if Yjs failed')
      original.apply(this, args)
    }
    try {
      const log = mallory.log('content/main', 1)
      await write(log, own(log.clientId, [rawItem(new Y.ContentString('bad'), { parent: 't' })]))
      await meeting.until(() => mallory.links.every((to) => to.closed !== null))
      expect(mallory.links.map((to) => to.closed?.reason)).toEqual(['malformed', 'malformed'])
      await meeting.until(() => replaced === 2)
      await meeting.world.clock.runFor(30_000)
      expect(refused).toMatchObject([
        { author, reason: 'malformed' },
        { author, reason: 'malformed' },
      ])
      for (const guest of [ada, ben]) expect(meeting.textOf(guest)).toBe('honest')
      ben.doc.doc.getText('t').insert(0, 'still ')
      await meeting.until(() => meeting.agree([ada, ben], 'still honest'))
    } finally {
      Y.ContentString.prototype.integrate = original
    }
  })
})

describe('[F51] clocks', () => {
  it.each([
    // What is up to 10 min ahead of the receiver's clock stands at once, whatever is further waits until it is not.
    [10 * 60_000, 0, 5_000],
    [0, -10 * 60_000, 5_000],
    [10 * 60_000, -10 * 60_000, 10 * 60_000 + 30_000],
  ])(
    '%i ms off against %i: nobody is refused, everything arrives within %i ms',
    async (adaMs, benMs, limitMs) => {
      const meeting = new Meeting({ seed: 45 })
      meeting.world.setClockOffset('ada', adaMs)
      meeting.world.setClockOffset('ben', benMs)
      const ada = await meeting.make('ada')
      const ben = await meeting.join('ben', ada)
      const refused: RoomEvent[] = []
      for (const { room } of [ada, ben])
        room.onEvent((event) => {
          if (event.type === 'author-refused' || event.type === 'link-closed') refused.push(event)
        })
      await meeting.until(() => ada.room.state.people.length === 2)
      ada.doc.doc.getText('t').insert(0, 'from ada')
      await meeting.until(() => meeting.agree([ada, ben], 'from ada'), limitMs)
      ben.doc.doc.getText('t').insert(0, 'from ben, ')
      await meeting.until(() => meeting.agree([ada, ben], 'from ben, from ada'), limitMs)
      expect(refused).toEqual([])
    },
  )
})
