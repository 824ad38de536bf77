/**
 * Keys that a disk can hold: a browser keeps CryptoKeys that nobody can export, a file keeps the 64 bytes of two seeds. Who
 * can read the folder can be this archivist; it still cannot read a room.
 */
import { randomBytes } from 'node:crypto'
import type { Platform } from '@parley/mesh'

type Keyring = Platform['keyring']
type StoredKeys = Awaited<ReturnType<Keyring['generate']>>

const SEED_BYTES = 32

/** `keyring` does the cryptography. Rejects for stored keys of another shape. */
export function seedKeyring(keyring: Keyring): Keyring {
  return {
    generate: () => new Uint8Array(randomBytes(2 * SEED_BYTES)) as unknown as StoredKeys,
    signer: async (stored) => {
      const seeds: unknown = stored
      if (!(seeds instanceof Uint8Array) || seeds.length !== 2 * SEED_BYTES)
        throw new TypeError('the kept keys are not two seeds')
      return keyring.fromSeeds(seeds.slice(0, SEED_BYTES), seeds.slice(SEED_BYTES))
    },
    fromSeeds: keyring.fromSeeds,
    verify: keyring.verify,
  }
}
