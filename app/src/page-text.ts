/** The text of a page, a line per block: for a preview, without an editor. */
import * as Y from 'yjs'

/** Of each root of the document that holds a page; at most about `limit` characters. */
export function pageText(doc: Y.Doc, field: string, limit: number): string {
  const lines: string[] = []
  let length = 0
  const open: unknown[] = [...doc.getXmlFragment(field).toArray()].reverse()
  for (let type = open.pop(); type !== undefined && length < limit; type = open.pop()) {
    if (!(type instanceof Y.XmlElement)) continue
    const children = type.toArray()
    const text = children.map((child) => (child instanceof Y.XmlText ? plainText(child) : '')).join('')
    if (children.some((child) => child instanceof Y.XmlText) || children.length === 0) lines.push(text)
    length += text.length
    open.push(...children.filter((child) => child instanceof Y.XmlElement).reverse())
  }
  return lines.join('\n').slice(0, limit).trim()
}

function plainText(text: Y.XmlText): string {
  const delta = text.toDelta() as { insert: unknown }[]
  return delta.map(({ insert }) => (typeof insert === 'string' ? insert : '')).join('')
}
