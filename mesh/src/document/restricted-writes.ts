/**
 * Authors who may add but not change what others wrote (commenters): a deletion names only clients of the same author,
 * and a key is set only in a type that the same author made. Roots are nobody's.
 */
import * as Y from 'yjs'
import type { GateFault } from './gate-values.ts'
import {
  type DecodedUpdate,
  nextClockOf,
  type Place,
  placeAt,
  type Struct,
  statedParent,
} from './yjs-internals.ts'

/** Whose clients are whose, as seen by one author. */
export interface OwnClients {
  isOwn(client: number): boolean
}

/** The clients of `ds` are known to the document. */
export function foreignDeleteFault(
  ds: DecodedUpdate['ds'],
  clientId: number,
  own: OwnClients,
): GateFault | null {
  for (const client of ds.clients.keys())
    if (client !== clientId && !own.isOwn(client)) return 'foreign-delete'
  return null
}

/** Where the items of one update will stand, before Yjs has them. */
class UpdatePlaces {
  readonly #doc: Y.Doc
  readonly #clientId: number
  readonly #fresh: { readonly clock: number; readonly end: number; readonly place: Place | null }[] = []

  constructor(doc: Y.Doc, clientId: number) {
    this.#doc = doc
    this.#clientId = clientId
  }

  /** In the order of the update. Null: it will be collected at once, as what it leans on was. */
  add(struct: Struct): Place | null {
    const place = struct instanceof Y.Item ? this.#placeOf(struct) : null
    this.#fresh.push({ clock: struct.id.clock, end: struct.id.clock + struct.length, place })
    return place
  }

  /** As Yjs finds it: stated, or that of the left neighbour, or that of the right one. */
  #placeOf(item: Y.Item): Place | null {
    const parent = statedParent(item)
    const isKeyed = item.parentSub !== null
    if (typeof parent === 'string') return { isKeyed, maker: null }
    if (parent !== null) return { isKeyed, maker: parent.client }
    const sides = [item.origin, item.rightOrigin].filter((id) => id !== null).map((id) => this.#at(id))
    return sides.includes(null) ? null : (sides[0] ?? null)
  }

  #at(id: Y.ID): Place | null {
    if (id.clock < nextClockOf(this.#doc, id.client)) return placeAt(this.#doc, id)
    if (id.client !== this.#clientId) return null
    let low = 0
    for (let high = this.#fresh.length; low < high; ) {
      const middle = (low + high) >> 1
      if ((this.#fresh[middle]?.end ?? 0) <= id.clock) low = middle + 1
      else high = middle
    }
    return this.#fresh[low]?.place ?? null
  }
}

/** All that the structs name is known to the document, or made by one before. */
export function foreignKeyFault(
  doc: Y.Doc,
  structs: readonly Struct[],
  clientId: number,
  own: OwnClients,
): GateFault | null {
  const places = new UpdatePlaces(doc, clientId)
  for (const struct of structs) {
    const place = places.add(struct)
    if (place === null || !place.isKeyed || place.maker === clientId) continue
    if (place.maker === null || !own.isOwn(place.maker)) return 'foreign-key'
  }
  return null
}
