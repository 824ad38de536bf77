/**
 * Other clients may write into a page what no editor of this app does. The binding of the editor throws at some of it,
 * then and at every opening, and at the rest deletes the whole text around it. So what is foreign is taken out first,
 * and honest text stays.
 */
import type { Schema } from '@tiptap/pm/model'
import * as Y from 'yjs'

/** `strong--A1b2`: marks that may lie over themselves carry a hash (y-prosemirror). */
const HASHED_MARK = /^(.+)--[A-Za-z0-9+/=]{8}$/

function fitsText(content: Y.Item['content'], parentName: string, schema: Schema): boolean {
  if (content instanceof Y.ContentString) return true
  if (!(content instanceof Y.ContentFormat)) return false
  const mark = schema.marks[content.key.replace(HASHED_MARK, '$1')]
  return mark !== undefined && schema.nodes[parentName]?.allowsMarkType(mark) === true
}

function fitsElement(type: unknown, parentName: string, schema: Schema): boolean {
  const inline = schema.nodes[parentName]?.inlineContent
  if (type instanceof Y.XmlText) return inline === true
  if (!(type instanceof Y.XmlElement)) return false
  return schema.nodes[type.nodeName]?.isInline === inline
}

/** A type, and the name of the node that its content belongs to. */
interface Place {
  readonly type: Y.XmlFragment | Y.XmlText
  readonly name: string
}

/** Items are looked at, not values: of some contents Yjs gives out no value at all. */
function* foreignItems(root: Y.XmlFragment, schema: Schema): Generator<Y.Item> {
  const open: Place[] = [{ type: root, name: schema.topNodeType.name }]
  for (let at = open.pop(); at; at = open.pop()) {
    for (let item = at.type._start; item; item = item.right) {
      if (item.deleted) continue
      const { content } = item
      const inner = content instanceof Y.ContentType ? content.type : null
      if (at.type instanceof Y.XmlText) {
        if (!fitsText(content, at.name, schema)) yield item
      } else if (!fitsElement(inner, at.name, schema)) yield item
      else if (inner instanceof Y.XmlElement) open.push({ type: inner, name: inner.nodeName })
      else if (inner instanceof Y.XmlText) open.push({ type: inner, name: at.name })
    }
  }
}

/** Returns how many items were taken out. */
export function removeForeign(root: Y.XmlFragment, schema: Schema): number {
  const found = [...foreignItems(root, schema)]
  if (found.length === 0) return 0
  root.doc?.transact((transaction) => {
    for (const item of found) item.delete(transaction)
  }, removeForeign)
  return found.length
}

/** Removes what there is, and whatever comes before the editor sees it. To be called before the editor is made. */
export function keepForeignOut(doc: Y.Doc, field: string, schema: Schema): () => void {
  const root = doc.getXmlFragment(field)
  const look = (transaction: Y.Transaction): void => {
    if (!transaction.local) removeForeign(root, schema)
  }
  removeForeign(root, schema)
  doc.on('beforeObserverCalls', look)
  return () => doc.off('beforeObserverCalls', look)
}
