import { joinRoom } from '@parley/mesh'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import * as Y from 'yjs'
import { World } from './harness.ts'
import { PAGE } from './hostile/intruder.ts'
import { paragraphsOf } from './hostile/paragraphs.ts'
import { HOSTILE_HTML } from './hostile/pasted.ts'
import type { Person } from './person.ts'

const TEXT = 'What Ada wrote.'
const FIELD = 'prosemirror'
/** The app without the headers that the server gives it. */
const BARE = '/bare.html'

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

/** Everything that the document in the page holds beyond what its schema knows; empty is well. */
function strangers(person: Person): Promise<readonly string[]> {
  return person.document.evaluate((page) => {
    const known = new Set('P,H1,H2,H3,STRONG,EM,S,U,CODE,PRE,UL,OL,LI,BLOCKQUOTE,HR,BR,A,SPAN'.split(','))
    const names = new Set(['rel', 'target', 'href', 'start', 'type'])
    const own = (element: Element): boolean =>
      element.closest('[aria-hidden="true"], .remote-selection') !== null ||
      /^ProseMirror/.test(element.className)
    return [...page.querySelectorAll('*')]
      .filter((element) => !own(element))
      .flatMap((element) => [
        ...(known.has(element.tagName) ? [] : [element.tagName]),
        ...[...element.attributes].filter(({ name }) => !names.has(name)).map(({ name }) => name),
      ])
  })
}

interface ShownLink {
  readonly text: string | null
  readonly href: string | null
  readonly rel: string | null
  readonly target: string | null
}

function linksOf(person: Person): Promise<readonly ShownLink[]> {
  return person.document.locator('a').evaluateAll((links) =>
    links.map((link) => ({
      text: link.textContent,
      href: link.getAttribute('href'),
      rel: link.getAttribute('rel'),
      target: link.getAttribute('target'),
    })),
  )
}

const GOOD_LINK = { href: 'https://example.org/fine', rel: 'noopener noreferrer nofollow', target: '_blank' }

/**
 * Chromium tells of handlers and base addresses that the policy forbids while it parses them, also where nothing ever runs:
 * in the inert document of the clipboard.
 */
const TOLD_WHILE_PARSING = /script-src-attr|inline event handler|base-uri|base URI/

async function expectHarmless(person: Person): Promise<void> {
  expect(await person.page.evaluate(() => 'hacked' in window)).toBe(false)
  expect(person.faults().filter((fault) => !TOLD_WHILE_PARSING.test(fault))).toEqual([])
  expect(await strangers(person)).toEqual([])
  for (const link of await linksOf(person)) {
    if (link.href !== null) expect(link).toMatchObject(GOOD_LINK)
  }
}

/** What another program would have put on the clipboard, then Ctrl+V as a person presses it. */
async function paste(person: Person, type: string, data: string): Promise<void> {
  await person.document.focus()
  await person.page.keyboard.press('Control+End')
  await person.page.keyboard.press('Enter')
  const copied = await person.page.evaluate(
    ([kind, text]) => {
      const put = (event: ClipboardEvent): void => {
        event.clipboardData?.setData(kind, text)
        event.preventDefault()
        event.stopImmediatePropagation()
      }
      addEventListener('copy', put, { capture: true, once: true })
      return document.execCommand('copy')
    },
    [type, data] as const,
  )
  expect(copied).toBe(true)
  await person.page.keyboard.press('Control+v')
}

/** What holds has to hold by itself; the headers of the server are a second lock. */
async function liftPolicy(person: Person): Promise<void> {
  const body = await (await fetch(`${person.origin}/`)).text()
  world.door.extraFiles.set(BARE, { contentType: 'text/html', body })
  await expect.poll(() => person.status('Save state').getAttribute('aria-busy')).toBe('false')
  await person.page.goto(person.origin + BARE + new URL(person.page.url()).hash)
  await expect.poll(() => person.text()).toBe(TEXT)
  const lifted = await person.page.evaluate(() => {
    const probe = document.createElement('div')
    probe.setAttribute('onclick', 'window.probed = true')
    probe.click()
    return 'probed' in window
  })
  expect(lifted).toBe(true)
}

it.each(['with the policy of the server', 'without any policy'])(
  '[F40] pasted HTML, %s: nothing runs, nothing is asked for, only what the page knows stays',
  async (policy) => {
    if (policy === 'without any policy') await liftPolicy(ada)
    const ben = await world.person('Ben')
    await ben.enter(await ada.invite('Can edit'))
    await expect.poll(() => ben.text()).toBe(TEXT)
    await paste(ada, 'text/html', HOSTILE_HTML)
    await expect.poll(() => ben.text()).toContain('slice')
    for (const person of [ada, ben]) {
      await expectHarmless(person)
      expect((await linksOf(person)).map(({ text }) => text)).toEqual(['good'])
      expect(await person.document.locator('strong').allTextContents()).toEqual(['bold'])
      expect(await person.text()).toContain(TEXT)
    }
    await ben.append(' Ben goes on.')
    await expect.poll(() => ada.text()).toContain('Ben goes on.')
  },
)

it('[F40] dropped HTML is treated alike', async () => {
  await ada.document.evaluate((page, html) => {
    const dataTransfer = new DataTransfer()
    dataTransfer.setData('text/html', html)
    const { left, bottom } = (page.lastElementChild ?? page).getBoundingClientRect()
    const at = { clientX: left + 1, clientY: bottom - 2 }
    page.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true, ...at }))
  }, HOSTILE_HTML)
  await expect.poll(() => ada.text()).toContain('slice')
  await expectHarmless(ada)
  expect((await linksOf(ada)).map(({ text }) => text)).toEqual(['good'])
})

it('[F40] a link opens another page that knows nothing of this one', async () => {
  await liftPolicy(ada)
  await paste(ada, 'text/html', '<p><a href="https://example.org/fine" rel="opener">good</a></p>')
  const context = ada.page.context()
  await context.route('https://example.org/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>there</title>' }),
  )
  const opened = context.waitForEvent('page')
  await ada.document.getByRole('link', { name: 'good' }).click()
  const there = await opened
  await there.waitForURL(GOOD_LINK.href)
  expect(await there.evaluate(() => [window.opener, document.referrer])).toEqual([null, ''])
})

/** An editor of the room whose client writes what it likes. */
async function hostileEditor(link: string): Promise<() => Y.Doc> {
  const profile = { name: 'Mallory', color: '#336699' }
  const room = await joinRoom(link, { signaling: [world.signalingUrl], profile })
  world.atEnd(() => room.close())
  const handle = room.document(PAGE)
  await handle.whenLoaded
  await expect.poll(() => paragraphsOf(handle.doc)).toBe(TEXT)
  return () => handle.doc
}

function element(
  name: string,
  attributes: Readonly<Record<string, unknown>>,
  ...parts: Y.XmlText[]
): Y.XmlElement {
  const made = new Y.XmlElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value as string)
  made.insert(0, parts)
  return made
}

function marked(text: string, marks: Readonly<Record<string, unknown>>): Y.XmlText {
  const made = new Y.XmlText()
  made.applyDelta([{ insert: text, attributes: marks }])
  return made
}

const RUN = 'window.hacked=1'
const EVIL = {
  onclick: RUN,
  onload: RUN,
  style: 'background:url(https://attacker.invalid/)',
  class: 'skip-link',
  id: 'x',
}

function hostileBlocks(): Y.XmlElement[] {
  const addresses = [
    `javascript:${RUN}`,
    `java\tscript:${RUN}`,
    ` JAVASCRIPT:${RUN}`,
    `data:text/html,<script>${RUN}</script>`,
  ]
  const links = [...addresses, ['javascript:1'], { toString: 1 }, null].map((href) =>
    marked('trap ', { link: { href, ...EVIL } }),
  )
  return [
    element('script', {}, new Y.XmlText(RUN)),
    element('img', { src: 'https://attacker.invalid/i.png', onerror: RUN }),
    element('image', { src: 'https://attacker.invalid/j.png' }),
    element('iframe', { srcdoc: `<script>parent.hacked=1</script>` }),
    element('paragraph', EVIL, ...links),
    element(
      'paragraph',
      EVIL,
      marked('good', { link: { ...GOOD_LINK, rel: 'opener', target: '_self', class: 'skip-link' } }),
    ),
    element('heading', { level: '1 onload=x', ...EVIL }, new Y.XmlText('heading')),
    element('codeBlock', { language: 'x skip-link', ...EVIL }, new Y.XmlText('code')),
    element('orderedList', { start: '"><script>', type: 'javascript:' }),
  ]
}

/** What the binding of the editor throws at, or answers by deleting the text around it. */
function breakBinding(root: Y.XmlFragment): void {
  const honest = root.get(0) as Y.XmlElement
  const text = honest.get(0) as Y.XmlText
  root.insert(0, [new Y.XmlText('loose')])
  text.format(0, 4, { onclick: RUN })
  text.insertEmbed(5, { image: 'https://attacker.invalid/k.png' })
  honest.insert(1, [element('paragraph', {}, new Y.XmlText('inner'))])
  const asArray = honest as unknown as { insert(at: number, content: unknown[]): void }
  asArray.insert(1, [new Y.Map([['a', 1]])])
}

it('[F40] a page written by a hostile client: nothing runs, honest text stays, everybody goes on, also after a reload', async () => {
  const ben = await world.person('Ben')
  await ben.enter(await ada.invite('Can edit'))
  const vic = await world.person('Vic')
  await vic.enter(await ada.invite('Can view'))
  const doc = await hostileEditor(await ada.invite('Can edit'))
  for (const person of [ben, vic]) await expect.poll(() => person.text()).toBe(TEXT)
  doc().transact(() => {
    const root = doc().getXmlFragment(FIELD)
    breakBinding(root)
    root.push([...hostileBlocks(), element('paragraph', {}, new Y.XmlText('The end.'))])
  })
  for (const person of [ada, ben, vic]) {
    await expect.poll(() => person.text()).toMatch(/The end\.$/)
    expect((await person.text()).split('\n')[0]).toBe(TEXT)
    await expectHarmless(person)
  }
  await ada.append(' Ada goes on.')
  await ben.append(' Ben too.')
  await ben.page.reload()
  await ben.document.waitFor()
  for (const person of [ada, ben, vic]) {
    await expect.poll(() => person.text()).toMatch(/The end\. Ada goes on\. Ben too\.$/)
    expect((await person.text()).split('\n')[0]).toBe(TEXT)
    await expectHarmless(person)
  }
})

/** UTF-16 code units: on its way out of a page half a pair would look like U+FFFD. */
function unitsOf(person: Person): Promise<readonly number[]> {
  return person.document.locator('p').evaluate((paragraph) => {
    const copy = paragraph.cloneNode(true) as Element
    for (const hidden of copy.querySelectorAll('[aria-hidden="true"]')) hidden.remove()
    const text = copy.textContent ?? ''
    return Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
  })
}

it('[F41] half an emoji, typed or pasted: everybody reads the same', async () => {
  const ben = await world.person('Ben')
  await ben.enter(await ada.invite('Can edit'))
  await expect.poll(() => ben.text()).toBe(TEXT)
  const insert = (text: string): Promise<boolean> =>
    ada.document.evaluate(
      (page, code) => {
        ;(page as HTMLElement).focus()
        return document.execCommand('insertText', false, String.fromCharCode(...code))
      },
      [...text].flatMap((character) =>
        Array.from({ length: character.length }, (_, i) => character.charCodeAt(i)),
      ),
    )
  await ada.append('')
  expect(await insert('a\ud83d')).toBe(true)
  expect(await insert('\ude00b')).toBe(true)
  expect(await insert(' 😀😁 ')).toBe(true)
  await ada.document.evaluate((page) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', `c${String.fromCharCode(0xd83d)}d`)
    page.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  })
  await ada.append(' The end.')
  await expect.poll(() => ben.text()).toMatch(/The end\.$/)
  expect(await unitsOf(ben)).toEqual(await unitsOf(ada))
  expect(await ada.text()).toBe(`${TEXT}a\ufffd\ufffdb 😀😁 c\ufffdd The end.`)
  expect([...ada.faults(), ...ben.faults()]).toEqual([])
})
