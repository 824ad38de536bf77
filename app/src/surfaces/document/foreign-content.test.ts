import { getSchema } from '@tiptap/core'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { keepForeignOut, removeForeign } from './foreign-content.ts'
import { strictKit } from './strict-kit.ts'

const FIELD = 'prosemirror'
const schema = getSchema([strictKit])

function paragraph(text: string, name = 'paragraph'): Y.XmlElement {
  const element = new Y.XmlElement(name)
  element.insert(0, [new Y.XmlText(text)])
  return element
}

function page(): { doc: Y.Doc; root: Y.XmlFragment; first: Y.XmlElement; text: Y.XmlText } {
  const doc = new Y.Doc()
  const root = doc.getXmlFragment(FIELD)
  root.insert(0, [paragraph('Honest text.')])
  const first = root.get(0) as Y.XmlElement
  return { doc, root, first, text: first.get(0) as Y.XmlText }
}

const HONEST = '<paragraph>Honest text.</paragraph>'

describe('[F40] what no editor of this app writes', () => {
  it.each<[string, (at: ReturnType<typeof page>) => void]>([
    ['text outside of a paragraph', ({ root }) => root.insert(0, [new Y.XmlText('loose')])],
    ['an element that nobody knows', ({ root }) => root.insert(1, [new Y.XmlElement('script')])],
    [
      'an element named like what every object has',
      ({ root }) => root.insert(1, [new Y.XmlElement('constructor')]),
    ],
    ['a map', ({ first }) => (first as unknown as Y.Array<unknown>).insert(0, [new Y.Map()])],
    ['a hook', ({ root }) => root.insert(0, [new Y.XmlHook('x') as unknown as Y.XmlElement])],
    ['a paragraph in a paragraph', ({ first }) => first.insert(0, [paragraph('inner')])],
    ['text between list items', ({ root }) => root.insert(1, [paragraph('x', 'bulletList')])],
    ['an embedded object', ({ text }) => text.insertEmbed(3, { image: 'https://example.org/' })],
    ['a mark that nobody knows', ({ text }) => text.format(0, 6, { onclick: 'x' })],
    [
      'a mark named like what every object has',
      ({ text }) => text.format(0, 6, { valueOf: 1, constructor: 1 } as object),
    ],
  ])('%s is taken out, honest text stays', (_name, write) => {
    const at = page()
    write(at)
    expect(removeForeign(at.root, schema)).toBeGreaterThan(0)
    expect(at.root.toString()).toMatch(new RegExp(`^${HONEST}(<bulletlist></bulletlist>)?$`))
    expect(removeForeign(at.root, schema)).toBe(0)
  })

  it('is gone before those who watch the page look at it', () => {
    const { doc, root } = page()
    keepForeignOut(doc, FIELD, schema)
    const seen: string[] = []
    root.observeDeep(() => seen.push(root.toString()))
    const other = new Y.Doc()
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
    other.getXmlFragment(FIELD).insert(0, [new Y.XmlText('loose'), paragraph('By another.')])
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(other))
    expect(new Set(seen)).toEqual(new Set([`<paragraph>By another.</paragraph>${HONEST}`]))
  })

  it('is not what an editor writes', () => {
    const { root, text } = page()
    text.format(0, 3, { bold: {}, link: { href: 'https://example.org/' } })
    const list = new Y.XmlElement('bulletList')
    const item = new Y.XmlElement('listItem')
    item.insert(0, [paragraph('one')])
    list.insert(0, [item])
    const broken = paragraph('line')
    broken.insert(1, [new Y.XmlElement('hardBreak'), new Y.XmlText('more')])
    root.insert(1, [list, broken, paragraph('code', 'codeBlock'), paragraph('big', 'heading')])
    expect(removeForeign(root, schema)).toBe(0)
  })
})
