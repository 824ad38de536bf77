/**
 * A name is chosen freely, the key behind it is proven. People whose names read alike are told apart by a piece of their
 * key. Letters of different scripts that look alike are not noticed; for those, keys are shown on demand.
 */
import type { KeyId } from '@parley/protocol'

export interface Named {
  readonly key: KeyId
  readonly name: string
}

/** Short enough to read aloud, and longer where somebody has made a key that begins like another. */
const MARK_CHARACTERS = 4
const KEY_GROUP = /.{1,4}/g

/** What is left of a name for somebody who reads it in passing: width, case, spaces and invisible characters are not. */
function readingOf(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/[\s\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]+/gu, '')
    .toLowerCase()
}

function markLength(keys: readonly KeyId[]): number {
  let length = MARK_CHARACTERS
  while (new Set(keys.map((key) => key.slice(0, length))).size < keys.length) length++
  return length
}

/** Key → piece of it, for everybody whose name somebody else among `named` has too. A key may be listed twice. */
export function nameMarks(named: Iterable<Named>): ReadonlyMap<KeyId, string> {
  const keysByReading = new Map<string, Set<KeyId>>()
  for (const { key, name } of named) {
    const reading = readingOf(name)
    const keys = keysByReading.get(reading) ?? new Set()
    keysByReading.set(reading, keys.add(key))
  }
  const marks = new Map<KeyId, string>()
  for (const keys of keysByReading.values()) {
    if (keys.size === 1) continue
    const length = markLength([...keys])
    for (const key of keys) marks.set(key, key.slice(0, Math.max(length, marks.get(key)?.length ?? 0)))
  }
  return marks
}

export function markedName({ key, name }: Named, marks: ReadonlyMap<KeyId, string>): string {
  const mark = marks.get(key)
  return mark === undefined ? name : `${name} · ${mark}`
}

/** In groups, so that two people can compare it aloud. */
export function keyText(key: KeyId): string {
  return (key.match(KEY_GROUP) ?? []).join(' ')
}
