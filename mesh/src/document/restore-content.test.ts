import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { restoreContent } from './restore-content.ts'
import { readingOf } from './shared-content.ts'

function element(
  name: string,
  attributes: Record<string, unknown>,
  ...children: (Y.XmlElement | Y.XmlText)[]
) {
  const made = new Y.XmlElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value as string)
  made.insert(0, children)
  return made
}

function text(...parts: readonly (readonly [string, Record<string, unknown>?])[]): Y.XmlText {
  const made = new Y.XmlText()
  made.applyDelta(parts.map(([insert, attributes]) => (attributes ? { insert, attributes } : { insert })))
  return made
}

/** What an editor of rich text writes: headings, marks that overlap, lists in lists, a table, an emoji. */
function writePage(doc: Y.Doc): void {
  const cell = (words: string) =>
    element('tableCell', { colspan: 1 }, element('paragraph', {}, text([words])))
  const item = (words: string, ...more: Y.XmlElement[]) =>
    element('listItem', {}, element('paragraph', {}, text([words])), ...more)
  doc
    .getXmlFragment('page')
    .insert(0, [
      element('heading', { level: 2 }, text(['Tides 🌊'])),
      element(
        'paragraph',
        {},
        text(
          ['plain '.repeat(100)],
          ['bold', { bold: {} }],
          [' both', { bold: {}, italic: {} }],
          ['link', { link: { href: '#' } }],
        ),
      ),
      element('bulletList', {}, item('one'), item('two', element('orderedList', { start: 3 }, item('deep')))),
      element(
        'table',
        {},
        element('tableRow', {}, cell('a'), cell('b')),
        element('tableRow', {}, cell('c'), cell('d')),
      ),
      element('paragraph', {}),
    ])
  doc.getMap('facts').set('depth', 12)
  doc.getMap('facts').set('nested', Y.Array.from([1, 'two', null]))
  doc.getArray('rows').insert(0, [{ a: 1 }, new Y.Map([['b', 2]])])
  doc.getText('plain').insert(0, 'Zoë 👍🏽 writes')
  doc.getText('plain').format(0, 3, { bold: true })
}

const ROOTS = [
  (doc: Y.Doc) => doc.getXmlFragment('page'),
  (doc: Y.Doc) => doc.getMap('facts'),
  (doc: Y.Doc) => doc.getArray('rows'),
  (doc: Y.Doc) => doc.getText('plain'),
] as const
const reading = (doc: Y.Doc) => ROOTS.map((root) => readingOf(root(doc)))

/** Another document with the same entries, whose roots nobody has asked for. */
function untyped(doc: Y.Doc): Y.Doc {
  const copy = new Y.Doc()
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
  return copy
}

const source = new Y.Doc()
writePage(source)

describe('restoring content', () => {
  it('[HI4] gives an empty document all of another one, marks, lists, tables and values', () => {
    const target = new Y.Doc()
    restoreContent(target, untyped(source))
    expect(reading(target)).toEqual(reading(source))
    expect(target.getXmlFragment('page').toString()).toBe(source.getXmlFragment('page').toString())
    expect(target.getText('plain').toDelta()).toEqual(source.getText('plain').toDelta())
  })

  it('[HI4] empties what was empty then', () => {
    const target = untyped(source)
    ROOTS.map((root) => root(target))
    restoreContent(target, new Y.Doc())
    expect(reading(target)).toEqual(reading(new Y.Doc()))
  })

  it('[HI4] leaves alone what reads alike: one word costs an update of a word', () => {
    const target = untyped(source)
    const page = target.getXmlFragment('page')
    const paragraph = page.get(1) as Y.XmlElement
    const words = paragraph.get(0) as Y.XmlText
    words.insert(306, 'very ')
    words.format(300, 5, { italic: {} })
    const around = [page.get(0), page.get(2), page.get(4)]
    let updateBytes = 0
    target.on('update', (update: Uint8Array) => {
      updateBytes += update.length
    })
    restoreContent(target, untyped(source))
    expect(reading(target)).toEqual(reading(source))
    const isKept = around.map((each, i) => each === page.get(2 * i))
    expect([...isKept, page.get(1) === paragraph]).toEqual([true, true, true, true])
    expect(updateBytes).toBeLessThan(150)
  })

  it('[HI4] is one transaction that undo takes back', () => {
    const target = untyped(source)
    const page = target.getXmlFragment('page')
    const undo = new Y.UndoManager([page], { trackedOrigins: new Set(['restore']), captureTimeout: 0 })
    page.delete(0, page.length)
    const emptied = reading(target)
    restoreContent(target, untyped(source), 'restore')
    expect(reading(target)).toEqual(reading(source))
    undo.undo()
    expect(reading(target)[0]).toEqual(emptied[0])
  })

  it('[HI4] makes any text read like any other one, whole characters always', () => {
    const part = fc.tuple(
      fc.constantFrom('a', 'ab', '👍', '👎', '🏽', 'é', '\n'),
      fc.constantFrom({}, { bold: true }, { bold: true, size: 2 }),
    )
    const delta = fc.array(part, { maxLength: 8 })
    const property = fc.property(delta, delta, (before, after) => {
      const [target, wanted] = [new Y.Doc(), new Y.Doc()]
      const apply = (doc: Y.Doc, parts: readonly (readonly [string, object])[]) =>
        doc.getText('t').applyDelta(parts.map(([insert, attributes]) => ({ insert, attributes })))
      apply(target, before)
      apply(wanted, after)
      restoreContent(target, untyped(wanted))
      expect(readingOf(target.getText('t'))).toEqual(readingOf(wanted.getText('t')))
      expect(target.getText('t').toString()).not.toContain('\ufffd')
    })
    fc.assert(property, { numRuns: 500 })
  })
})
