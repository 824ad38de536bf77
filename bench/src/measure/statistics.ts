/** Order statistics of small samples. All throw a `RangeError` for an empty one: no figure is better than a wrong one. */
import { rounded } from '../results.ts'

/** `share` from 0 to 1; the smallest value that so many are not above. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  if (value === undefined) throw new RangeError('no values')
  return value
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** `1.6–1.9`: lowest and highest. */
export function spread(values: readonly number[]): string {
  return `${rounded(percentile(values, 0))}–${rounded(percentile(values, 1))}`
}
