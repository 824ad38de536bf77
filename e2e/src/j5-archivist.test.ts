/** A room without anybody in it: the archivist of `npm start` keeps it, and cannot read it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRoom } from '@parley/mesh'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { World } from './harness.ts'
import { PAGE } from './hostile/intruder.ts'
import { fill } from './mesh-page/big-document.ts'
import type { Person } from './person.ts'
import { npmStart, type StartedCommand } from './started-command.ts'

const FIRST = 'Heliotrope marker of Ada.'
const SECOND = ' Wolverine marker of Ben.'
const DAY_MS = 86_400_000
/** Of the journal that a Node peer writes, in MB of text. */
const JOURNAL_MB = process.env['PARLEY_LONG'] === '1' ? 100 : 20
/** 1 MB/s end to end and a minute: far below what an idle machine does. */
const JOURNAL_TIMEOUT_MS = 120_000 + JOURNAL_MB * 2_000

let world: World
let started: StartedCommand
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-j5-'))
  world = await World.open()
  started = await npmStart(folder)
})
afterEach(() => world.clear())
afterAll(async () => {
  await world.close()
  await started.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Every byte of every file below, and all names. */
function everythingIn(path: string): Buffer {
  const parts = readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const below = join(path, entry.name)
    return [Buffer.from(entry.name), entry.isDirectory() ? everythingIn(below) : readFileSync(below)]
  })
  return Buffer.concat(parts)
}

/** How often `text` is there, as bytes of UTF-8, of UTF-16 and in base64 at any of its three offsets. */
function occurrences(haystack: Buffer, text: string): number {
  const plain = Buffer.from(text)
  const encoded = [0, 1, 2].map((skip) => {
    const base64 = Buffer.concat([Buffer.alloc(skip), plain]).toString('base64url')
    return Buffer.from(base64.slice(skip === 0 ? 0 : 4, -4))
  })
  const needles = [plain, Buffer.from(text, 'utf16le'), ...encoded]
  return needles.filter((needle) => haystack.includes(needle)).length
}

async function askToKeep(owner: Person): Promise<void> {
  await owner.button('Share').click()
  await owner.button('Keep a copy on this server').click()
  await owner.page.getByText('An archivist keeps a sealed copy of this room.').first().waitFor()
  await owner.page.keyboard.press('Escape')
  await expect.poll(() => owner.status('Save state').textContent()).toContain('With the archivist')
}

/** Runs in the page: keeps every share of the room that was shown as received. */
function noteProgress(): void {
  const progress: string[] = []
  Object.assign(globalThis, { progress })
  new MutationObserver(() => {
    const share = document.body?.textContent?.match(/Receiving the room: (\d+ %)/)?.[1]
    if (share !== undefined && share !== progress.at(-1)) progress.push(share)
  }).observe(document, { childList: true, subtree: true, characterData: true })
}

describe('[J5] a room that everybody has left', () => {
  it('[F47] is handed to a newcomer by the archivist alone, whose disk shows nothing of it', async () => {
    const ada = await world.person('Philomena', started.origin)
    const ben = await world.person('Bartholomew', started.origin)
    await ada.makeRoom()
    await ada.textbox('Room title').fill('Periwinkle title')
    await ada.type(FIRST)
    const link = await ada.invite('Can edit')
    await askToKeep(ada)
    await ben.enter(link)
    await expect.poll(() => ben.text()).toBe(FIRST)
    await ben.append(SECOND)
    await expect.poll(() => ada.text()).toBe(FIRST + SECOND)
    for (const person of [ada, ben]) {
      await person.painted()
      await expect.poll(() => person.status('Save state').textContent()).toContain('With the archivist')
    }
    expect([...ada.faults(), ...ben.faults()]).toEqual([])
    await ada.leave()
    await ben.leave()

    const eve = await world.person('Eve', started.origin)
    await eve.enter(link)
    await expect.poll(() => eve.text()).toBe(FIRST + SECOND)
    await expect.poll(() => eve.textbox('Room title').inputValue()).toBe('Periwinkle title')
    expect(eve.faults()).toEqual([])

    const disk = everythingIn(folder)
    const fields = new URLSearchParams(link.slice(link.indexOf('#') + 1))
    // The search finds what is there: the room’s name.
    expect(occurrences(disk, fields.get('r') as string)).toBeGreaterThan(0)
    for (const secret of ['Heliotrope', 'Wolverine', 'Periwinkle', 'Philomena', 'Bartholomew'])
      expect([secret, occurrences(disk, secret)]).toEqual([secret, 0])
    for (const name of ['k', 's']) {
      const text = fields.get(name) as string
      const key = Buffer.from(text, 'base64url')
      for (const shape of [key, Buffer.from(text), Buffer.from(key.toString('hex'))])
        expect(disk.includes(shape), `${name} of the link`).toBe(false)
    }
  })

  it(
    `is handed over with ${JOURNAL_MB} MB of journal, and says how far it is`,
    async () => {
      const signaling = [`${started.origin.replace('http', 'ws')}/v1`]
      const room = await createRoom({ signaling, profile: { name: 'Nora', color: '#336699' } })
      world.atEnd(() => room.close())
      await expect.poll(() => room.state.archivistOffered).toBe(true)
      await room.keepOnServer(`${started.origin}/`)
      const table = room.document('content/table')
      await table.whenLoaded
      const startedMs = Date.now()
      for (const _ of fill(table.doc, JOURNAL_MB * 1_000_000)) await new Promise(setImmediate)
      const page = room.document(PAGE)
      await page.whenLoaded
      const paragraph = new Y.XmlElement('paragraph')
      paragraph.insert(0, [new Y.XmlText('The end.')])
      page.doc.getXmlFragment('prosemirror').insert(0, [paragraph])
      const long = { timeout: JOURNAL_TIMEOUT_MS }
      await expect.poll(() => room.state.save, long).toMatchObject({ device: 'saved', archivist: 'holds' })
      const keptMs = Date.now() - startedMs
      const { link } = await room.createInvite(`${started.origin}/`, {
        role: 'editor',
        notAfterMs: Date.now() + DAY_MS,
      })
      await expect.poll(() => room.state.save.archivist, long).toBe('holds')
      await room.close()

      const ben = await world.person('Ben', started.origin)
      await ben.page.addInitScript(noteProgress)
      const arrivingMs = Date.now()
      await ben.enter(link)
      await expect.poll(() => ben.text(), long).toBe('The end.')
      const arrivedMs = Date.now() - arrivingMs
      const progress = await ben.page.evaluate(
        () => (globalThis as unknown as { progress: string[] }).progress,
      )
      console.log(
        `${JOURNAL_MB} MB: written and acknowledged in ${keptMs} ms, with a newcomer in ${arrivedMs} ms; ${progress.join(', ')}`,
      )
      // Told of when it takes over a second; a fast machine may not need that.
      if (arrivedMs > 3_000) expect(progress.length).toBeGreaterThan(0)
      expect(ben.faults()).toEqual([])
    },
    2 * JOURNAL_TIMEOUT_MS,
  )
})
