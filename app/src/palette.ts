/** Colours of people: each has at least 4.5:1 against white (WCAG 2.2, 1.4.3), so white initials stay readable. */
export const PALETTE = [
  { name: 'blue', value: '#1f5fa8' },
  { name: 'green', value: '#2e6b2e' },
  { name: 'violet', value: '#6a4bb5' },
  { name: 'teal', value: '#006a6a' },
  { name: 'pink', value: '#a1307f' },
  { name: 'amber', value: '#9a4a00' },
  { name: 'red', value: '#b3261e' },
  { name: 'olive', value: '#665a00' },
] as const

export type ColorName = (typeof PALETTE)[number]['name']

const HEX_COLOR = /^#[0-9a-f]{6}$/i
/** What a colour that is none is shown as. */
export const NEUTRAL_COLOR = '#5f5b54'

/** Colours come from other people: anything but `#rrggbb` becomes neutral. */
export function safeColor(value: unknown): string {
  return typeof value === 'string' && HEX_COLOR.test(value) ? value : NEUTRAL_COLOR
}

function linearChannel(byte: number): number {
  const share = byte / 255
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
}

/** Relative luminance of `#rrggbb`, 0…1 (WCAG 2.2, definition). */
export function luminance(color: string): number {
  const bytes = [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16))
  const [red = 0, green = 0, blue = 0] = bytes.map(linearChannel)
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Contrast ratio of two `#rrggbb`, 1…21. */
export function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

/** Black or white, whichever reads better on `background`. */
export function textColorOn(background: string): '#000000' | '#ffffff' {
  return contrast(background, '#ffffff') >= contrast(background, '#000000') ? '#ffffff' : '#000000'
}

/** One or two letters for an avatar; whole characters, also outside the basic plane. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean)
  const letters = [words[0], words.length > 1 ? words.at(-1) : ''].map((word) => [...(word ?? '')][0] ?? '')
  return letters.join('').toUpperCase() || '?'
}
