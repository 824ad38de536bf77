/** Finding words in lines. Case does not matter; a word is found within a longer one. Pure. */
import { HIT_LINES, SNIPPET_BEFORE, SNIPPET_CHARACTERS } from './limits.ts'
import { printable } from './printable.ts'

export interface Snippet {
  readonly text: string
  /** Where words stand in `text`, `[from, to)` in UTF-16 units, ascending and apart. */
  readonly marks: readonly (readonly [from: number, to: number])[]
}

/** As it is compared. Of the same length, so that places are those of the text itself. */
export function folded(text: string): string {
  const lower = text.toLowerCase()
  return lower.length === text.length ? lower : [...text].map(foldCharacter).join('')
}

function foldCharacter(character: string): string {
  const lower = character.toLowerCase()
  return lower.length === character.length ? lower : character
}

export function foldWords(words: readonly string[]): string[] {
  return words.map((word) => folded(word.normalize('NFC')))
}

/** `null` unless every word is in some line. `words` are folded. */
export function matchLines(lines: readonly string[], words: readonly string[]): readonly Snippet[] | null {
  const snippets: Snippet[] = []
  const missing = new Set(words)
  for (const line of lines) {
    const low = folded(line)
    const found = words.filter((word) => low.includes(word))
    const isNews = found.some((word) => missing.has(word))
    if (isNews || (found.length > 0 && snippets.length < HIT_LINES))
      snippets.push(snippetOf(line, low, words))
    for (const word of found) missing.delete(word)
    if (snippets.length >= HIT_LINES && missing.size === 0) break
  }
  return missing.size === 0 ? snippets : null
}

function snippetOf(line: string, low: string, words: readonly string[]): Snippet {
  const first = Math.min(...words.map((word) => low.indexOf(word)).filter((at) => at >= 0))
  const from = Math.max(0, first - SNIPPET_BEFORE)
  const to = Math.min(line.length, from + SNIPPET_CHARACTERS)
  const marks = marksIn(low.slice(from, to), words)
  const [before, after] = [from > 0 ? '…' : '', to < line.length ? '…' : '']
  const text = before + printable(line.slice(from, to)) + after
  return { text, marks: marks.map(([start, end]) => [start + before.length, end + before.length] as const) }
}

function marksIn(low: string, words: readonly string[]): (readonly [number, number])[] {
  const marks: [number, number][] = []
  for (const word of words)
    for (let at = low.indexOf(word); at >= 0; at = low.indexOf(word, at + word.length))
      marks.push([at, at + word.length])
  marks.sort(([a], [b]) => a - b)
  return marks.reduce<[number, number][]>((apart, [from, to]) => {
    const last = apart.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else apart.push([from, to])
    return apart
  }, [])
}
