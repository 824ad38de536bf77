/** JSON of a caret as it comes from outside: a plain, shallow object, or nothing. */
import { PRESENCE_DEPTH } from '../limits.ts'
import type { AwarenessState } from './document-awareness.ts'

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** `null` for whatever is not a plain object, is too deep, or has keys that could reach a prototype. */
export function parseCaretState(json: string): AwarenessState | null {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return null
  }
  return isPlain(value) && isShallow(value, PRESENCE_DEPTH) ? value : null
}

function isPlain(value: unknown): value is AwarenessState {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (depth === 0) return false
  return Object.entries(value).every(
    ([key, inner]) => !FORBIDDEN_KEYS.has(key) && isShallow(inner, depth - 1),
  )
}

/** Without control and direction characters, which could dress one name up as another. */
export function cleanName(name: string, maxCharacters: number): string {
  const clean = name.replace(/[\p{Cc}\p{Bidi_C}]/gu, ' ')
  return [...clean.replace(/\s+/g, ' ').trim()].slice(0, maxCharacters).join('')
}

/** `#rrggbb` of a 24-bit number, and back; anything else is grey. */
export function formatColor(color: number): string {
  return `#${color.toString(16).padStart(6, '0')}`
}

export function parseColor(text: string): number {
  return /^#[0-9a-f]{6}$/i.test(text) ? Number.parseInt(text.slice(1), 16) : 0x808080
}
