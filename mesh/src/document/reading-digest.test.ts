import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { honestEdit, honestRoots, honestUndo, seededFraction } from '../testing/honest-traffic.ts'
import { readingDigest, readingDigestInSlices } from './reading-digest.ts'
import { applyRemote } from './remote-apply.ts'

function hex(doc: Y.Doc): string {
  return Buffer.from(readingDigest(doc)).toString('hex')
}

function docWith(change: (doc: Y.Doc) => void): Y.Doc {
  const doc = new Y.Doc()
  change(doc)
  return doc
}

function copyOf(doc: Y.Doc): Y.Doc {
  return docWith((copy) => applyRemote(copy, Y.encodeStateAsUpdate(doc)))
}

/** Key order and how a run of equal formatting is cut are no part of a reading. */
function reading(doc: Y.Doc): string {
  const { text, map, xml, list } = honestRoots(doc)
  return JSON.stringify([deltaOf(text), map.toJSON(), xmlOf(xml), list.toJSON()], (_, value: unknown) => {
    if (value instanceof Uint8Array) return { bytes: [...value] }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

function deltaOf(text: Y.Text): unknown {
  const runs: { insert: unknown; attributes: string }[] = []
  for (const { insert, attributes } of text.toDelta() as { insert: unknown; attributes?: object }[]) {
    const key = JSON.stringify(Object.entries(attributes ?? {}).sort())
    const last = runs.at(-1)
    if (last && last.attributes === key && typeof last.insert === 'string' && typeof insert === 'string')
      last.insert += insert
    else runs.push({ insert, attributes: key })
  }
  return [runs, text.getAttributes()]
}

function xmlOf(node: unknown): unknown {
  if (node instanceof Y.XmlText) return ['text', deltaOf(node)]
  if (node instanceof Y.XmlElement) return [node.nodeName, node.getAttributes(), node.toArray().map(xmlOf)]
  return node instanceof Y.XmlFragment ? node.toArray().map(xmlOf) : 'other'
}

describe('the digest of a reading', () => {
  it('is equal exactly when the reading is: 60 documents with their copies, edit by edit', () => {
    const readingOf = new Map<string, string>()
    const digestOf = new Map<string, string>()
    for (let seed = 1; seed <= 60; seed++) {
      const fraction = seededFraction(seed)
      const doc = new Y.Doc()
      const undo = honestUndo(doc)
      for (let i = 0; i < 25; i++) {
        honestEdit(doc, fraction, undo)
        const [digest, content] = [hex(doc), reading(doc)]
        expect(hex(copyOf(doc)), 'a copy that declares no root').toBe(digest)
        expect(readingOf.get(digest) ?? content).toBe(content)
        expect(digestOf.get(content) ?? digest).toBe(digest)
        readingOf.set(digest, content)
        digestOf.set(content, digest)
      }
    }
    expect(readingOf.size).toBeGreaterThan(800)
  })

  it('does not depend on how text came about', async () => {
    const parts = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }), { minLength: 1 })
    await fc.assert(
      fc.property(parts, (words) => {
        const once = docWith((doc) => doc.getText('t').insert(0, words.join('')))
        const often = docWith((doc) => {
          let copy = doc
          for (const word of words.toReversed()) {
            copy.getText('t').insert(0, `${word}!`)
            copy.getText('t').delete(word.length, 1)
            const next = copyOf(copy)
            copy = next
          }
          applyRemote(doc, Y.encodeStateAsUpdate(copy, Y.encodeStateVector(doc)))
        })
        expect(hex(often)).toBe(hex(once))
      }),
      { numRuns: 100 },
    )
  })

  it('values that read differently differ, equal ones do not', async () => {
    const values = fc.tuple(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 4 }))
    await fc.assert(
      fc.property(values, ([a, b]) => {
        fc.pre(!JSON.stringify([a, b]).includes('__proto__'))
        const [docA, docB] = [a, b].map((value) => docWith((doc) => doc.getMap('m').set('k', value)))
        const same = canonical(a) === canonical(b)
        expect(hex(docA as Y.Doc) === hex(docB as Y.Doc)).toBe(same)
        expect(hex(copyOf(docA as Y.Doc))).toBe(hex(docA as Y.Doc))
      }),
      { numRuns: 300 },
    )
  })

  it('counts effective formatting, not marks', () => {
    const plain = docWith((doc) => doc.getText('t').insert(0, 'abcdef'))
    const bold = copyOf(plain)
    bold.getText('t').format(1, 2, { bold: true })
    expect(hex(bold)).not.toBe(hex(plain))
    const undone = copyOf(bold)
    undone.getText('t').format(1, 2, { bold: null })
    expect(hex(undone)).toBe(hex(plain))
    const twoSteps = copyOf(plain)
    twoSteps.getText('t').format(1, 1, { bold: true })
    twoSteps.getText('t').format(2, 1, { bold: true })
    expect(hex(twoSteps)).toBe(hex(bold))
  })

  it.each<[string, (doc: Y.Doc) => void, (doc: Y.Doc) => void]>([
    ['root names', (d) => d.getText('a').insert(0, 'x'), (d) => d.getText('b').insert(0, 'x')],
    ['node names', (d) => addElement(d, 'p'), (d) => addElement(d, 'q')],
    [
      'attributes',
      (d) => addElement(d, 'p').setAttribute('a', '1'),
      (d) => addElement(d, 'p').setAttribute('a', '2'),
    ],
    [
      'where a list ends',
      (d) => d.getArray('a').push([['x'], 'y']),
      (d) => d.getArray('a').push([['x', 'y']]),
    ],
    ['empty nested types', (d) => d.getMap('m').set('k', new Y.Map()), (d) => d.getMap('m').set('k', {})],
    ['strings and numbers', (d) => d.getMap('m').set('k', 1), (d) => d.getMap('m').set('k', '1')],
    ['half an emoji', (d) => d.getText('t').insert(0, '\ud83d'), (d) => d.getText('t').insert(0, '\ufffd')],
    ['undefined and null', (d) => d.getMap('m').set('k', undefined), (d) => d.getMap('m').set('k', null)],
  ])('%s count', (_what, one, other) => {
    expect(hex(docWith(one))).not.toBe(hex(docWith(other)))
  })

  it('roots without content count as absent, deleted content as none', () => {
    const empty = hex(new Y.Doc())
    expect(hex(docWith((doc) => honestRoots(doc)))).toBe(empty)
    const deleted = docWith((doc) => {
      doc.getText('text').insert(0, 'x', { bold: true })
      doc.getMap('map').set('a', 1)
      doc.getText('text').delete(0, 1)
      doc.getMap('map').delete('a')
    })
    expect(hex(deleted)).toBe(empty)
    const kept = new Y.Doc({ gc: false })
    kept.getText('text').insert(0, 'abc')
    kept.getText('text').delete(1, 1)
    expect(hex(kept)).toBe(hex(docWith((doc) => doc.getText('text').insert(0, 'ac'))))
  })

  it('in slices it is the same, and null when the document changes meanwhile', async () => {
    const doc = docWith((filled) => {
      for (let i = 0; i < 20_000; i++) filled.getMap('m').set(`${i % 9000}`, i)
    })
    let yields = 0
    const sliced = await readingDigestInSlices(doc, async () => void yields++)
    expect(sliced).toEqual(readingDigest(doc))
    expect(yields).toBeGreaterThan(1)
    const disturbed = readingDigestInSlices(doc, async () => void doc.getMap('m').set('late', yields++))
    expect(await disturbed).toBeNull()
  })

  it('[F34] nesting of 20,000 does not overflow it', () => {
    const doc = new Y.Doc()
    let inner = new Y.Array<unknown>()
    doc.getArray('a').push([inner])
    doc.transact(() => {
      for (let i = 0; i < 20_000; i++) {
        const next = new Y.Array<unknown>()
        inner.push([next])
        inner = next
      }
    })
    expect(readingDigest(doc)).toHaveLength(32)
  })
})

function addElement(doc: Y.Doc, name: string): Y.XmlElement {
  const element = new Y.XmlElement(name)
  doc.getXmlFragment('x').push([element])
  return element
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
