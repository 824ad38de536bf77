import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { documentJson, documentText } from './document-text.ts'

/** As it comes from a journal: no root has a type yet. */
function received(write: (doc: Y.Doc) => void): Y.Doc {
  const [source, doc] = [new Y.Doc(), new Y.Doc()]
  write(source)
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(source))
  return doc
}

function paragraph(...parts: readonly (string | Y.XmlElement)[]): Y.XmlElement {
  const element = new Y.XmlElement('paragraph')
  element.insert(
    0,
    parts.map((part) => (typeof part === 'string' ? new Y.XmlText(part) : part)),
  )
  return element
}

const EVERYTHING = (doc: Y.Doc): void => {
  const list = new Y.XmlElement('bulletList')
  list.insert(0, [paragraph('in a list')])
  doc.getXmlFragment('page').insert(0, [paragraph('one', new Y.XmlElement('hardBreak'), 'line'), list])
  doc.getXmlFragment('page').get(0)?.setAttribute('level', '2')
  doc.getText('code').insert(0, 'let a\n\nlet b')
  doc.getText('code').format(0, 3, { bold: true })
  const element = new Y.Map<unknown>([
    ['label', 'on a board'],
    ['points', [1, 2]],
    ['image', new Uint8Array([255, 0])],
  ])
  doc.getMap('board').set('a', element)
  doc.getMap('board').set('b', { deep: ['in a value', 7] })
  doc.getArray('chat').push([{ text: 'said' }, 'e\u0301'])
}

describe('the text of a document', () => {
  it('[AR11] is what is in all its types, a line per block', () => {
    const { lines, isWhole } = documentText(received(EVERYTHING), 1_000)
    expect(lines).toEqual([
      'on a board',
      'in a value',
      'said',
      'é',
      'let a',
      'let b',
      'one line',
      'in a list',
    ])
    expect(isWhole).toBe(true)
  })

  it('has nothing that was deleted, and no more than it may', () => {
    const doc = received((source) => {
      source.getText('code').insert(0, 'stays goes')
      source.getText('code').delete(5, 5)
    })
    expect(documentText(doc, 100).lines).toEqual(['stays'])
    expect(documentText(doc, 3)).toEqual({ lines: ['sta'], isWhole: false })
    expect(documentText(new Y.Doc(), 100)).toEqual({ lines: [], isWhole: true })
  })

  it('[AR12] is JSON as well, roots by their names', () => {
    const json = documentJson(received(EVERYTHING))
    expect(JSON.parse(JSON.stringify(json))).toEqual({
      board: {
        a: { label: 'on a board', points: [1, 2], image: { bytes: '_wA' } },
        b: { deep: ['in a value', 7] },
      },
      chat: [{ text: 'said' }, 'e\u0301'],
      code: { text: [{ insert: 'let', attributes: { bold: true } }, { insert: ' a\n\nlet b' }] },
      page: [
        {
          name: 'paragraph',
          attributes: { level: '2' },
          children: [
            { text: [{ insert: 'one' }] },
            { name: 'hardBreak', attributes: {}, children: [] },
            { text: [{ insert: 'line' }] },
          ],
        },
        {
          name: 'bulletList',
          attributes: {},
          children: [{ name: 'paragraph', attributes: {}, children: [{ text: [{ insert: 'in a list' }] }] }],
        },
      ],
    })
  })
})
