import { createRoom, type Room } from '@parley/mesh'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { World } from './harness.ts'
import { PAGE } from './hostile/intruder.ts'
import { paragraphsOf } from './hostile/paragraphs.ts'
import { fill, readingOf, sizeOf } from './mesh-page/big-document.ts'
import { MESH_PAGE, serveMeshPage } from './mesh-page/serve.ts'

const DAY_MS = 86_400_000

let world: World

beforeAll(async () => {
  world = await World.open()
  await serveMeshPage(world.door)
})
afterEach(() => world.clear())
afterAll(() => world.close())

async function roomInNode(): Promise<{ room: Room; link: string }> {
  const profile = { name: 'Nora', color: '#336699' }
  const room = await createRoom({ signaling: [world.signalingUrl], profile })
  world.atEnd(() => room.close())
  const notAfterMs = Date.now() + DAY_MS
  const { link } = await room.createInvite(`${world.door.origin}/`, { role: 'editor', notAfterMs })
  return { room, link }
}

describe('a peer in Node', () => {
  it('shares a page with a browser, both ways', async () => {
    const { room, link } = await roomInNode()
    const { doc, whenLoaded } = room.document(PAGE)
    const ben = await world.person('Ben')
    await ben.enter(link)
    await ben.type('From the browser.')
    await whenLoaded
    await expect.poll(() => paragraphsOf(doc)).toBe('From the browser.')
    const paragraph = doc.getXmlFragment('prosemirror').get(0)
    const text = (paragraph as import('yjs').XmlElement).get(0) as import('yjs').XmlText
    text.insert(text.length, ' From Node.')
    await expect.poll(() => ben.text()).toBe('From the browser. From Node.')
    await expect.poll(() => ben.people.allTextContents().then((all) => all.join())).toContain('Nora')
    await expect.poll(() => room.state.people.map(({ name }) => name)).toEqual(['Nora', 'Ben'])
    await expect.poll(() => room.state.save).toMatchObject({ device: 'saved', holderCount: 1 })
    expect(ben.faults()).toEqual([])
  })

  it.each([1, 10])('hands a browser a document of %i MB, which reads the same there', async (megabytes) => {
    const { room, link } = await roomInNode()
    const handle = room.document('content/table')
    await handle.whenLoaded
    for (const _ of fill(handle.doc, megabytes * 1_000_000)) await new Promise(setImmediate)
    await expect.poll(() => room.state.save.device).toBe('saved')
    const size = sizeOf(handle.doc)
    const ben = await world.person('Ben')
    await ben.page.goto(world.door.origin + MESH_PAGE)
    await ben.page.waitForFunction(() => 'meshPage' in globalThis)
    const arrival = await ben.page.evaluate(
      ([address, { rows, characters }]) =>
        globalThis.meshPage.fetchDocument(address, 'content/table', { rows, characters }),
      [link, size] as const,
    )
    console.log(`${megabytes} MB (${size.rows} rows) in ${arrival.seconds.toFixed(2)} s`)
    expect(arrival.reading).toBe(await readingOf(handle.doc))
    await ben.page.evaluate(() => globalThis.meshPage.write('from-the-page', 'yes'))
    await expect.poll(() => handle.doc.getMap('rows').get('from-the-page')).toBe('yes')
    await ben.page.evaluate(() => globalThis.meshPage.close())
    expect(ben.faults()).toEqual([])
  })
})
