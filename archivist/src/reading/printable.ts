/** Content is hostile to terminals as well: no escape sequence, and nothing that turns the direction of a line. Pure. */
import { TITLE_CHARACTERS } from './limits.ts'

/** C0 but for tab and line feed, DEL and C1. */
const CONTROLS = /[^\P{Cc}\t\n]/gu
/** White space of other kinds, and what turns the direction of a line. */
const UNPRINTABLE = /[\t\n\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu
const HALF_CHARACTER = /\p{Surrogate}/gu

/** For files: text as it is but for control characters. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, ' ')
}

/** For one line of a terminal; of the same length. */
export function printable(text: string): string {
  return withoutControls(text).replace(UNPRINTABLE, ' ').replace(HALF_CHARACTER, '\ufffd')
}

/** One line of at most {@link TITLE_CHARACTERS}. */
export function printableTitle(value: unknown): string {
  return typeof value === 'string' ? printable(value.slice(0, TITLE_CHARACTERS)).trim() : ''
}
