import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { rawItem, rawUpdate } from '../testing/raw-update.ts'
import { openStored, StoredDocument, StoredLog } from '../testing/stored-logs.ts'
import { foldLogs } from './fold-logs.ts'
import { ownParts } from './own-parts.ts'
import { applyRemote, REMOTE } from './remote-apply.ts'
import { checkBlanked, checkUpdate, type GateVerdict } from './update-gate.ts'
import { UpdateWriter } from './update-writer.ts'

/** Clients of one author share their hundreds. */
const own = (client: number) => ({
  isOwn: (other: number) => Math.floor(other / 100) === Math.floor(client / 100),
})

class Writer {
  readonly doc = new Y.Doc()
  readonly updates: Uint8Array[] = []

  constructor(clientId: number) {
    this.doc.clientID = clientId
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== REMOTE) this.updates.push(update)
    })
  }

  hear(...others: Writer[]): this {
    for (const other of others) for (const update of other.updates) applyRemote(this.doc, update)
    return this
  }

  get list(): Y.Array<Y.Map<unknown>> {
    return this.doc.getArray('comments')
  }

  comment(text: string): Y.Map<unknown> {
    const comment = new Y.Map<unknown>([
      ['text', text],
      ['replies', new Y.Array()],
    ])
    this.list.push([comment])
    return comment
  }

  map(at: number): Y.Map<unknown> {
    return this.list.get(at)
  }
}

/** What somebody who has heard `known` says of the last update of `writer`, a commenter. */
function judged(writer: Writer, ...known: Writer[]): GateVerdict {
  const { clientID } = writer.doc
  const reader = new Writer(999).hear(...known)
  for (const update of writer.updates.slice(0, -1)) applyRemote(reader.doc, update)
  return checkUpdate(reader.doc, writer.updates.at(-1) as Uint8Array, clientID, own(clientID))
}

const APPLY = { verdict: 'apply' }
const FOREIGN_DELETE = { verdict: 'refuse', fault: 'foreign-delete' }
const FOREIGN_KEY = { verdict: 'refuse', fault: 'foreign-key' }

describe('[F19] a commenter changes only what is their own', () => {
  it("twelve bytes that delete everybody's comments are refused", () => {
    const [anna, ben] = [new Writer(101), new Writer(201)]
    anna.comment('from Anna')
    ben.hear(anna)
    ben.list.delete(0, 1)
    const last = rawUpdate([], [[101, [[0, 3]]]])
    expect(last.length).toBeLessThan(12)
    ben.updates.push(last)
    expect(judged(ben, anna)).toEqual(FOREIGN_DELETE)
    const reader = new Writer(999).hear(anna)
    expect(checkUpdate(reader.doc, last, 201)).toEqual(APPLY)
  })

  it('an own comment is deleted, of another session too, not one of somebody else among them', () => {
    const [before, now, anna] = [new Writer(201), new Writer(202), new Writer(101)]
    before.comment('yesterday')
    now.hear(before)
    now.comment('today')
    now.list.delete(0, 2)
    expect(judged(now, before)).toEqual(APPLY)
    anna.hear(before)
    anna.comment('from Anna')
    now.hear(anna)
    now.list.delete(0, 1)
    expect(judged(now, before, anna)).toEqual(FOREIGN_DELETE)
  })

  it('maps are appended to a list, their own keys set and set again', () => {
    const [anna, ben] = [new Writer(101), new Writer(201)]
    anna.comment('from Anna')
    ben.hear(anna)
    const comment = ben.comment('from Ben')
    expect(judged(ben, anna)).toEqual(APPLY)
    comment.set('text', 'from Ben, edited')
    comment.set('text', 'twice')
    expect(judged(ben, anna)).toEqual(APPLY)
    const replies = ben.map(0).get('replies')
    if (replies instanceof Y.Array) replies.push(['a reply'])
    expect(judged(ben, anna)).toEqual(APPLY)
  })

  it("a key of another's map, set or set again, and one of a root are refused", () => {
    const anna = new Writer(101)
    anna.comment('from Anna')
    const changes: ((ben: Writer) => void)[] = [
      (ben) => ben.map(0).set('text', 'put into her mouth'),
      (ben) => ben.map(0).set('new', 1),
      (ben) => ben.doc.getMap('root').set('key', 1),
    ]
    for (const change of changes) {
      const ben = new Writer(201).hear(anna)
      change(ben)
      ben.updates.push(withoutDeletes(ben.updates.pop() as Uint8Array))
      expect(judged(ben, anna)).toEqual(FOREIGN_KEY)
      const reader = new Writer(999).hear(anna)
      expect(checkBlanked(reader.doc, ben.updates[0] as Uint8Array, 201, own(201))).toEqual(FOREIGN_KEY)
    }
  })

  it("a key reached through the origins of one's own items is refused as well", () => {
    const anna = new Writer(101)
    anna.comment('from Anna')
    const reader = new Writer(999).hear(anna)
    const keyed = anna.map(0)._map.get('text') as Y.Item
    const place = { client: keyed.id.client, clock: keyed.id.clock }
    const item = (at: object) => rawItem(new Y.ContentAny(['x']), at)
    const verdict = (...structs: Uint8Array[]) =>
      checkUpdate(reader.doc, rawUpdate([{ client: 201, clock: 0, structs }]), 201, own(201))
    expect(verdict(item({ origin: place }))).toEqual(FOREIGN_KEY)
    expect(verdict(item({ rightOrigin: place }))).toEqual(FOREIGN_KEY)
    // The second leans on the first, both within one update.
    const list = { parent: { client: 101, clock: 0 } }
    expect(verdict(item(list), item({ origin: { client: 201, clock: 0 } }))).toEqual(APPLY)
    const made = rawItem(new Y.ContentType(new Y.Map()), { parent: 'comments' })
    const ownKey = item({ parent: { client: 201, clock: 0 }, key: 'text' })
    expect(verdict(made, ownKey, item({ origin: { client: 201, clock: 1 } }))).toEqual(APPLY)
    const foreignKey = item({ parent: { client: 101, clock: 0 }, key: 'text' })
    expect(verdict(made, foreignKey, item({ origin: { client: 201, clock: 1 } }))).toEqual(FOREIGN_KEY)
  })

  it('what leans on something collected passes: it is collected too', () => {
    const anna = new Writer(101)
    const comment = anna.comment('from Anna')
    const keyed = comment._map.get('text') as Y.Item
    anna.list.delete(0, 1)
    const reader = new Writer(999).hear(anna)
    const origin = { client: 101, clock: keyed.id.clock }
    const update = rawUpdate([
      { client: 201, clock: 0, structs: [rawItem(new Y.ContentAny(['x']), { origin })] },
    ])
    expect(checkUpdate(reader.doc, update, 201, own(201))).toEqual(APPLY)
    applyRemote(reader.doc, update)
    expect(reader.list.length).toBe(0)
  })

  it('whose something is, is asked when it is known: until then it waits', () => {
    const reader = new Writer(999)
    const unknown = { isOwn: () => false }
    expect(checkUpdate(reader.doc, rawUpdate([], [[202, [[0, 1]]]]), 201, unknown)).toEqual({
      verdict: 'wait',
      missing: { client: 202, clock: 0 },
    })
  })

  it('live and in the fold, for restricted logs alone', async () => {
    const [anna, ben] = [new Writer(101), new Writer(201)]
    anna.comment('from Anna')
    ben.hear(anna)
    ben.comment('from Ben')
    ben.list.delete(0, 1)
    for (const restricted of [true, false]) {
      const logs = [new StoredLog(1, 101, 'Anna', true), new StoredLog(2, 201, 'Ben', restricted)]
      for (const [i, writer] of [anna, ben].entries())
        for (const update of writer.updates) logs[i]?.append(update)
      const document = new StoredDocument(logs)
      const reading = await document.reading()
      const count = restricted ? 2 : 1
      expect(document.doc.getArray('comments').length).toBe(count)
      expect(document.refused).toEqual(restricted ? ['Ben 2 foreign-delete'] : [])
      const folded = await foldLogs(logs, { open: openStored, yieldToHost: () => Promise.resolve() })
      expect(folded.doc.getArray('comments').length).toBe(count)
      await document.sync.rebuild(true)
      expect(await document.reading()).toBe(reading)
    }
  })
})

/** The structs of an update, its deletions dropped. */
function withoutDeletes(update: Uint8Array): Uint8Array {
  const writer = new UpdateWriter()
  for (const struct of Y.decodeUpdate(update).structs) writer.write(struct)
  return writer.done([])
}

describe("[F19] what a commenter's own document says", () => {
  const partsOf = (writer: Writer) =>
    ownParts(writer.doc, writer.updates.at(-1) as Uint8Array, writer.doc.clientID, own(writer.doc.clientID))

  function sentBy(writer: Writer): Uint8Array {
    const parts = partsOf(writer)
    if (!('parts' in parts) || parts.parts.length !== 1) throw new Error(JSON.stringify(parts))
    return parts.parts[0] as Uint8Array
  }

  it("an own comment with others' replies and keys in it is deleted without naming them", () => {
    const [ben, editor] = [new Writer(201), new Writer(301)]
    ben.comment('from Ben')
    editor.hear(ben)
    const replies = editor.map(0).get('replies')
    if (replies instanceof Y.Array) replies.push(['a reply'])
    editor.map(0).set('resolved', true)
    ben.hear(editor)
    ben.list.delete(0, 1)
    const sent = sentBy(ben)
    const reader = new Writer(999)
    applyRemote(reader.doc, ben.updates[0] as Uint8Array)
    reader.hear(editor)
    expect(checkUpdate(reader.doc, ben.updates[1] as Uint8Array, 201, own(201))).toEqual(FOREIGN_DELETE)
    expect(checkUpdate(reader.doc, sent, 201, own(201))).toEqual(APPLY)
    applyRemote(reader.doc, sent)
    const plain = new Writer(998)
    applyRemote(plain.doc, ben.updates[0] as Uint8Array)
    plain.hear(editor, ben)
    expect(Y.encodeStateAsUpdate(reader.doc)).toEqual(Y.encodeStateAsUpdate(plain.doc))
  })

  it('a value of somebody else in an own map is set over without naming it', () => {
    const [ben, editor] = [new Writer(201), new Writer(301)]
    ben.comment('from Ben')
    editor.hear(ben)
    editor.map(0).set('resolved', true)
    ben.hear(editor)
    ben.map(0).set('resolved', false)
    const sent = sentBy(ben)
    const reader = new Writer(999)
    applyRemote(reader.doc, ben.updates[0] as Uint8Array)
    reader.hear(editor)
    expect(checkUpdate(reader.doc, sent, 201, own(201))).toEqual(APPLY)
    applyRemote(reader.doc, sent)
    expect(reader.list.toJSON()).toEqual(ben.list.toJSON())
  })

  it("somebody else's comment deleted, their key deleted, set over: a fault, before it is sealed", () => {
    const acts: [(writer: Writer) => void, string][] = [
      [(writer) => writer.list.delete(0, 1), 'foreign-delete'],
      [(writer) => writer.map(0).delete('text'), 'foreign-delete'],
      [(writer) => writer.map(0).set('new', 'x'), 'foreign-key'],
      [(writer) => writer.map(0).set('text', 'x'), 'foreign-key'],
      [(writer) => writer.doc.getMap('root').set('text', 'x'), 'foreign-key'],
    ]
    for (const [act, fault] of acts) {
      const [anna, ben] = [new Writer(101), new Writer(201)]
      anna.comment('from Anna')
      ben.hear(anna)
      act(ben)
      expect(partsOf(ben)).toEqual({ fault })
    }
  })
})
