/** What hostile bytes are made of: honest ones, changed. */
import type { Fraction } from './honest-traffic.ts'

/** Flipped, cut, lengthened, or random altogether. */
export function mutated(bytes: Uint8Array, fraction: Fraction): Uint8Array {
  const dice = fraction()
  if (dice < 0.25)
    return Uint8Array.from({ length: 1 + Math.floor(fraction() * 200) }, () => fraction() * 256)
  if (dice < 0.5) return bytes.slice(0, 1 + Math.floor(fraction() * bytes.length))
  const copy = dice < 0.75 ? bytes.slice() : new Uint8Array([...bytes, ...bytes.slice(0, 9)])
  for (let i = 0; i < 3; i++) copy[Math.floor(fraction() * copy.length)] = Math.floor(fraction() * 256)
  return copy
}
