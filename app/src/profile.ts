/** How this person appears to others. Kept in localStorage, so all rooms of this browser share it. */
import { limits } from '@parley/protocol'
import type { Profile } from './mesh-types.ts'
import { PALETTE, safeColor } from './palette.ts'

const ADJECTIVES = ['Quiet', 'Bright', 'Gentle', 'Swift', 'Clever', 'Sunny', 'Calm', 'Merry', 'Brave', 'Kind']
const ANIMALS = ['Otter', 'Heron', 'Fox', 'Wren', 'Badger', 'Lynx', 'Robin', 'Hare', 'Owl', 'Seal']

function pick<T>(list: readonly T[], fraction: number): T {
  return list[Math.min(list.length - 1, Math.floor(fraction * list.length))] as T
}

/** A friendly name and a colour for somebody who has not chosen yet. `fraction` is uniform in [0, 1). */
export function generatedProfile(fraction: () => number): Profile {
  return {
    name: `${pick(ADJECTIVES, fraction())} ${pick(ANIMALS, fraction())}`,
    color: pick(PALETTE, fraction()).value,
  }
}

/** Without surrounding or doubled spaces, at most as long as others accept; `null` when nothing is left. */
export function cleanName(text: string): string | null {
  const name = text.replace(/\s+/g, ' ').trim()
  return name === '' ? null : [...name].slice(0, limits.NAME_CHARACTERS).join('')
}

export interface StoredProfile extends Profile {
  /** Whether the person has seen and confirmed it. */
  readonly confirmed: boolean
}

/** What storage holds may be of any shape: another version wrote it, or somebody edited it. */
export function parseStoredProfile(text: string | null): StoredProfile | null {
  if (text === null) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { name, color, confirmed } = value as Record<string, unknown>
  const cleaned = typeof name === 'string' ? cleanName(name) : null
  return cleaned === null ? null : { name: cleaned, color: safeColor(color), confirmed: confirmed === true }
}
