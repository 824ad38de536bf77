/** Shared types as values: what kind a root is, whether two read alike, and copies for another document. */
import * as Y from 'yjs'
import { firstItemOf, keyedItemsOf } from './yjs-internals.ts'

export type Shared = Y.Text | Y.XmlText | Y.XmlElement | Y.XmlFragment | Y.Map<unknown> | Y.Array<unknown>
export type RootKind = 'text' | 'fragment' | 'map' | 'array'

/** `null` when nothing in it tells. A root is of no type until somebody asks for one. */
export function rootKindOf(doc: Y.Doc, name: string): RootKind | null {
  const type = doc.share.get(name)
  if (type === undefined) return null
  if (type instanceof Y.XmlFragment) return 'fragment'
  if (type instanceof Y.Text) return 'text'
  if (type instanceof Y.Map) return 'map'
  if (type instanceof Y.Array) return 'array'
  let isText = false
  for (let item = firstItemOf(type); item; item = item.right) {
    const { content } = item
    if (content instanceof Y.ContentType && isXml(content.type)) return 'fragment'
    if (content instanceof Y.ContentString || content instanceof Y.ContentFormat) isText = true
    else if (content instanceof Y.ContentAny || content instanceof Y.ContentJSON) return 'array'
    else if (content instanceof Y.ContentBinary) return 'array'
  }
  if (isText) return 'text'
  if (keyedItemsOf(type).size > 0) return 'map'
  return firstItemOf(type) ? 'array' : null
}

function isXml(type: unknown): boolean {
  return type instanceof Y.XmlElement || type instanceof Y.XmlText
}

export function rootOf(doc: Y.Doc, name: string, kind: RootKind): Shared {
  if (kind === 'fragment') return doc.getXmlFragment(name)
  if (kind === 'text') return doc.getText(name)
  return kind === 'map' ? doc.getMap(name) : doc.getArray(name)
}

export interface DeltaPart {
  readonly insert: unknown
  readonly attributes?: Readonly<Record<string, unknown>>
}

export function deltaOf(text: Y.Text): DeltaPart[] {
  return text.toDelta() as DeltaPart[]
}

/** Of another document, or of this one: never the same object twice. */
export function copyOf(value: unknown): unknown {
  if (value instanceof Y.XmlText) return copyText(value, new Y.XmlText())
  if (value instanceof Y.Text) return copyText(value, new Y.Text())
  if (value instanceof Y.XmlElement) {
    const copy = new Y.XmlElement(value.nodeName)
    for (const [key, attribute] of Object.entries(value.getAttributes()))
      copy.setAttribute(key, attribute as string)
    copy.insert(0, value.toArray().map(copyOf) as Y.XmlElement[])
    return copy
  }
  if (value instanceof Y.Map) return new Y.Map([...value.entries()].map(([key, each]) => [key, copyOf(each)]))
  if (value instanceof Y.Array) return Y.Array.from(value.toArray().map(copyOf) as object[])
  return value
}

function copyText<T extends Y.Text>(text: T, copy: T): T {
  copy.applyDelta(deltaOf(text).map((part) => ({ ...part, insert: copyOf(part.insert) })))
  for (const [key, attribute] of Object.entries(text.getAttributes() as Record<string, unknown>))
    copy.setAttribute(key, attribute)
  return copy
}

/** Equal texts mean equal reading. */
export function readingOf(value: unknown): string {
  return JSON.stringify(readable(value))
}

function readable(value: unknown): unknown {
  if (value instanceof Y.XmlElement)
    return ['element', value.nodeName, sorted(value.getAttributes()), value.toArray().map(readable)]
  if (value instanceof Y.Text) {
    const kind = value instanceof Y.XmlText ? 'xml-text' : 'text'
    const parts = readableParts(deltaOf(value))
    return [kind, parts, sorted(value.getAttributes() as Record<string, unknown>)]
  }
  if (value instanceof Y.XmlFragment) return ['fragment', value.toArray().map(readable)]
  if (value instanceof Y.Map)
    return ['map', [...value.entries()].sort(byKey).map(([key, each]) => [key, readable(each)])]
  if (value instanceof Y.Array) return ['array', value.toArray().map(readable)]
  if (value instanceof Uint8Array) return ['bytes', [...value]]
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? ['object', sorted(value)]
    : value
}

/** Runs of one formatting as one: how they came to be is not read. */
function readableParts(delta: readonly DeltaPart[]): unknown[] {
  const parts: { insert: unknown; format: string }[] = []
  for (const { insert, attributes } of delta) {
    const format = JSON.stringify(sorted(attributes ?? {}))
    const last = parts.at(-1)
    if (typeof insert === 'string' && typeof last?.insert === 'string' && last.format === format)
      last.insert += insert
    else parts.push({ insert: readable(insert), format })
  }
  return parts
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

function sorted(values: object): unknown {
  return Object.entries(values).sort(byKey)
}
