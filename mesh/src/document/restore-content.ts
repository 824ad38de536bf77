/**
 * Makes a document read like another one by an ordinary edit: attributed to who does it, undone like any other. What reads
 * alike at both ends of a list or a text is left alone, so that carets and the work of others there stay. Rules:
 * docs/spec.md, HI.
 */
import * as Y from 'yjs'
import {
  copyOf,
  type DeltaPart,
  deltaOf,
  type RootKind,
  readingOf,
  rootKindOf,
  rootOf,
  type Shared,
} from './shared-content.ts'

/** `target` is a handle's document; nothing else of `source` is changed than that its roots get types. */
export function restoreContent(target: Y.Doc, source: Y.Doc, origin: unknown = null): void {
  const names = new Set([...target.share.keys(), ...source.share.keys()])
  target.transact(() => {
    for (const name of names) {
      const kind: RootKind | null = rootKindOf(target, name) ?? rootKindOf(source, name)
      if (kind) restore(rootOf(target, name, kind), rootOf(source, name, kind))
    }
  }, origin)
}

/** Two types of one kind. */
function restore(target: Shared, source: Shared): void {
  if (target instanceof Y.Text && source instanceof Y.Text) restoreText(target, source)
  else if (target instanceof Y.Map && source instanceof Y.Map) restoreMap(target, source)
  else if (target instanceof Y.Array && source instanceof Y.Array) restoreList(target, source)
  else if (target instanceof Y.XmlFragment && source instanceof Y.XmlFragment) restoreList(target, source)
}

function restoreMap(target: Y.Map<unknown>, source: Y.Map<unknown>): void {
  for (const key of [...target.keys()]) if (!source.has(key)) target.delete(key)
  for (const [key, value] of source.entries()) {
    const held = target.get(key)
    if (target.has(key) && readingOf(held) === readingOf(value)) continue
    if (areAlike(held, value)) restore(held as Shared, value as Shared)
    else target.set(key, copyOf(value))
  }
}

function restoreAttributes(target: Y.XmlElement | Y.Text, source: Y.XmlElement | Y.Text): void {
  const [held, wanted] = [target, source].map((type) => type.getAttributes() as Record<string, unknown>)
  for (const key of Object.keys(held ?? {})) if (!(key in (wanted ?? {}))) target.removeAttribute(key)
  for (const [key, value] of Object.entries(wanted ?? {}))
    if (readingOf(held?.[key]) !== readingOf(value)) target.setAttribute(key, value as string)
}

/** Whether one can be changed into the other piece by piece. */
function areAlike(one: unknown, other: unknown): boolean {
  if (one instanceof Y.XmlElement && other instanceof Y.XmlElement) return one.nodeName === other.nodeName
  if (!(one instanceof Y.AbstractType) || !(other instanceof Y.AbstractType)) return false
  return one.constructor === other.constructor
}

type List = Y.XmlFragment | Y.Array<unknown>

function restoreList(target: List, source: List): void {
  if (target instanceof Y.XmlElement && source instanceof Y.XmlElement) restoreAttributes(target, source)
  const held = target.toArray() as unknown[]
  const wanted = source.toArray() as unknown[]
  const { start, fromEnd } = equalEnds(held.map(readingOf), wanted.map(readingOf))
  const [heldMiddle, wantedMiddle] = [held, wanted].map((list) => list.slice(start, list.length - fromEnd))
  if (!heldMiddle || !wantedMiddle) return
  const pairs = heldMiddle.map((value, i) => [value, wantedMiddle[i]] as const)
  if (heldMiddle.length === wantedMiddle.length && pairs.every(([a, b]) => areAlike(a, b))) {
    for (const [a, b] of pairs) restore(a as Shared, b as Shared)
    return
  }
  target.delete(start, heldMiddle.length)
  target.insert(start, wantedMiddle.map(copyOf) as (Y.XmlElement & object)[])
}

/** A unit of text with its formatting, or something embedded. */
interface Unit {
  readonly insert: unknown
  readonly length: number
  readonly attributes: DeltaPart['attributes']
  readonly reading: string
}

/** Whole characters: half of a surrogate pair is no place to cut. */
function unitsOf(text: Y.Text): Unit[] {
  return deltaOf(text).flatMap(({ insert, attributes }) => {
    const format = readingOf(attributes ?? {})
    const parts: unknown[] = typeof insert === 'string' ? [...insert] : [insert]
    return parts.map((part) => ({
      insert: part,
      length: typeof part === 'string' ? part.length : 1,
      attributes,
      reading: `${format} ${readingOf(part)}`,
    }))
  })
}

function restoreText(target: Y.Text, source: Y.Text): void {
  restoreAttributes(target, source)
  const [held, wanted] = [unitsOf(target), unitsOf(source)]
  const { start, fromEnd } = equalEnds(
    held.map(({ reading }) => reading),
    wanted.map(({ reading }) => reading),
  )
  const lengthOf = (units: readonly Unit[]) => units.reduce((sum, { length }) => sum + length, 0)
  const retain = lengthOf(held.slice(0, start))
  const remove = lengthOf(held.slice(start, held.length - fromEnd))
  const inserts = joined(wanted.slice(start, wanted.length - fromEnd))
  if (remove === 0 && inserts.length === 0) return
  // Without formatting inherited from the left: each part says all that it has.
  target.applyDelta(
    [{ retain }, { delete: remove }, ...inserts].filter((part) => part.retain !== 0 && part.delete !== 0),
  )
}

interface DeltaStep extends Partial<DeltaPart> {
  readonly retain?: number
  readonly delete?: number
}

function joined(units: readonly Unit[]): DeltaStep[] {
  const steps: { insert: unknown; attributes: DeltaPart['attributes'] }[] = []
  for (const { insert, attributes } of units) {
    const last = steps.at(-1)
    if (typeof insert === 'string' && typeof last?.insert === 'string' && last.attributes === attributes)
      last.insert += insert
    else steps.push({ insert: copyOf(insert), attributes })
  }
  return steps.map(({ insert, attributes }) => (attributes ? { insert, attributes } : { insert }))
}

/** How many are equal at the beginning, and of the rest at the end. */
function equalEnds(held: readonly string[], wanted: readonly string[]): { start: number; fromEnd: number } {
  const shorter = Math.min(held.length, wanted.length)
  let start = 0
  while (start < shorter && held[start] === wanted[start]) start++
  let fromEnd = 0
  while (fromEnd < shorter - start && held.at(-1 - fromEnd) === wanted.at(-1 - fromEnd)) fromEnd++
  return { start, fromEnd }
}
