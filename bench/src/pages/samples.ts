/** The documents that are joined. Written in many transactions, as they come into being by use or import. */
import * as Y from 'yjs'

export interface Sample {
  readonly kind: 'rows' | 'text'
  /** Rows, or characters. */
  readonly size: number
}

const ROWS_AT_ONCE = 100
const CHARACTERS_AT_ONCE = 1_000
const LAST = 'complete'

/** Mulberry32: the same words in every page and round. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function wordOf(random: () => number, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join('')
}

function* steps(doc: Y.Doc, sample: Sample): Generator<void> {
  const random = randomOf(sample.size)
  if (sample.kind === 'text') {
    const text = doc.getText('text')
    for (let at = 0; at < sample.size; at += CHARACTERS_AT_ONCE) {
      text.insert(text.length, `${wordOf(random, CHARACTERS_AT_ONCE - 1)} `)
      yield
    }
    return
  }
  const rows = doc.getMap<Y.Map<unknown>>('rows')
  for (let at = 0; at < sample.size; at += ROWS_AT_ONCE) {
    doc.transact(() => {
      for (let i = at; i < Math.min(at + ROWS_AT_ONCE, sample.size); i++) {
        const row = new Y.Map<unknown>()
        rows.set(`row-${i}`, row)
        row.set('title', wordOf(random, 10))
        row.set('count', Math.floor(random() * 1000))
      }
    })
    yield
  }
}

/** Gives the page its turns, so that what is written leaves while more is written. */
export async function fill(doc: Y.Doc, sample: Sample): Promise<void> {
  for (const _ of steps(doc, sample)) {
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
  doc.getMap('state').set(LAST, true)
}

/** Cheap enough to ask after every transaction. */
export function isFilled(doc: Y.Doc, sample: Sample): boolean {
  if (doc.getMap('state').get(LAST) !== true) return false
  if (sample.kind === 'text') return doc.getText('text').length === sample.size
  return doc.getMap('rows').size === sample.size
}
