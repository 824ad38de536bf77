/** Every text that people read, in the language that their browser asks for. One file per language in `words/`. */
import type { Catalogue, Problem, ProblemKind, UiKey } from './words/catalogue.ts'
import { de } from './words/de.ts'
import { en } from './words/en.ts'
import { zh } from './words/zh.ts'

export type { ProblemKind, UiKey } from './words/catalogue.ts'
export type Language = 'en' | 'de' | 'zh'

export const CATALOGUES: Readonly<Record<Language, Catalogue>> = { en, de, zh }

/** `wanted` as in `navigator.languages`: the first one that there is, else English. */
export function chooseLanguage(wanted: readonly string[]): Language {
  const known = wanted.map((tag) => tag.toLowerCase().split('-', 1)[0] as Language)
  return known.find((language) => Object.hasOwn(CATALOGUES, language)) ?? 'en'
}

export const language: Language = chooseLanguage(
  typeof navigator === 'undefined' ? [] : (navigator.languages ?? []),
)
const catalogue = CATALOGUES[language]

/** Replaces each `{name}`; a name without a value stays as it is, so that a slip is seen. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

export function word(key: UiKey, values: Readonly<Record<string, string | number>> = {}): string {
  return fill(catalogue.ui[key], values)
}

/** One of something has words of its own. */
export function counted(one: UiKey, many: UiKey, count: number): string {
  return count === 1 ? word(one) : word(many, { count: countText(count) })
}

export function isProblemKind(kind: string): kind is ProblemKind {
  return Object.hasOwn(catalogue.problems, kind)
}

export function problemText(kind: ProblemKind): Problem {
  return catalogue.problems[kind]
}

const dateFormat = new Intl.DateTimeFormat(language, { dateStyle: 'medium' })
const relativeFormat = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
const UNITS = [
  ['day', 24 * 60 * 60_000],
  ['hour', 60 * 60_000],
  ['minute', 60_000],
] as const

/** `timeMs` in Unix milliseconds. */
export function dateText(timeMs: number): string {
  return dateFormat.format(timeMs)
}

const timeFormat = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })

/** From when to when, both in Unix milliseconds. */
export function spanText(fromMs: number, toMs: number): string {
  return timeFormat.formatRange(fromMs, toMs)
}

const countFormat = new Intl.NumberFormat(language)

export function countText(count: number): string {
  return countFormat.format(count)
}

const SIZE_UNITS = [
  ['megabyte', 1_000_000],
  ['kilobyte', 1_000],
  ['byte', 1],
] as const

/** A size for people: `12.3 MB`. */
export function sizeText(bytes: number): string {
  const [unit, size] = SIZE_UNITS.find(([, each]) => bytes >= each) ?? (['byte', 1] as const)
  const options = { style: 'unit', unit, maximumFractionDigits: size > 1_000 ? 1 : 0 } as const
  return new Intl.NumberFormat(language, options).format(bytes / size)
}

/** How long ago, to the minute; as a date when it is over a month. */
export function agoText(timeMs: number, nowMs: number): string {
  const agoMs = Math.max(0, nowMs - timeMs)
  const unit = UNITS.find(([, lengthMs]) => agoMs >= lengthMs)
  if (unit === undefined) return relativeFormat.format(0, 'minute')
  const count = Math.round(agoMs / unit[1])
  return unit[0] === 'day' && count > 30 ? dateText(timeMs) : relativeFormat.format(-count, unit[0])
}
