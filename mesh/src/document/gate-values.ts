/** What one update may carry: its values, keys and sizes. Judged by the bytes alone, so everybody judges alike. */
import * as Y from 'yjs'
import {
  KEY_CHARACTERS,
  TYPE_DEPTH,
  UPDATE_LENGTH,
  UPDATE_ROOTS,
  UPDATE_STRUCTS,
  VALUE_DEPTH,
} from '../limits.ts'
import { type Struct, statedParent } from './yjs-internals.ts'

/** Why an update, and its log from there on, does not stand. */
export type GateFault =
  /** Not a V1 update as Yjs writes it. */
  | 'malformed'
  /** More bytes than an entry may have. */
  | 'too-large'
  /** More structs or delete ranges than {@link UPDATE_STRUCTS}. */
  | 'too-many-structs'
  /** The structs claim to be longer than {@link UPDATE_LENGTH}. */
  | 'too-long'
  /** Types or JSON nested beyond {@link TYPE_DEPTH} or {@link VALUE_DEPTH}. */
  | 'too-deep'
  | 'too-many-roots'
  /** A struct under another log's clientID. */
  | 'foreign-client'
  /** Ids of its own client that no earlier update of the log made: nobody can ever fill that gap. */
  | 'clock-gap'
  | 'skip'
  | 'subdocument'
  /** `__proto__`, or a name longer than {@link KEY_CHARACTERS}. */
  | 'bad-key'
  /** An item that names itself or something later of its own client as origin or parent. */
  | 'self-reference'
  /** An author who may not change what others wrote deletes it. */
  | 'foreign-delete'
  /** Such an author sets a key of a root, or of a type that somebody else made. */
  | 'foreign-key'

/** The one name whose assignment changes an object's prototype; `constructor` is an honest name of a field. */
const PROTO = '__proto__'

/** Of root names, map keys, formats and node names. */
export function keyFault(key: string): GateFault | null {
  return key.length > KEY_CHARACTERS || key === PROTO ? 'bad-key' : null
}

/** Of a decoded value. lib0 assigns a `__proto__` key, which leaves no key behind but a foreign prototype. */
export function valueFault(value: unknown, depth = 0): GateFault | null {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return null
  if (depth >= VALUE_DEPTH) return 'too-deep'
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return 'bad-key'
  for (const [key, inner] of Object.entries(value)) {
    const fault = key === PROTO ? 'bad-key' : valueFault(inner, depth + 1)
    if (fault !== null) return fault
  }
  return null
}

function firstFault(values: readonly unknown[]): GateFault | null {
  for (const value of values) {
    const fault = valueFault(value)
    if (fault !== null) return fault
  }
  return null
}

/** Of what one item holds, wherever it stands. */
export function contentFault(content: Y.Item['content']): GateFault | null {
  if (content instanceof Y.ContentString) return null
  if (content instanceof Y.ContentDoc) return 'subdocument'
  if (content instanceof Y.ContentAny || content instanceof Y.ContentJSON) return firstFault(content.arr)
  if (content instanceof Y.ContentFormat) return keyFault(content.key) ?? valueFault(content.value)
  if (content instanceof Y.ContentEmbed) return valueFault(content.embed)
  if (!(content instanceof Y.ContentType)) return null
  if (content.type instanceof Y.XmlElement) return keyFault(content.type.nodeName)
  return content.type instanceof Y.XmlHook ? keyFault(content.type.hookName) : null
}

/**
 * Adds up what the structs of one update claim, in their order. The gate refuses what does not fit; the cutter starts
 * another update there.
 */
export class UpdateMeter {
  #structCount = 0
  #length = 0
  readonly #rootNames = new Set<string>()
  /** Items whose depth is not 0, by first clock ascending. */
  readonly #nested: { readonly clock: number; readonly end: number; readonly depth: number }[] = []

  /** The cap that `struct` breaks, or null after it was counted. A fault leaves the meter as it was. */
  add(struct: Struct): GateFault | null {
    if (this.#structCount >= UPDATE_STRUCTS) return 'too-many-structs'
    if (this.#length + struct.length > UPDATE_LENGTH) return 'too-long'
    const fault = struct instanceof Y.Item ? this.#place(struct) : null
    if (fault !== null) return fault
    this.#structCount++
    this.#length += struct.length
    return null
  }

  /** How much longer the update may still become. */
  get lengthLeft(): number {
    return UPDATE_LENGTH - this.#length
  }

  #place(item: Y.Item): GateFault | null {
    const parent = statedParent(item)
    if (typeof parent === 'string') return this.#nameRoot(parent, item)
    const sibling =
      this.#depthAt(item.id.client, item.origin) || this.#depthAt(item.id.client, item.rightOrigin)
    const own = parent === null ? sibling : this.#depthAt(item.id.client, parent)
    return this.#nest(item, own)
  }

  #nameRoot(name: string, item: Y.Item): GateFault | null {
    if (!this.#rootNames.has(name) && this.#rootNames.size >= UPDATE_ROOTS) return 'too-many-roots'
    this.#rootNames.add(name)
    return this.#nest(item, 0)
  }

  /** `outer`: how many types of this update are around the item. */
  #nest(item: Y.Item, outer: number): GateFault | null {
    const depth = item.content instanceof Y.ContentType ? outer + 1 : outer
    if (depth > TYPE_DEPTH) return 'too-deep'
    const clock = item.id.clock
    if (depth > 0) this.#nested.push({ clock, end: clock + item.length, depth: depth })
    return null
  }

  #depthAt(client: number, id: Y.ID | null): number {
    if (id === null || id.client !== client) return 0
    let low = 0
    let high = this.#nested.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const found = this.#nested[middle]
      if (found === undefined || id.clock < found.clock) high = middle - 1
      else if (id.clock >= found.end) low = middle + 1
      else return found.depth
    }
    return 0
  }
}
