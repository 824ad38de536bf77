import { joinRoom, type Room } from '@parley/mesh'
import { CLOSE, decodeEntry } from '@parley/protocol'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { World } from './harness.ts'
import { docName } from './hostile/guest.ts'
import { Intruder, PAGE } from './hostile/intruder.ts'
import { paragraphsOf } from './hostile/paragraphs.ts'
import type { RawLink } from './hostile/raw-link.ts'
import type { Person } from './person.ts'

const TEXT = 'What Ada wrote.'

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

describe('[J2] who can only view', () => {
  it('reads live and changes nothing', async () => {
    const vic = await world.person('Vic')
    await vic.enter(await ada.invite('Can view'))
    await expect.poll(() => vic.text()).toBe(TEXT)
    expect(await vic.document.getAttribute('aria-readonly')).toBe('true')
    expect(await ada.document.getAttribute('aria-readonly')).toBe('false')
    await vic.document.focus()
    await vic.page.keyboard.type('not mine')
    await vic.page.keyboard.press('Control+b')
    await vic.page.keyboard.press('Backspace')
    await ada.append(' More.')
    await expect.poll(() => vic.text()).toBe(`${TEXT} More.`)
    expect(await ada.text()).toBe(`${TEXT} More.`)
    await expect.poll(() => ada.people.nth(1).textContent()).toMatch(/Vic.*Can view/)
    expect([...ada.faults(), ...vic.faults()]).toEqual([])
  })
})

/** An honest peer that is no browser, with the text. */
async function honestPeer(link: string): Promise<{ room: Room; doc: () => Y.Doc }> {
  const profile = { name: 'Nora', color: '#336699' }
  const room = await joinRoom(link, { signaling: [world.signalingUrl], profile })
  world.atEnd(() => room.close())
  const handle = room.document(PAGE)
  await expect.poll(() => paragraphsOf(handle.doc)).toBe(TEXT)
  return { room, doc: () => handle.doc }
}

/** A client of one's own making; `leave` is seen to. */
async function intruderBy(link: string): Promise<Intruder> {
  const intruder = await Intruder.byLink(link, world.signalingUrl)
  world.atEnd(async () => intruder.leave())
  return intruder
}

/** Links that the other side has proven. */
async function enter(intruder: Intruder, except: readonly Intruder[] = []): Promise<readonly RawLink[]> {
  const links = await intruder.enter(except)
  await Promise.all(links.map((link) => link.proven))
  return links
}

async function toAdaAlone(intruder: Intruder, except: readonly Intruder[] = []): Promise<RawLink> {
  const [link, ...more] = await enter(intruder, except)
  if (!link || more.length > 0) throw new Error('more people here than Ada')
  return link
}

/** Paragraphs that were put to the beginning at the same time have no order that a test could foresee. */
async function adaReads(): Promise<readonly string[]> {
  return (await ada.text()).split('\n').sort()
}

function adaIsTold(): Promise<boolean> {
  const told = 'A device sent something that it may not write. It was not applied.'
  return ada.page.getByRole('alert').getByText(told).isVisible()
}

/** Frames are dealt with in order: an answer to what was sent later shows that the link outlived the earlier. */
async function expectAlive(link: RawLink): Promise<void> {
  const before = link.frames.length
  link.send({ type: 'digest', root: new Uint8Array(32), buckets: null })
  await expect.poll(() => link.frames.slice(before).some((frame) => frame.type === 'digest')).toBe(true)
}

describe('a modified client', () => {
  it('[J2] [F18] of a viewer writes: refused everywhere, told, and not let in again', async () => {
    const viewLink = await ada.invite('Can view')
    const nora = await honestPeer(await ada.invite('Can edit'))
    const stateBefore = Y.encodeStateAsUpdate(nora.doc())
    const readingBefore = await ada.structure()
    const viewer = await intruderBy(viewLink)
    const links = await enter(viewer)
    expect(links).toHaveLength(2)
    const forged = viewer.paragraph('Forged.')
    for (const link of links) link.send(forged, 'live')
    for (const link of links) await expect.poll(() => link.closeCode).toBe(CLOSE.role)
    await expect.poll(adaIsTold).toBe(true)
    expect(await ada.structure()).toBe(readingBefore)
    expect(Y.encodeStateAsUpdate(nora.doc())).toEqual(stateBefore)

    const again = await viewer.enter()
    expect(again).toHaveLength(2)
    for (const link of again) await expect.poll(() => link.closeCode).toBe(CLOSE.role)
    await ada.append(' On we go.')
    await expect.poll(() => paragraphsOf(nora.doc())).toBe(`${TEXT} On we go.`)
    expect(ada.faults()).toEqual([])
  })

  it('[F18] of a viewer has somebody else carry what it wrote: refused, the carrier is not blamed', async () => {
    const viewer = await intruderBy(await ada.invite('Can view'))
    const carrier = await intruderBy(await ada.invite('Can edit'))
    const viewerToAda = await toAdaAlone(viewer)
    const toAda = await toAdaAlone(carrier, [viewer])
    const before = await ada.structure()
    toAda.send(viewer.author)
    toAda.send(viewer.paragraph('Forged.'), 'live')
    await expect.poll(() => viewerToAda.closeCode).toBe(CLOSE.role)
    await expect.poll(adaIsTold).toBe(true)
    expect(await ada.structure()).toBe(before)
    await expectAlive(toAda)
    toAda.send(carrier.paragraph('By the carrier itself.'), 'live')
    await expect.poll(adaReads).toEqual(['By the carrier itself.', TEXT])
  })

  it('[F20] of an editor writes into meta: refused', async () => {
    const editor = await intruderBy(await ada.invite('Can edit'))
    const toAda = await toAdaAlone(editor)
    const before = await ada.structure()
    toAda.send(editor.paragraph('Revoked.', docName('meta')), 'live')
    await expect.poll(() => toAda.closeCode).toBe(CLOSE.role)
    await expect.poll(adaIsTold).toBe(true)
    expect(await ada.structure()).toBe(before)
  })

  it('[F21] of a viewer carries what an editor wrote: accepted', async () => {
    const editor = await intruderBy(await ada.invite('Can edit'))
    const toAda = await toAdaAlone(await intruderBy(await ada.invite('Can view')))
    toAda.send(editor.author)
    toAda.send(editor.paragraph('By the editor.'), 'live')
    await expect.poll(adaReads).toEqual(['By the editor.', TEXT])
    await expectAlive(toAda)
    expect(await adaIsTold()).toBe(false)
  })

  it('[F22] of a viewer alters one bit of it: the carrier is closed, the author is not refused', async () => {
    const editor = await intruderBy(await ada.invite('Can edit'))
    const honest = editor.paragraph('By the editor.')
    const altered = honest.entry.slice()
    const { headerBytes, iv } = decodeEntry(honest.entry)
    const at = headerBytes.length + iv.length
    altered[at] = (altered[at] as number) ^ 1
    const viewer = await intruderBy(await ada.invite('Can view'))
    const toAda = await toAdaAlone(viewer)
    toAda.send(editor.author)
    toAda.send({ type: 'entry', entry: altered }, 'live')
    await expect.poll(() => toAda.closeCode).toBe(CLOSE.malformed)
    expect(await ada.text()).toBe(TEXT)
    viewer.leave()

    const editorToAda = await toAdaAlone(editor, [viewer])
    editorToAda.send(honest, 'live')
    await expect.poll(adaReads).toEqual(['By the editor.', TEXT])
    expect(await adaIsTold()).toBe(false)
  })
})
