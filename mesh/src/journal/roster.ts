/** What everybody says of themselves, once: a name, sealed; the latest entry of a key counts. Rules: docs/spec.md, MT. */
import { type KeyId, limits, utf8, utf8Decode } from '@parley/protocol'

export interface RosterRecord {
  readonly name: string
}

export function encodeRosterRecord(record: RosterRecord): Uint8Array {
  return utf8(JSON.stringify({ name: record.name }))
}

/** `null` for anything else than a record. */
export function decodeRosterRecord(bytes: Uint8Array): RosterRecord | null {
  if (bytes.length > limits.NAME_CHARACTERS * 8) return null
  try {
    const { name } = JSON.parse(utf8Decode(bytes)) as { name?: unknown }
    return typeof name === 'string' ? { name } : null
  } catch {
    return null
  }
}

export class Roster {
  readonly #names = new Map<KeyId, { readonly name: string; readonly timeMs: number }>()

  add(key: KeyId, timeMs: number, record: RosterRecord): void {
    const known = this.#names.get(key)
    if (!known || known.timeMs <= timeMs) this.#names.set(key, { name: record.name, timeMs })
  }

  nameOf(key: KeyId): string | null {
    return this.#names.get(key)?.name ?? null
  }
}
