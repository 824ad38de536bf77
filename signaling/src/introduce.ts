/** Whom a peer is introduced to: a bounded random sample, so that a join costs the same in every room. Pure. */

/** Uniform in [0, 1). Not for secrets. */
export type Fraction = () => number

/**
 * Up to `count` distinct members of `from`, each set equally likely: R. Floyd's algorithm (Bentley, CACM 30(9), 1987),
 * which touches `count` places however long `from` is.
 */
export function sample<T>(from: readonly T[], count: number, fraction: Fraction): readonly T[] {
  const taken = new Set<number>()
  for (let last = Math.max(0, from.length - count); last < from.length; last++) {
    const at = Math.floor(fraction() * (last + 1))
    taken.add(taken.has(at) ? last : at)
  }
  return [...taken].map((at) => from[at] as T)
}

/** The same, of those not in `known`; of all when everybody is known. */
export function sampleUnknown<T>(
  from: readonly T[],
  known: ReadonlySet<T>,
  count: number,
  fraction: Fraction,
): readonly T[] {
  const unknown = from.filter((one) => !known.has(one))
  return sample(unknown.length > 0 ? unknown : from, count, fraction)
}
