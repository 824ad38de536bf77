import { CLOSE, type CloseReason } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { connectionProblem } from './state-text.ts'
import { agoText, CATALOGUES, chooseLanguage, fill, isProblemKind, type Language } from './words.ts'

const LANGUAGES = Object.keys(CATALOGUES) as Language[]
const placeholders = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(String).sort()

describe('the catalogue', () => {
  it.each(LANGUAGES)('%s says everything that English says, with the same values in it', (language) => {
    const { ui, problems } = CATALOGUES[language]
    expect(Object.keys(ui).sort()).toEqual(Object.keys(CATALOGUES.en.ui).sort())
    expect(Object.keys(problems).sort()).toEqual(Object.keys(CATALOGUES.en.problems).sort())
    for (const [key, text] of Object.entries(CATALOGUES.en.ui)) {
      const translated = ui[key as keyof typeof ui]
      expect(translated.trim(), key).not.toBe('')
      expect(placeholders(translated), key).toEqual(placeholders(text))
    }
  })

  it.each(LANGUAGES)('%s tells of every problem what happened, what was kept and what to do', (language) => {
    for (const [kind, problem] of Object.entries(CATALOGUES[language].problems)) {
      for (const part of [problem.what, problem.kept, problem.todo]) {
        expect(part, kind).toMatch(/[.。]$/)
      }
    }
  })

  it.each(['de', 'zh'] as const)('%s is not English left over', (language) => {
    const same = Object.entries(CATALOGUES[language].ui).filter(
      ([key, text]) => text === CATALOGUES.en.ui[key as keyof typeof CATALOGUES.en.ui],
    )
    // Words that are spelled alike in both languages.
    const alike = new Set(['code', 'colorPink', 'passphrase'])
    expect(same.map(([key]) => key).filter((key) => !alike.has(key))).toEqual([])
  })

  it('has words for every reason to be refused', () => {
    for (const reason of Object.keys(CLOSE) as CloseReason[]) {
      const problem = connectionProblem({ name: 'refused', reason })
      expect(problem !== null && isProblemKind(problem), reason).toBe(true)
    }
  })
})

describe('choosing a language', () => {
  it('takes the first known one of the browser, by its main part', () => {
    expect(chooseLanguage(['fr-FR', 'zh-Hans-CN', 'de'])).toBe('zh')
    expect(chooseLanguage(['de-AT'])).toBe('de')
  })

  it('falls back to English, also for names that every object has', () => {
    expect(chooseLanguage(['constructor', '__proto__'])).toBe('en')
    expect(chooseLanguage([])).toBe('en')
  })
})

describe('texts with values', () => {
  it('are filled, and a forgotten value is seen', () => {
    expect(fill('With {count} people', { count: 3 })).toBe('With 3 people')
    expect(fill('{who} left', {})).toBe('{who} left')
  })

  it('say how long ago something was', () => {
    const nowMs = Date.UTC(2026, 0, 31, 12)
    expect(agoText(nowMs - 5_000, nowMs)).toBe('this minute')
    expect(agoText(nowMs - 2 * 3_600_000, nowMs)).toBe('2 hours ago')
    expect(agoText(nowMs - 24 * 3_600_000, nowMs)).toBe('yesterday')
    expect(agoText(Date.UTC(2025, 6, 1, 12), nowMs)).toBe('Jul 1, 2025')
    expect(agoText(nowMs + 60_000, nowMs)).toBe('this minute')
  })
})
