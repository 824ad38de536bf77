/** A document of about so many bytes, half rows of a table, half text; and what it reads like. Runs on both sides. */
import * as Y from 'yjs'

const ROW_BYTES = 200
const TEXT_PIECE = 'A sentence that somebody wrote on a long afternoon. '

/** Written in the steps in which an import would write it: each well below what one entry may hold. */
export function* fill(doc: Y.Doc, bytes: number): Generator<void> {
  const rows = doc.getMap<Y.Map<string | number>>('rows')
  const text = doc.getText('text')
  const rowCount = Math.floor(bytes / 2 / ROW_BYTES)
  const perStep = 200
  const piece = TEXT_PIECE.repeat((perStep * ROW_BYTES) / TEXT_PIECE.length)
  for (let first = 0; first < rowCount; first += perStep) {
    doc.transact(() => {
      for (let i = first; i < Math.min(first + perStep, rowCount); i++) rows.set(`row-${i}`, rowOf(i))
    })
    doc.transact(() => text.insert(text.length, piece))
    yield
  }
}

function rowOf(index: number): Y.Map<string | number> {
  return new Y.Map<string | number>([
    ['title', `Row ${index}`],
    ['note', `${index} `.padEnd(ROW_BYTES - 90, 'note ')],
    ['count', index],
  ])
}

export interface Size {
  readonly rows: number
  readonly characters: number
}

export function sizeOf(doc: Y.Doc): Size {
  return { rows: doc.getMap('rows').size, characters: doc.getText('text').length }
}

/** SHA-256 of everything that can be read, in hexadecimal. */
export async function readingOf(doc: Y.Doc): Promise<string> {
  const rows = doc.getMap('rows').toJSON()
  const sorted = Object.keys(rows)
    .sort()
    .map((key) => [key, rows[key]])
  const everything = JSON.stringify([sorted, doc.getText('text').toJSON()])
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(everything))
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
