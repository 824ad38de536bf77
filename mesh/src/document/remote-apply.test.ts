import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { seededFraction } from '../testing/honest-traffic.ts'
import { applyRemote, inRemoteTransaction, REMOTE, UngatedUpdateError } from './remote-apply.ts'

function since(from: Y.Doc, to: Y.Doc): Uint8Array {
  return Y.encodeStateAsUpdate(from, Y.encodeStateVector(to))
}

describe('applying what others wrote', () => {
  it('answers formatting with no update of its own, where plain Yjs does', () => {
    const localUpdates = (apply: (doc: Y.Doc, update: Uint8Array) => void) => {
      const base = new Y.Doc()
      base.getText('text').insert(0, 'some words here')
      const [a, b, reader] = [new Y.Doc(), new Y.Doc(), new Y.Doc()]
      for (const doc of [a, b, reader]) apply(doc, Y.encodeStateAsUpdate(base))
      for (const doc of [a, b]) doc.getText('text').format(0, 8, { bold: true })
      reader.getText('text')
      let count = 0
      reader.on('update', (_update: Uint8Array, origin: unknown) => {
        if (origin !== REMOTE) count++
      })
      for (const doc of [a, b]) apply(reader, since(doc, reader))
      return count
    }
    expect(localUpdates((doc, update) => Y.applyUpdate(doc, update, REMOTE))).toBeGreaterThan(0)
    expect(localUpdates(applyRemote)).toBe(0)
  })

  it('edits by index land where they were meant to after others have edited', () => {
    const fraction = seededFraction(7)
    const below = (count: number) => Math.floor(fraction() * count)
    const [here, there] = [new Y.Doc(), new Y.Doc()]
    here.getText('text').insert(0, 'abcdefghijklmnopqrstuvwxyz')
    here.getArray('list').insert(0, [...'abcdefghijklmnopqrstuvwxyz'])
    applyRemote(there, since(here, there))
    for (let i = 0; i < 500; i++) {
      const text = here.getText('text')
      const before = text.toString()
      const at = below(before.length)
      text.insert(at, '#')
      expect(text.toString()).toBe(`${before.slice(0, at)}#${before.slice(at)}`)
      const list = here.getArray('list')
      const values = list.toArray()
      list.insert(at % values.length, ['#'])
      expect(list.toArray()).toEqual(values.toSpliced(at % values.length, 0, '#'))
      there.getText('text').insert(below(there.getText('text').length), 'AAA')
      there.getArray('list').insert(below(there.getArray('list').length), [1, 2])
      applyRemote(here, since(there, here))
      applyRemote(there, since(here, there))
    }
  })

  it('keeps the clientID when own entries come back', () => {
    const [doc, copy] = [new Y.Doc(), new Y.Doc()]
    doc.getText('text').insert(0, 'mine')
    copy.clientID = doc.clientID
    applyRemote(copy, Y.encodeStateAsUpdate(doc))
    expect(copy.clientID).toBe(doc.clientID)
  })

  it('one transaction for several updates, with the origin that tells them apart', () => {
    const [a, b] = [new Y.Doc(), new Y.Doc()]
    a.getText('text').insert(0, 'a')
    b.getText('text').insert(0, 'b')
    const doc = new Y.Doc()
    const origins: unknown[] = []
    doc.on('update', (_update: Uint8Array, origin: unknown) => origins.push(origin))
    inRemoteTransaction(doc, (apply) => {
      apply(Y.encodeStateAsUpdate(a))
      apply(Y.encodeStateAsUpdate(b))
    })
    expect(origins).toEqual([REMOTE])
    expect(doc.getText('text').length).toBe(2)
  })

  it('[F29] throws when Yjs had to put something aside', () => {
    const doc = new Y.Doc()
    const updates: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => updates.push(update))
    doc.getText('text').insert(0, 'a')
    doc.getText('text').insert(1, 'b')
    doc.getText('text').delete(0, 1)
    for (const update of updates.slice(1))
      expect(() => applyRemote(new Y.Doc(), update)).toThrow(UngatedUpdateError)
  })

  it("is not to be mixed into somebody's own transaction", () => {
    const doc = new Y.Doc()
    doc.transact(() => expect(() => applyRemote(doc, new Uint8Array([0, 0]))).toThrow(/of their own/))
  })
})
