/**
 * Edits as honest people and editors make them, the awkward ones included. Seeded: the same numbers give the same edits
 * on the same document.
 */
import * as Y from 'yjs'

/** Uniform in [0, 1). */
export type Fraction = () => number

/** mulberry32: small, seeded, good enough to choose edits by. */
export function seededFraction(seed: number): Fraction {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The roots that honest edits are made in, with their types declared. */
export function honestRoots(doc: Y.Doc) {
  return {
    text: doc.getText('text'),
    map: doc.getMap<unknown>('map'),
    xml: doc.getXmlFragment('xml'),
    list: doc.getArray<unknown>('list'),
  }
}

/** Takes back edits of its own document alone; kept over many edits it undoes what others have built on since. */
export function honestUndo(doc: Y.Doc): Y.UndoManager {
  const { text, map, xml, list } = honestRoots(doc)
  return new Y.UndoManager([text, map, xml, list], { captureTimeout: 0 })
}

class HonestWriter {
  readonly doc: Y.Doc
  readonly #fraction: Fraction

  constructor(doc: Y.Doc, fraction: Fraction) {
    this.doc = doc
    this.#fraction = fraction
  }

  get roots() {
    return honestRoots(this.doc)
  }

  below(count: number): number {
    return Math.floor(this.#fraction() * count)
  }

  pick<T>(choices: readonly T[]): T | undefined {
    return choices[this.below(choices.length)]
  }

  word(): string {
    return (
      this.pick(['ab', 'c', 'lorem ipsum ', '\u{1f600}', 'd\u{1f469}\u{200d}\u{1f680}e', 'x'.repeat(40)]) ??
      'x'
    )
  }

  key(): string {
    return this.pick(['title', 'color', 'x', 'y', 'nested']) ?? 'x'
  }

  value(): unknown {
    return this.pick([
      1,
      -2.5,
      true,
      null,
      'text',
      ['a', { b: 1 }],
      { deep: { er: [1, 2] } },
      new Uint8Array([1, 2]),
    ])
  }

  mark(): Record<string, unknown> {
    return this.pick([{ bold: true }, { italic: true }, { link: { href: 'a' } }, { bold: null }]) ?? {}
  }

  /** A place and a length within `length` units; never within a surrogate pair of `text`, as editors see to. */
  range(text: Y.Text): readonly [number, number] {
    const whole = unitsOf(text)
    const start = outsidePair(whole, this.below(text.length + 1))
    const end = outsidePair(whole, Math.min(text.length, start + 1 + this.below(6)))
    return [start, end - start]
  }

  elements(): Y.XmlElement[] {
    return [...this.roots.xml.createTreeWalker((node) => node instanceof Y.XmlElement)].filter(
      (node) => node instanceof Y.XmlElement,
    )
  }

  paragraph(): Y.XmlElement {
    const element = new Y.XmlElement('paragraph')
    element.insert(0, [new Y.XmlText(this.word())])
    return element
  }

  /** Of those there are, or a fresh one. */
  someElement(): Y.XmlElement {
    const known = this.pick(this.elements())
    if (known !== undefined) return known
    const element = this.paragraph()
    this.roots.xml.insert(0, [element])
    return element
  }
}

/** One UTF-16 unit for each index of the text; embeds take one. */
function unitsOf(text: Y.Text): string {
  const delta: { insert?: unknown }[] = text.toDelta()
  return delta.map(({ insert }) => (typeof insert === 'string' ? insert : '\ufffc')).join('')
}

/** The end of the surrogate pair that `index` is within, or `index`. */
function outsidePair(text: string, index: number): number {
  const before = text.charCodeAt(index - 1)
  return before >= 0xd800 && before <= 0xdbff ? index + 1 : index
}

type Act = (writer: HonestWriter) => void

const TEXT_ACTS: readonly Act[] = [
  (w) => w.roots.text.insert(w.range(w.roots.text)[0], w.word()),
  (w) => w.roots.text.insert(w.range(w.roots.text)[0], w.word(), w.mark()),
  (w) => w.roots.text.delete(...w.range(w.roots.text)),
  (w) => w.roots.text.format(...w.range(w.roots.text), w.mark()),
  (w) => w.roots.text.insertEmbed(w.roots.text.length, { image: w.word() }),
  // Inserted and deleted in one transaction: travels as a deleted struct.
  (w) => {
    const [at] = w.range(w.roots.text)
    w.roots.text.insert(at, 'gone')
    w.roots.text.delete(at, 4)
  },
  (w) => {
    const range = w.range(w.roots.text)
    w.roots.text.format(...range, { bold: true })
    w.roots.text.format(...range, { bold: null })
  },
  // Many small inserts at one place: others' origins come to stand far apart.
  (w) => {
    const [at] = w.range(w.roots.text)
    for (let i = 0; i < 20; i++) w.roots.text.insert(at, 'i')
  },
]

const DATA_ACTS: readonly Act[] = [
  (w) => w.roots.map.set(w.key(), w.value()),
  (w) => {
    const key = w.key()
    w.roots.map.set(key, w.value())
    w.roots.map.set(key, w.value())
  },
  (w) => w.roots.map.delete(w.key()),
  (w) => w.roots.map.set('nested', new Y.Map([[w.key(), w.value()]])),
  (w) => {
    const nested = w.roots.map.get('nested')
    if (nested instanceof Y.Map) nested.set(w.key(), w.below(2) ? w.value() : new Y.Array())
  },
  // A nested map is written to after it was replaced.
  (w) => {
    const nested = w.roots.map.get('nested')
    w.roots.map.set('nested', new Y.Map())
    if (nested instanceof Y.Map) nested.set('late', 1)
  },
  (w) => w.roots.list.insert(w.below(w.roots.list.length + 1), [w.value(), w.value()]),
  (w) => w.roots.list.push([new Y.Map([['row', w.value()]])]),
  (w) => {
    if (w.roots.list.length > 0) w.roots.list.delete(w.below(w.roots.list.length), 1)
  },
  (w) => {
    w.roots.list.insert(0, [w.value(), new Y.Map([['a', 1]])])
    w.roots.list.delete(0, 2)
  },
]

const XML_ACTS: readonly Act[] = [
  (w) => w.roots.xml.insert(w.below(w.roots.xml.length + 1), [w.paragraph()]),
  (w) => w.someElement().insert(0, [w.paragraph()]),
  (w) => w.someElement().setAttribute(w.key(), w.word()),
  (w) => {
    const element = w.someElement()
    element.setAttribute('level', '1')
    element.setAttribute('level', '2')
    if (w.below(2)) element.removeAttribute('level')
  },
  (w) => {
    const text = w.someElement().firstChild
    if (text instanceof Y.XmlText) text.insert(w.range(text)[0], w.word(), w.mark())
  },
  (w) => {
    const text = w.someElement().firstChild
    if (text instanceof Y.XmlText) text.format(...w.range(text), w.mark())
  },
  (w) => {
    if (w.roots.xml.length > 0) w.roots.xml.delete(w.below(w.roots.xml.length), 1)
  },
  // Made and deleted with all its children in one transaction: travels as collected structs.
  (w) => {
    w.roots.xml.insert(0, [w.paragraph(), w.paragraph()])
    w.roots.xml.delete(0, 2)
  },
]

/** Written to in a transaction after the one that deleted it, as an editor with a stale reference does. */
function writeToDeleted(writer: HonestWriter): void {
  const { xml } = writer.roots
  const element = writer.paragraph()
  xml.insert(xml.length, [element])
  const text = element.firstChild
  xml.delete(xml.length - 1, 1)
  element.setAttribute('late', 'yes')
  if (text instanceof Y.XmlText) text.insert(0, 'late')
}

function act(writer: HonestWriter): void {
  const acts = writer.pick([TEXT_ACTS, DATA_ACTS, XML_ACTS]) ?? TEXT_ACTS
  writer.pick(acts)?.(writer)
}

/**
 * One honest edit: a transaction of one to three acts, or several transactions where the act is one of undoing. `undo`
 * is the document's own {@link honestUndo}, if it has one.
 */
export function honestEdit(doc: Y.Doc, fraction: Fraction, undo?: Y.UndoManager): void {
  const writer = new HonestWriter(doc, fraction)
  const kind = writer.below(10)
  if (kind === 0) writeToDeleted(writer)
  else if (kind === 1 && undo !== undefined) undo.undo()
  else if (kind === 2 && undo !== undefined) undo.redo()
  else
    doc.transact(() => {
      for (let left = 1 + writer.below(3); left > 0; left--) act(writer)
    })
}
