import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { isCursor } from './caret-place.ts'

const FIELD = 'prosemirror'
const ID = { client: 5, clock: 7 }

describe('[F39] the place of a caret', () => {
  it('is taken as Yjs writes it', () => {
    const doc = new Y.Doc()
    const root = doc.getXmlFragment(FIELD)
    const text = new Y.XmlText('abc')
    root.insert(0, [new Y.XmlElement('paragraph')])
    ;(root.get(0) as Y.XmlElement).insert(0, [text])
    for (const [type, index] of [
      [root, 0],
      [root, 1],
      [text, 1],
      [text, 3],
    ] as const) {
      for (const assoc of [0, -1]) {
        const place = Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(type, index, assoc))
        expect(isCursor(JSON.parse(JSON.stringify({ anchor: place, head: place })), FIELD)).toBe(true)
      }
    }
  })

  it.each([
    null,
    'x',
    {},
    { anchor: { item: ID } },
    { anchor: null, head: null },
    { anchor: {}, head: {} },
    { anchor: { item: 5 }, head: { item: ID } },
    { anchor: { item: { client: -1, clock: 0 } }, head: { item: ID } },
    { anchor: { item: { client: 1, clock: 0.5 } }, head: { item: ID } },
    { anchor: { type: { client: '5', clock: 7 } }, head: { item: ID } },
    { anchor: { tname: 'another-root' }, head: { item: ID } },
    { anchor: { tname: FIELD, assoc: 'x' }, head: { item: ID } },
    { anchor: { type: null, tname: null, item: null }, head: { item: ID } },
  ])('%j is none', (cursor) => {
    expect(isCursor(cursor, FIELD)).toBe(false)
  })
})
