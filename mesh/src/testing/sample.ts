import type { Random } from '../ports.ts'

/** Up to `count` of `items` in random order, the preferred ones first. */
export function sampleOf<T>(
  items: readonly T[],
  count: number,
  preferred: (item: T) => boolean,
  random: Random,
): T[] {
  const shuffled = shuffle(items, random)
  return [...shuffled.filter(preferred), ...shuffled.filter((item) => !preferred(item))].slice(0, count)
}

/** Fisher–Yates; a new array. */
function shuffle<T>(items: readonly T[], random: Random): T[] {
  const out = [...items]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random.fraction() * (i + 1))
    const held = out[i] as T
    out[i] = out[j] as T
    out[j] = held
  }
  return out
}
