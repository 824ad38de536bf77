import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { UPDATE_STRUCTS } from '../limits.ts'
import { honestEdit, honestRoots, honestUndo, seededFraction } from '../testing/honest-traffic.ts'
import { rawUpdate } from '../testing/raw-update.ts'
import { readingDigest } from './reading-digest.ts'
import { applyRemote } from './remote-apply.ts'
import { splitUpdate } from './split-update.ts'
import { checkUpdate } from './update-gate.ts'

const CUT_BYTES = 200 * 1024
const CLIENT = 2 ** 42 + 3

interface Change {
  /** The state before, by another client. */
  readonly before: Uint8Array
  /** One local transaction. */
  readonly update: Uint8Array
  readonly doc: Y.Doc
}

/** `change` in one transaction, on a document that `prepare` filled. */
function changeOf(change: (doc: Y.Doc) => void, prepare?: (doc: Y.Doc) => void): Change {
  const doc = new Y.Doc()
  prepare?.(doc)
  const before = Y.encodeStateAsUpdate(doc)
  doc.clientID = CLIENT
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  doc.transact(() => change(doc))
  expect(updates.length).toBeLessThanOrEqual(1)
  return { before, update: updates[0] ?? new Uint8Array([0, 0]), doc }
}

/** Splits, sends each part through the gate, and compares with the whole. Returns the parts. */
function expectEqualInParts({ before, update, doc }: Change, maxBytes: number): readonly Uint8Array[] {
  const result = splitUpdate(update, maxBytes)
  if (!('parts' in result)) throw new Error('one value was too large')
  const [whole, inParts] = [new Y.Doc(), new Y.Doc()]
  for (const copy of [whole, inParts]) applyRemote(copy, before)
  if (result.parts.length > 0) applyRemote(whole, update)
  for (const part of result.parts) {
    expect(part.length).toBeLessThanOrEqual(maxBytes)
    expect(checkUpdate(inParts, part, CLIENT)).toEqual({ verdict: 'apply' })
    applyRemote(inParts, part)
  }
  expect(contentOf(inParts)).toEqual(contentOf(whole))
  expect(readingDigest(inParts)).toEqual(readingDigest(doc))
  expect(Y.encodeStateVector(inParts)).toEqual(Y.encodeStateVector(whole))
  // What is deleted too, once the document is loaded afresh.
  expect(Buffer.compare(reloaded(inParts), reloaded(whole))).toBe(0)
  return result.parts
}

function reloaded(doc: Y.Doc): Uint8Array {
  const copy = new Y.Doc()
  applyRemote(copy, Y.encodeStateAsUpdate(doc))
  return Y.encodeStateAsUpdate(copy)
}

function contentOf(doc: Y.Doc): unknown {
  const { text, map, xml, list } = honestRoots(doc)
  return [text.toDelta(), map.toJSON(), xml.toString(), list.toJSON()]
}

describe('cutting a large update', () => {
  it('[F55] 300 KB and 2 MB of text with emoji', () => {
    for (const [kilobytes, atLeast] of [
      [300, 2],
      [2048, 11],
    ] as const) {
      const words = 'words \u{1f600}\u{1f469}\u{200d}\u{1f680} ü '
      const pasted = words.repeat(Math.ceil((kilobytes * 1024) / Buffer.byteLength(words)))
      const change = changeOf(
        (doc) => doc.getText('text').insert(3, pasted),
        (doc) => doc.getText('text').insert(0, 'abcdef'),
      )
      const parts = expectEqualInParts(change, CUT_BYTES)
      expect(parts.length).toBeGreaterThanOrEqual(atLeast)
      expect(parts.length).toBeLessThanOrEqual(atLeast + 1)
    }
  })

  it('[F55] lists, maps, formatted text and XML of some 600 KB', () => {
    const rows = Array.from({ length: 8000 }, (_, i) => ({
      id: i,
      name: `row ${i} \u{1f600}`,
      tags: ['a', 'b'],
    }))
    const changes: ((doc: Y.Doc) => void)[] = [
      (doc) => doc.getArray('list').insert(0, rows),
      (doc) => {
        for (const row of rows) doc.getMap('map').set(`row ${row.id}`, new Y.Map(Object.entries(row)))
      },
      (doc) => {
        for (const row of rows) doc.getText('text').insert(0, row.name.repeat(3), { bold: row.id % 2 === 0 })
      },
      (doc) => {
        const elements = rows.slice(0, 4000).map((row) => {
          const element = new Y.XmlElement('paragraph')
          element.setAttribute('id', `${row.id}`)
          element.insert(0, [new Y.XmlText(row.name.repeat(8))])
          return element
        })
        doc.getXmlFragment('xml').insert(0, elements)
      },
    ]
    for (const change of changes)
      expect(expectEqualInParts(changeOf(change), CUT_BYTES).length).toBeGreaterThan(1)
  })

  it('[F55] 2 MB inserted and deleted at once, and more delete ranges than one update may have', () => {
    const gone = changeOf((doc) => {
      doc.getText('text').insert(0, 'x'.repeat(2_500_000))
      doc.getText('text').delete(1, 2_400_000)
    })
    expect(expectEqualInParts(gone, CUT_BYTES).length).toBeGreaterThan(2)
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'ab'.repeat(UPDATE_STRUCTS + 10))
    const before = Y.encodeStateAsUpdate(doc)
    const everySecond = Array.from({ length: UPDATE_STRUCTS + 10 }, (_, i): [number, number] => [2 * i, 1])
    const update = rawUpdate([], [[doc.clientID, everySecond]])
    applyRemote(doc, update)
    const scattered = { before, update, doc }
    expect(expectEqualInParts(scattered, CUT_BYTES).length).toBeGreaterThan(1)
  })

  it('[F41] [F55] random texts with emoji at any cut size, never within a surrogate pair', async () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', 'ü', '€', '\u{1f600}', '\u{1f469}\u{200d}\u{1f680}'),
      minLength: 1,
      maxLength: 3000,
    })
    await fc.assert(
      fc.property(
        texts,
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 1024, max: 3000 }),
        (text, at, max) => {
          const change = changeOf(
            (doc) => doc.getText('text').insert(at, text),
            (doc) => doc.getText('text').insert(0, 'abcdefghijklmnopqrstuvwxyz'),
          )
          for (const part of expectEqualInParts(change, max))
            for (const struct of Y.decodeUpdate(part).structs)
              if (struct instanceof Y.Item && struct.content instanceof Y.ContentString)
                expect(struct.content.str).not.toMatch(/\ufffd|\p{Surrogate}/u)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('[F52] [F55] honest edits of all kinds in one transaction, cut into 1 KB', () => {
    let parts = 0
    for (let seed = 1; seed <= 80; seed++) {
      const fraction = seededFraction(seed)
      const edit = (doc: Y.Doc, count: number) => {
        const undo = honestUndo(doc)
        for (let i = 0; i < count; i++) honestEdit(doc, fraction, undo)
        undo.destroy()
      }
      const change = changeOf(
        (doc) => edit(doc, 60),
        (doc) => edit(doc, 40),
      )
      parts += expectEqualInParts(change, 1024).length
    }
    expect(parts).toBeGreaterThan(80 * 3)
  })

  it('[F55] a value that no cut makes small enough is handed back', () => {
    const large = 'x'.repeat(CUT_BYTES)
    const values = [{ large }, new Uint8Array(CUT_BYTES)]
    for (const value of values) {
      const inList = changeOf((doc) => doc.getArray('list').insert(0, [1, value, 2]))
      expect(splitUpdate(inList.update, CUT_BYTES)).toEqual({ tooLarge: value })
      const inMap = changeOf((doc) => doc.getMap('map').set('k', value))
      expect(splitUpdate(inMap.update, CUT_BYTES)).toEqual({ tooLarge: value })
    }
    const embed = changeOf((doc) => doc.getText('text').insertEmbed(0, { image: large }))
    expect(splitUpdate(embed.update, CUT_BYTES)).toEqual({ tooLarge: { image: large } })
    const fits = changeOf((doc) => doc.getArray('list').insert(0, ['y', large.slice(200), 'z']))
    expectEqualInParts(fits, CUT_BYTES)
  })

  it('[F41] the cap on lengths, too, never cuts a surrogate pair', () => {
    const text = `x${'\u{1f600}'.repeat(600_000)}`
    const { update } = changeOf((doc) => doc.getText('text').insert(0, text))
    const result = splitUpdate(update, 16 * 1024 * 1024)
    const parts = 'parts' in result ? result.parts : []
    expect(parts).toHaveLength(2)
    const copy = new Y.Doc()
    for (const part of parts) applyRemote(copy, part)
    expect(copy.getText('text').toString() === text).toBe(true)
  })

  it('what fits stays one part', () => {
    const change = changeOf((doc) => doc.getText('text').insert(0, 'small'))
    expect(splitUpdate(change.update, CUT_BYTES)).toEqual({ parts: [change.update] })
  })
})
