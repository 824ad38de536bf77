import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { pageText } from './page-text.ts'

function element(name: string, ...children: (Y.XmlElement | Y.XmlText)[]): Y.XmlElement {
  const made = new Y.XmlElement(name)
  made.insert(0, children)
  return made
}

it('a page as plain text: a line per block, in order, marks left out', () => {
  const doc = new Y.Doc()
  const marked = new Y.XmlText()
  marked.applyDelta([{ insert: 'two ' }, { insert: 'words', attributes: { bold: {} } }])
  const paragraph = (text: string) => element('paragraph', new Y.XmlText(text))
  const list = element(
    'list',
    element('item', paragraph('a'), element('list', element('item', paragraph('b')))),
  )
  const page = [
    element('heading', new Y.XmlText('Title')),
    element('paragraph', marked),
    list,
    paragraph('end'),
  ]
  doc.getXmlFragment('p').insert(0, page)
  expect(pageText(doc, 'p', 1000)).toBe('Title\ntwo words\na\nb\nend')
  expect(pageText(doc, 'p', 8)).toBe('Title\ntw')
  expect(pageText(doc, 'other', 8)).toBe('')
})
