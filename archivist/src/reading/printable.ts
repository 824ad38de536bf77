/** Content is hostile to terminals as well: no escape sequence, and nothing that turns the direction of a line. Pure. */
import { TITLE_CHARACTERS } from './limits.ts'

/** Control characters (C0, DEL, C1), line separators, bidirectional controls: one space each, so that places stay. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu
const HALF_CHARACTER = /\p{Surrogate}/gu

export function printable(text: string): string {
  return text.replace(UNPRINTABLE, ' ').replace(HALF_CHARACTER, '\ufffd')
}

/** One line of at most {@link TITLE_CHARACTERS}. */
export function printableTitle(value: unknown): string {
  return typeof value === 'string' ? printable(value.slice(0, TITLE_CHARACTERS)).trim() : ''
}
