import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HIT_LINES, SNIPPET_CHARACTERS } from './limits.ts'
import { foldWords, matchLines, type Snippet } from './match.ts'
import { printable } from './printable.ts'

const find = (lines: readonly string[], ...words: string[]) => matchLines(lines, foldWords(words))
const marked = ({ text, marks }: Snippet) => marks.map(([from, to]) => text.slice(from, to))

describe('finding words in lines', () => {
  it('[AR11] takes all words from anywhere in the document, in any case, within longer ones', () => {
    const lines = ['The harbour at night', 'nothing', 'A HELIOTROPE, heliotropes']
    expect(find(lines, 'heliotrope', 'Harbour')?.flatMap(marked)).toEqual([
      'harbour',
      'HELIOTROPE',
      'heliotrope',
    ])
    expect(find(lines, 'heliotrope', 'absent')).toBeNull()
    expect(find(['STRASSE in İstanbul und Öl'], 'i\u0307stanbul')).toBeNull()
    expect(find(['İ before Öl'], 'o\u0308l')?.flatMap(marked)).toEqual(['Öl'])
  })

  it('shows some lines, and for each word one', () => {
    const lines = [...Array.from({ length: 9 }, (_, i) => `one ${i}`), 'two']
    const snippets = find(lines, 'one', 'two') ?? []
    expect(snippets.map(({ text }) => text)).toEqual(['one 0', 'one 1', 'one 2', 'two'])
    expect(snippets.length).toBe(HIT_LINES + 1)
  })

  it('cuts long lines around the first word, and joins marks that touch', () => {
    const [snippet] = find([`${'x'.repeat(500)} needle ${'y'.repeat(500)}`], 'needle') ?? []
    expect(snippet?.text.startsWith('…')).toBe(true)
    expect(snippet?.text.endsWith('…')).toBe(true)
    expect(snippet?.text.length).toBe(SNIPPET_CHARACTERS + 2)
    expect(snippet && marked(snippet)).toEqual(['needle'])
    expect(find(['abcd'], 'ab', 'bc', 'cd')?.flatMap(marked)).toEqual(['abcd'])
  })

  it('[AR11] marks what matches, and prints nothing that a terminal obeys, whatever the text', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 })
    fc.assert(
      fc.property(text, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }), text, (a, word, b) => {
        const line = (a + word + b).normalize('NFC')
        for (const { text: shown, marks } of find([line], word) ?? []) {
          expect(shown).not.toMatch(/[\p{Cc}\p{Surrogate}\u202a-\u202e\u2066-\u2069]/u)
          for (const [from, to] of marks) {
            expect(from).toBeGreaterThanOrEqual(0)
            expect(to).toBeLessThanOrEqual(shown.length)
            expect(to).toBeGreaterThan(from)
          }
        }
      }),
      { numRuns: 500 },
    )
    expect(printable('a\u001b[31mb\u009b\u202ec')).toBe('a [31mb  c')
  })
})
