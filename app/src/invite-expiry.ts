/** Until when an invite may be offered: never beyond one's own grant. */
const DAY_MS = 24 * 60 * 60_000
const OFFERED_DAYS = [1, 7, 30] as const

export interface ExpiryOption {
  /** Days from now, or `null` for the end of one's own access. */
  readonly days: (typeof OFFERED_DAYS)[number] | null
  readonly notAfterMs: number
}

/** In ascending order, never empty; the last one is the default. Times are Unix milliseconds. */
export function expiryOptions(nowMs: number, ownNotAfterMs: number): readonly ExpiryOption[] {
  const all = OFFERED_DAYS.map((days): ExpiryOption => ({ days, notAfterMs: nowMs + days * DAY_MS }))
  const within = all.filter((option) => option.notAfterMs <= ownNotAfterMs)
  if (within.length === all.length) return all
  return [...within, { days: null, notAfterMs: ownNotAfterMs }]
}
