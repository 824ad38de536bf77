/** The one place that names what Yjs 13.6 does not document: its struct store and the linked lists of its types. */
import * as Y from 'yjs'

export type Struct = Y.Item | Y.GC | Y.Skip
export type DecodedUpdate = ReturnType<typeof Y.decodeUpdate>

/** The next clock of `client`: an id is known when its clock is below. */
export function nextClockOf(doc: Y.Doc, client: number): number {
  return Y.getState(doc.store, client)
}

/** Whether Yjs keeps something back that it could not integrate. */
export function holdsBack(doc: Y.Doc): boolean {
  return doc.store.pendingStructs !== null || doc.store.pendingDs !== null
}

export function isInTransaction(doc: Y.Doc): boolean {
  return doc._transaction !== null
}

/**
 * Where a decoded item, not integrated yet, says that it belongs: the name of a root type, the id of the item that
 * holds the type, or null when it goes where its origins are.
 */
export function statedParent(item: Y.Item): string | Y.ID | null {
  return item.parent as unknown as string | Y.ID | null
}

/** A decoded item like `like`, elsewhere and with other content. */
export function decodedItem(
  like: Y.Item,
  clock: number,
  origin: Y.ID | null,
  content: Y.Item['content'],
): Y.Item {
  const id = Y.createID(like.id.client, clock)
  return new Y.Item(id, null, origin, null, like.rightOrigin, like.parent, like.parentSub, content)
}

/** Any shared type, nested or root, whatever its events are. */
export interface SharedType {
  readonly _start: Y.Item | null
  readonly _map: ReadonlyMap<string, Y.Item>
}

/** The list of a type, deleted items included. */
export function firstItemOf(type: SharedType): Y.Item | null {
  return type._start
}

/** The item with this id; `null` when it was collected. The id is known. */
export function itemAt(doc: Y.Doc, id: Y.ID): Y.Item | null {
  const struct = Y.getItem(doc.store, id) as Struct
  return struct instanceof Y.Item ? struct : null
}

/** The list that a decoded item without a left origin goes into, from its start; `null` when it is empty or collected. */
export function listStart(doc: Y.Doc, item: Y.Item, right: Y.Item | null): Y.Item | null {
  const type = typeAround(doc, item, right)
  const { parentSub } = right ?? item
  if (type === null || parentSub === null) return type?._start ?? null
  let first = type._map.get(parentSub) ?? null
  while (first !== null && first.left !== null) first = first.left
  return first
}

function typeAround(doc: Y.Doc, item: Y.Item, right: Y.Item | null): SharedType | null {
  if (right !== null) return right.parent as Y.AbstractType<unknown>
  const parent = statedParent(item)
  if (parent === null) return null
  if (typeof parent === 'string') return doc.share.get(parent) ?? null
  if (parent.clock >= nextClockOf(doc, parent.client)) return null
  const content = itemAt(doc, parent)?.content
  return content instanceof Y.ContentType ? content.type : null
}

/** How many types are around a decoded item, its root not counted, as far as the document knows; counted up to `limit`. */
export function depthAround(doc: Y.Doc, item: Y.Item, limit: number): number {
  const neighbours = [item.origin, item.rightOrigin].filter((id) => id !== null)
  const known = neighbours.filter((id) => id.clock < nextClockOf(doc, id.client))
  const beside = known.map((id) => itemAt(doc, id)).find((found) => found !== null) ?? null
  let type = typeAround(doc, item, beside) as Y.AbstractType<unknown> | null
  let depth = 0
  for (; type?._item && depth < limit; depth++) type = type._item.parent as Y.AbstractType<unknown> | null
  return depth
}

/** The latest item of each key of a type, deleted ones included. */
export function keyedItemsOf(type: SharedType): ReadonlyMap<string, Y.Item> {
  return type._map
}

/**
 * Drops the remembered index positions of all types that a transaction has changed. Yjs does so itself only for
 * transactions that are not local; a kept position makes the next insert by index land somewhere else.
 */
export function forgetPositions(transaction: Y.Transaction): void {
  for (const type of transaction.changed.keys())
    if (type._searchMarker !== null) type._searchMarker.length = 0
}

/** Where an item stands: under a key or in a list, and the client that made the type around it, null for a root. */
export interface Place {
  readonly isKeyed: boolean
  readonly maker: number | null
}

/** Of a known id; null when that was collected. */
export function placeAt(doc: Y.Doc, id: Y.ID): Place | null {
  const struct = Y.getItem(doc.store, id) as Struct
  if (!(struct instanceof Y.Item)) return null
  const type = struct.parent as Y.AbstractType<unknown>
  return { isKeyed: struct.parentSub !== null, maker: type._item?.id.client ?? null }
}

/** Structs of `client` that have something of these clocks, all of which are known. */
export function structsWithin(doc: Y.Doc, client: number, clock: number, len: number): readonly Struct[] {
  const structs = doc.store.clients.get(client) ?? []
  const found: Struct[] = []
  for (let i = Y.findIndexSS(structs, clock); i < structs.length; i++) {
    const struct = structs[i]
    if (struct === undefined || struct.id.clock >= clock + len) break
    found.push(struct)
  }
  return found
}

/** Whether a deleted struct is so because of its place: its type is deleted, or its key was set again. */
export function goesByItself(struct: Struct): boolean {
  if (!(struct instanceof Y.Item)) return true
  const type = struct.parent as Y.AbstractType<unknown>
  if (type._item?.deleted === true) return true
  return struct.parentSub !== null && struct.right !== null
}
