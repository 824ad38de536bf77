/** The text of any document, a line per block, and its content as JSON: for who reads without an editor. Changes nothing. */
import { toBase64Url } from '@parley/protocol'
import * as Y from 'yjs'
import { deltaOf, rootKindOf, rootOf } from './shared-content.ts'

export interface DocumentText {
  /** Blocks in their order, each in Unicode's form NFC; lines of a text of its own. */
  readonly lines: readonly string[]
  /** Whether all of it is here: the limit was not reached. */
  readonly isWhole: boolean
}

/** At most about `limitCharacters` UTF-16 units. Gives roots their types, as asking for them does. */
export function documentText(doc: Y.Doc, limitCharacters: number): DocumentText {
  const lines: string[] = []
  let left = limitCharacters
  const add = (text: string): void => {
    for (const line of text.split('\n')) {
      if (left <= 0) return
      if (line.trim() !== '') lines.push(line.slice(0, left).normalize('NFC'))
      left -= line.length
    }
  }
  for (const root of rootsOf(doc)) collect(root.type, add)
  return { lines, isWhole: left > 0 }
}

function rootsOf(doc: Y.Doc): { readonly name: string; readonly type: unknown }[] {
  return [...doc.share.keys()].sort().flatMap((name) => {
    const kind = rootKindOf(doc, name)
    return kind ? [{ name, type: rootOf(doc, name, kind) }] : []
  })
}

/** Depth is bounded by the gate: 256 types, 64 levels of JSON. */
function collect(value: unknown, add: (text: string) => void): void {
  if (typeof value === 'string') add(value)
  else if (value instanceof Y.Text) collectParts(deltaOf(value), add)
  else if (value instanceof Y.XmlFragment) collectNodes(value, add)
  else if (value instanceof Y.Map) for (const each of value.values()) collect(each, add)
  else if (value instanceof Y.Array) for (const each of value.toArray()) collect(each, add)
  else if (Array.isArray(value)) for (const each of value) collect(each, add)
  else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array))
    for (const each of Object.values(value)) collect(each, add)
}

function collectParts(parts: readonly { readonly insert: unknown }[], add: (text: string) => void): void {
  add(parts.map(({ insert }) => (typeof insert === 'string' ? insert : ' ')).join(''))
  for (const { insert } of parts) if (typeof insert !== 'string') collect(insert, add)
}

/** What follows each other within a line is one: texts, and what stands between them. */
function collectNodes(parent: Y.XmlFragment, add: (text: string) => void): void {
  let line = ''
  const end = (): void => {
    add(line)
    line = ''
  }
  for (const child of parent.toArray()) {
    if (child instanceof Y.XmlText) line += textOf(child)
    else if (child instanceof Y.XmlElement && child.length === 0) line += ' '
    else {
      end()
      collect(child, add)
    }
  }
  end()
}

function textOf(text: Y.XmlText): string {
  return deltaOf(text)
    .map(({ insert }) => (typeof insert === 'string' ? insert : ' '))
    .join('')
}

/** Root types by name; bytes as `{bytes}` in base64url. Whatever is in it is data: nothing of it is HTML or script. */
export function documentJson(doc: Y.Doc): Readonly<Record<string, unknown>> {
  return Object.fromEntries(rootsOf(doc).map(({ name, type }) => [name, jsonOf(type)]))
}

function jsonOf(value: unknown): unknown {
  if (value instanceof Y.XmlElement) {
    const { nodeName: name } = value
    return { name, attributes: jsonOf(value.getAttributes()), children: value.toArray().map(jsonOf) }
  }
  if (value instanceof Y.Text) return { text: jsonOf(deltaOf(value)) }
  if (value instanceof Y.XmlFragment || value instanceof Y.Array) return value.toArray().map(jsonOf)
  if (value instanceof Y.Map)
    return Object.fromEntries([...value.entries()].map(([key, each]) => [key, jsonOf(each)]))
  if (value instanceof Uint8Array) return { bytes: toBase64Url(value) }
  if (Array.isArray(value)) return value.map(jsonOf)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, jsonOf(each)]))
}
