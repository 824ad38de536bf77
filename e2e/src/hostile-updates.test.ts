import { CLOSE, type Frame, logKeyOf } from '@parley/protocol'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { World } from './harness.ts'
import { brokenUpParagraph, conflictsWith, v2Bomb } from './hostile/conflicts.ts'
import { docName, newSession } from './hostile/guest.ts'
import { Intruder, PAGE } from './hostile/intruder.ts'
import type { RawLane } from './hostile/raw-chunks.ts'
import type { RawLink } from './hostile/raw-link.ts'
import type { Person } from './person.ts'

const TEXT = 'What Ada wrote.'
/** With more the last line would measure the editor, which draws the paragraph anew for every slice. */
const CONFLICTS = 3_000

let world: World
let ada: Person

beforeAll(async () => {
  world = await World.open()
})
beforeEach(async () => {
  ada = await world.person('Ada')
  await ada.makeRoom()
  await ada.type(TEXT)
})
afterEach(() => world.clear())
afterAll(() => world.close())

async function hostileEditor(): Promise<{ intruder: Intruder; link: RawLink }> {
  const intruder = await Intruder.byLink(await ada.invite('Can edit'), world.signalingUrl)
  world.atEnd(async () => intruder.leave())
  const [link] = await intruder.enter()
  if (!link) throw new Error('nobody is here')
  await link.proven
  return { intruder, link }
}

interface Turns {
  /** In which the page's own work found the document longer than the turn before: so often it was between two parts. */
  readonly betweenParts: number
  readonly longestMs: number
}

/** From now on a timer of the page looks at the document whenever it gets its turn; idle turns are not counted. */
async function watchTurns(person: Person): Promise<() => Promise<Turns>> {
  await person.document.evaluate((element) => {
    const seen = { betweenParts: 0, longestMs: 0 }
    Object.assign(globalThis, { seen })
    let lengthBefore = element.textContent.length
    const look = (): void => {
      const { length } = element.textContent
      if (length !== lengthBefore) seen.betweenParts++
      lengthBefore = length
      setTimeout(look)
    }
    look()
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.longestMs = Math.max(seen.longestMs, duration)
    }).observe({ type: 'longtask' })
  })
  return () => person.page.evaluate(() => (globalThis as unknown as { seen: Turns }).seen)
}

interface Flood {
  readonly name: string
  /** What is sent as fast as the channel takes it. */
  readonly frames: (intruder: Intruder) => Iterable<readonly [Frame, RawLane]>
  /** `null`: it is within what a link may send, and slowed down instead. */
  readonly code: number | null
}

function* repeated(
  count: number,
  frame: (i: number) => Frame,
  lane: RawLane,
): Generator<readonly [Frame, RawLane]> {
  for (let i = 0; i < count; i++) yield [frame(i), lane]
}

const FLOODS: readonly Flood[] = [
  {
    name: 'pings',
    code: CLOSE.rate,
    frames: () => repeated(20_000, (count) => ({ type: 'ping', count }), 'control'),
  },
  {
    name: 'wants for everything',
    code: CLOSE.rate,
    frames: ({ guest }) => {
      const [author, session] = [guest.keyId, newSession()]
      const range = {
        doc: PAGE,
        author,
        session,
        log: logKeyOf(PAGE, author, session),
        from: 1,
        to: 1_000_000,
      }
      return repeated(5_000, () => ({ type: 'want', ranges: [range] }), 'control')
    },
  },
  {
    name: 'entries that it may write',
    code: null,
    frames: (intruder) => {
      const entries = Array.from({ length: 1_500 }, (_, i) =>
        intruder.paragraph(`${i}`, docName('content/other')),
      )
      return repeated(entries.length, (i) => entries[i] as Frame, 'live')
    },
  },
  {
    name: 'entries with broken signatures',
    code: CLOSE.malformed,
    frames: (intruder) => {
      const { entry } = intruder.paragraph('x')
      entry[entry.length - 1] = (entry.at(-1) as number) ^ 1
      return repeated(5_000, () => ({ type: 'entry', entry }), 'live')
    },
  },
  {
    name: '[WK5] chains that do not hold, under credit',
    code: CLOSE.rate,
    frames: ({ guest }) => {
      const broken = (i: number): Uint8Array => {
        const chain = guest.chain.slice()
        chain[chain.length - 1] = (chain.at(-1) as number) ^ (1 + (i & 127))
        chain[chain.length - 2] = i >> 7
        return chain
      }
      // Within the credit that a link begins with.
      return repeated(4_000, (i) => ({ type: 'author', chain: broken(i) }), 'sync')
    },
  },
]

describe('a hostile peer at full speed', () => {
  it.each(FLOODS)(
    '$name: the page takes keystrokes meanwhile and goes on',
    async ({ name, frames, code }) => {
      const { intruder, link } = await hostileEditor()
      const sent = [...frames(intruder)]
      const look = await watchTurns(ada)
      const before = await ada.structure()
      link.send(intruder.author)
      for (const [frame, lane] of sent) if (link.isOpen) link.send(frame, lane)
      await ada.append(' On we go.')
      if (code !== null) await expect.poll(() => link.closeCode).toBe(code)
      expect(await ada.text()).toBe(`${TEXT} On we go.`)
      expect(await ada.structure()).not.toBe(before)
      const { longestMs } = await look()
      const heapBytes = await ada.page.evaluate(
        () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
      )
      console.log(JSON.stringify({ flood: name, frames: sent.length, longestTaskMs: longestMs, heapBytes }))
      expect(heapBytes).toBeLessThan(200_000_000)
      expect(ada.faults()).toEqual([])
    },
  )
})

describe('an editor whose entries cost as much as they can', () => {
  it('[F35] thousands of conflicts at one place: the page goes on between them, and reads alike everywhere', async () => {
    const ben = await world.person('Ben')
    await ben.enter(await ada.invite('Can edit'))
    await expect.poll(() => ben.text()).toBe(TEXT)
    const { intruder, link } = await hostileEditor()
    const base = brokenUpParagraph(intruder.guest, PAGE, CONFLICTS)
    link.send(base.frame, 'live')
    const broken = 'x'.repeat(CONFLICTS)
    for (const person of [ada, ben])
      await expect.poll(async () => (await person.text()).includes(broken)).toBe(true)

    const look = await watchTurns(ada)
    link.send(conflictsWith(intruder.guest, PAGE, base, CONFLICTS).frame, 'live')
    const conflictsRead = async (person: Person) =>
      [...(await person.text()).replace(TEXT, '')].filter((letter) => letter === 'a').length
    for (const person of [ada, ben]) {
      await expect.poll(() => conflictsRead(person), { timeout: 45_000 }).toBe(CONFLICTS)
    }
    const { betweenParts, longestMs } = await look()
    console.log(JSON.stringify({ conflicts: CONFLICTS, betweenParts, longestMs }))
    // A slice passes 40,000 items; a timer may find two of them done.
    expect(betweenParts).toBeGreaterThan(CONFLICTS ** 2 / 2 / 40_000 / 2)
    expect(await ada.text()).toBe(await ben.text())
    expect(await ada.text()).toContain(TEXT)
    await ben.append(' Ben goes on.')
    await expect.poll(() => ada.text()).toContain('Ben goes on.')
  })

  it('[F26] an update of the other version of the format: refused unread, nothing changes', async () => {
    const { intruder, link } = await hostileEditor()
    const before = await ada.structure()
    link.send(v2Bomb(intruder.guest, PAGE), 'live')
    await expect.poll(() => link.closeCode).toBe(CLOSE.malformed)
    expect(await ada.structure()).toBe(before)
    await ada.append(' On we go.')
    expect(await ada.text()).toBe(`${TEXT} On we go.`)
    expect(ada.faults()).toEqual([])
  })
})
