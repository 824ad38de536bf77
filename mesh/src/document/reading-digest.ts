/**
 * What a document reads as, in 32 bytes. Two documents that hold the same entries must agree in it; it knows nothing of
 * how items are split, merged or collected, nor of which types the roots were declared to be.
 */
import * as Y from 'yjs'
import { DigestWriter } from './digest-writer.ts'
import { firstItemOf, keyedItemsOf, type SharedType } from './yjs-internals.ts'

const TAG = {
  end: 0,
  text: 1,
  value: 2,
  array: 3,
  map: 4,
  plainText: 5,
  element: 6,
  fragment: 7,
  hook: 8,
  xmlText: 9,
  attributes: 10,
  key: 11,
  root: 12,
  subdocument: 13,
} as const

/** Items between two turns of the host: about 5 ms. */
const SLICE_STEPS = 2_000

/** One type under way. A stack of these, so that nesting cannot overflow the engine's own. */
interface Frame {
  item: Y.Item | null
  /** Formatting in force at `item`. */
  readonly attributes: Map<string, unknown>
  attributesJson: string
  attributesChanged: boolean
  /** Text not written yet: all that follows each other under one formatting. */
  texts: string[]
  textAttributesJson: string
  /** Filled when the list is done; last key first. */
  keys: string[] | null
  readonly keyed: ReadonlyMap<string, Y.Item>
}

function frameOf(type: SharedType): Frame {
  return {
    item: firstItemOf(type),
    attributes: new Map(),
    attributesJson: '',
    attributesChanged: false,
    texts: [],
    textAttributesJson: '',
    keys: null,
    keyed: keyedItemsOf(type),
  }
}

function sortKeys(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Formatting values are JSON; they travel as such. */
function attributesJsonOf(frame: Frame): string {
  if (frame.attributesChanged) {
    const entries = [...frame.attributes].sort(([a], [b]) => (a < b ? -1 : 1))
    frame.attributesJson = entries.length > 0 ? JSON.stringify(entries, sortKeys) : ''
    frame.attributesChanged = false
  }
  return frame.attributesJson
}

class ReadingWalk {
  readonly writer = new DigestWriter()
  readonly #stack: Frame[] = []
  #steps = 0

  #advance(frame: Frame): void {
    if (frame.item !== null) {
      const item = frame.item
      frame.item = item.right
      if (!item.deleted) this.#listItem(frame, item.content)
      return
    }
    if (frame.keys === null) {
      this.#flushText(frame)
      frame.keys = [...frame.keyed.keys()].sort().reverse()
    }
    const key = frame.keys.pop()
    if (key !== undefined) this.#keyed(key, frame.keyed.get(key))
    else {
      this.writer.u8(TAG.end)
      this.#stack.pop()
    }
  }

  /** Yields once in a while, so that the walk over a large document can be cut into slices. */
  *root(name: string, type: SharedType): Generator<void> {
    const before = this.writer.length
    this.writer.u8(TAG.root)
    this.writer.text(name)
    const empty = this.writer.length
    this.#stack.push(frameOf(type))
    for (let frame = this.#stack.at(-1); frame !== undefined; frame = this.#stack.at(-1)) {
      this.#advance(frame)
      if (++this.#steps % SLICE_STEPS === 0) yield
    }
    // A root that was merely asked for is in one peer's document and not in another's.
    if (this.writer.length === empty + 1) this.writer.rewind(before)
  }

  #listItem(frame: Frame, content: Y.Item['content']): void {
    if (content instanceof Y.ContentString) this.#addText(frame, content.str)
    else if (content instanceof Y.ContentFormat) {
      if (content.value === null) frame.attributes.delete(content.key)
      else frame.attributes.set(content.key, content.value)
      frame.attributesChanged = true
    } else {
      this.#flushText(frame)
      const values = content.getContent()
      if (values.length > 0) this.#attributes(attributesJsonOf(frame))
      for (const value of values) this.#value(value)
    }
  }

  #addText(frame: Frame, text: string): void {
    const json = attributesJsonOf(frame)
    if (json !== frame.textAttributesJson) {
      this.#flushText(frame)
      frame.textAttributesJson = json
    }
    frame.texts.push(text)
  }

  #flushText(frame: Frame): void {
    if (frame.texts.length === 0) return
    this.#attributes(frame.textAttributesJson)
    this.writer.u8(TAG.text)
    this.writer.text(frame.texts.length === 1 ? (frame.texts[0] as string) : frame.texts.join(''))
    frame.texts = []
  }

  #attributes(json: string): void {
    if (json === '') return
    this.writer.u8(TAG.attributes)
    this.writer.text(json)
  }

  #keyed(key: string, item: Y.Item | undefined): void {
    if (item === undefined || item.deleted) return
    this.writer.u8(TAG.key)
    this.writer.text(key)
    this.#value(item.content.getContent()[item.length - 1])
  }

  #value(value: unknown): void {
    if (value instanceof Y.AbstractType) this.#type(value)
    else if (value instanceof Y.Doc) this.#named(TAG.subdocument, value.guid)
    else {
      this.writer.u8(TAG.value)
      this.writer.value(value)
    }
  }

  #type(type: SharedType): void {
    if (type instanceof Y.XmlElement) this.#named(TAG.element, type.nodeName)
    else if (type instanceof Y.XmlHook) this.#named(TAG.hook, type.hookName)
    else if (type instanceof Y.XmlFragment) this.writer.u8(TAG.fragment)
    else if (type instanceof Y.XmlText) this.writer.u8(TAG.xmlText)
    else if (type instanceof Y.Text) this.writer.u8(TAG.plainText)
    else this.writer.u8(type instanceof Y.Array ? TAG.array : TAG.map)
    this.#stack.push(frameOf(type))
  }

  #named(tag: number, name: string): void {
    this.writer.u8(tag)
    this.writer.text(name)
  }
}

function* walkRoots(doc: Y.Doc, walk: ReadingWalk): Generator<void> {
  for (const name of [...doc.share.keys()].sort()) {
    const type = doc.share.get(name)
    if (type !== undefined) yield* walk.root(name, type)
  }
}

/**
 * 32 bytes, equal exactly when the documents read equal: visible content of every root in `doc.share`, declared or not,
 * with its formatting, keys, attributes and node names. A root without content counts as absent.
 */
export function readingDigest(doc: Y.Doc): Uint8Array {
  const walk = new ReadingWalk()
  for (const _ of walkRoots(doc, walk));
  return walk.writer.digest()
}

/** The same in slices of some milliseconds; `null` when the document changed meanwhile. */
export async function readingDigestInSlices(
  doc: Y.Doc,
  yieldToHost: () => Promise<void>,
): Promise<Uint8Array | null> {
  const walk = new ReadingWalk()
  let changed = false
  const onChange = () => {
    changed = true
  }
  doc.on('update', onChange)
  try {
    for (const _ of walkRoots(doc, walk)) {
      await yieldToHost()
      if (changed) return null
    }
    return walk.writer.digest()
  } finally {
    doc.off('update', onChange)
  }
}
