import { limits } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import {
  DOCUMENT_DEPTH,
  KEY_CHARACTERS,
  TYPE_DEPTH,
  UPDATE_LENGTH,
  UPDATE_ROOTS,
  UPDATE_STRUCTS,
  VALUE_DEPTH,
} from '../limits.ts'
import { type RawPlace, type RawRanges, rawGc, rawItem, rawSkip, rawUpdate } from '../testing/raw-update.ts'
import { readingDigest } from './reading-digest.ts'
import { applyRemote } from './remote-apply.ts'
import { checkUpdate, type GateFault } from './update-gate.ts'
import { holdsBack } from './yjs-internals.ts'

const OWN = 2 ** 45 + 1
const OTHER = 2 ** 40 + 5

/** `text` holds ten characters of {@link OTHER}. */
function someDoc(): Y.Doc {
  const doc = new Y.Doc()
  const other = new Y.Doc()
  other.clientID = OTHER
  other.getText('text').insert(0, '0123456789')
  applyRemote(doc, Y.encodeStateAsUpdate(other))
  return doc
}

/** Its text is deleted; of `OTHER + 1`, clock 0 is a deleted map and clock 1 what was collected with it. */
function collectedDoc(): Y.Doc {
  const doc = someDoc()
  const other = new Y.Doc()
  applyRemote(other, Y.encodeStateAsUpdate(doc))
  other.clientID = OTHER + 1
  const map = new Y.Map()
  other.getMap('map').set('a', map)
  map.set('b', new Y.Map())
  other.getMap('map').delete('a')
  other.getText('text').delete(0, 10)
  applyRemote(doc, Y.encodeStateAsUpdate(other, Y.encodeStateVector(doc)))
  return doc
}

function own(structs: readonly Uint8Array[], ranges: RawRanges = [], clock = 0): Uint8Array {
  return rawUpdate([{ client: OWN, clock, structs }], ranges)
}

function text(place: RawPlace = {}, value = 'a'): Uint8Array {
  return rawItem(new Y.ContentString(value), place)
}

function any(value: unknown): Uint8Array {
  return own([rawItem(new Y.ContentAny([value]))])
}

/** Checks that nothing happens to the document, and returns the fault. */
function faultOf(update: Uint8Array, doc = someDoc()): GateFault | 'apply' | 'wait' {
  const before = Y.encodeStateAsUpdate(doc)
  let transactionCount = 0
  doc.on('beforeTransaction', () => transactionCount++)
  const verdict = checkUpdate(doc, update, OWN)
  expect(transactionCount).toBe(0)
  expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
  return verdict.verdict === 'refuse' ? verdict.fault : verdict.verdict
}

/** What passes must leave Yjs without anything pending. */
function expectApplies(update: Uint8Array, doc = someDoc()): void {
  expect(faultOf(update, doc)).toBe('apply')
  applyRemote(doc, update)
  expect(holdsBack(doc)).toBe(false)
}

function nested(value: unknown, depth: number): unknown {
  return depth === 0 ? value : nested([value], depth - 1)
}

/** Each array inside the one before. */
function nestedTypes(depth: number): Uint8Array {
  const structs = Array.from({ length: depth }, (_, clock) =>
    rawItem(
      new Y.ContentType(new Y.Array()),
      clock === 0 ? {} : { parent: { client: OWN, clock: clock - 1 } },
    ),
  )
  return own(structs)
}

describe('the update gate', () => {
  it('[GT3] [F30] a struct half of which its log wrote before is refused: where that was collected Yjs would throw', () => {
    const doc = someDoc()
    applyRemote(doc, own([text({}, 'abcd'), rawGc(4)]))
    const overlapping = own([rawItem(new Y.ContentDeleted(40), { origin: { client: OWN, clock: 0 } })], [], 6)
    expect(faultOf(overlapping, doc)).toBe('clock-gap')
    // Known as a whole, and what follows it: as a log that is applied again.
    expectApplies(own([text({}, 'abcd'), rawGc(4), text({ origin: { client: OWN, clock: 3 } })]), doc)
  })

  it('[GT1] [F26] bytes of V2 are never read as such: a bomb is as small as its bytes', () => {
    const bomb = Y.convertUpdateFormatV1ToV2(own(Array.from({ length: 10_000 }, () => rawGc(1))))
    expect(bomb.length).toBeLessThan(40)
    expect(Y.decodeUpdate(bomb).structs.length).toBeLessThan(bomb.length)
    expect(faultOf(bomb)).toBe('malformed')
    const plain = new Y.Doc()
    plain.getMap('m').set('key', 1)
    expect(faultOf(Y.encodeStateAsUpdateV2(plain))).toBe('malformed')
    plain.getText('t').insert(0, 'x', { bold: true })
    expect(faultOf(Y.encodeStateAsUpdateV2(plain))).not.toBe('apply')
  })

  it('[F27] claims of many structs, blocks, ranges and values are refused for want of bytes', () => {
    for (const claimedCount of [2, 1e6, 16e6, 2 ** 31, 2 ** 32, 2 ** 50, Number.MAX_SAFE_INTEGER]) {
      expect(faultOf(rawUpdate([{ client: OWN, clock: 0, structs: [text()], claimedCount }]))).toBe(
        'malformed',
      )
      const head = rawUpdate([{ client: claimedCount, clock: 0, structs: [], claimedCount: 0 }])
      expect(faultOf(head.subarray(2))).toBe('malformed')
    }
    expect(faultOf(new Uint8Array([0, 1, 5, 0xff, 0xff, 0xff, 0x7f]))).toBe('malformed')
    expect(faultOf(new Uint8Array([1, 1, 5, 0, 8, 1, 1, 97, 0xff, 0xff, 0xff, 0x7f]))).toBe('malformed')
  })

  it('[F28] more bytes than an entry may have are not decoded', () => {
    expect(faultOf(new Uint8Array(limits.ENTRY_BYTES + 1))).toBe('too-large')
    const room = 'x'.repeat(limits.ENTRY_BYTES - 40)
    expectApplies(own([text({}, room)]))
  })

  it('[GT4] [F29] 10,000 gaps wait, each naming what is missing, and Yjs has nothing pending', () => {
    const doc = someDoc()
    for (let clock = 10; clock < 10_010; clock++) {
      const origin = { client: OTHER, clock }
      expect(checkUpdate(doc, own([text({ origin })]), OWN)).toEqual({ verdict: 'wait', missing: origin })
    }
    expect(holdsBack(doc)).toBe(false)
    for (const place of [{ rightOrigin: { client: 9, clock: 3 } }, { parent: { client: 9, clock: 3 } }])
      expect(checkUpdate(doc, own([text(), text(place)]), OWN)).toEqual({
        verdict: 'wait',
        missing: { client: 9, clock: 3 },
      })
    const deletion = own(
      [text()],
      [
        [
          OTHER,
          [
            [0, 2],
            [8, 5],
          ],
        ],
      ],
    )
    expect(checkUpdate(doc, deletion, OWN)).toEqual({
      verdict: 'wait',
      missing: { client: OTHER, clock: 12 },
    })
  })

  it('[F29] a known struct with an unknown origin waits too: Yjs would put it aside', () => {
    const doc = someDoc()
    applyRemote(doc, own([text()]))
    const twin = own([text({ origin: { client: 9, clock: 3 } })])
    const careless = someDoc()
    applyRemote(careless, own([text()]))
    Y.applyUpdate(careless, twin)
    expect(holdsBack(careless)).toBe(true)
    expect(faultOf(twin, doc)).toBe('wait')
  })

  it('[GT3] [F29] a gap in the own log can never be filled: refused', () => {
    expect(faultOf(own([text()], [], 1))).toBe('clock-gap')
    expect(faultOf(own([text()], [[OWN, [[0, 2]]]]))).toBe('clock-gap')
    expectApplies(own([text()], [[OWN, [[0, 1]]]]))
  })

  it("[GT1] [F30] another's clientID, and another's next clock, are refused", () => {
    expect(faultOf(rawUpdate([{ client: OTHER, clock: 10, structs: [text()] }]))).toBe('foreign-client')
    const both = [
      { client: OWN, clock: 0, structs: [text()] },
      { client: OTHER, clock: 10, structs: [text()] },
    ]
    expect(faultOf(rawUpdate(both))).toBe('foreign-client')
    expect(faultOf(rawUpdate(both.toReversed()))).toBe('foreign-client')
  })

  it('[F30] two blocks of one client are refused: Yjs would forget the first', () => {
    const twice = rawUpdate([
      { client: OWN, clock: 0, structs: [text()] },
      { client: OWN, clock: 1, structs: [text()] },
    ])
    const careless = someDoc()
    Y.applyUpdate(careless, twice)
    expect(holdsBack(careless)).toBe(true)
    expect(faultOf(twice)).toBe('malformed')
    expect(faultOf(rawUpdate([{ client: OTHER, clock: 0, structs: [] }]))).toBe('malformed')
  })

  it('[GT2] [F33] giant collected and deleted structs are refused, honest ones pass', () => {
    for (const length of [UPDATE_LENGTH + 1, 2 ** 32, Number.MAX_SAFE_INTEGER - 1]) {
      expect(faultOf(own([rawGc(length)]))).toBe('too-long')
      expect(faultOf(own([rawItem(new Y.ContentDeleted(length))]))).toBe('too-long')
    }
    expect(faultOf(own([rawGc(UPDATE_LENGTH), rawGc(1)]))).toBe('too-long')
    const clock = Number.MAX_SAFE_INTEGER - 2
    expect(faultOf(own([rawGc(5)], [], clock))).toBe('malformed')
    expect(faultOf(own([rawGc(0)]))).toBe('malformed')
    expect(faultOf(own([text({}, '')]))).toBe('malformed')
    expectApplies(own([rawGc(UPDATE_LENGTH - 1), rawItem(new Y.ContentDeleted(1))]))
  })

  it('[GT2] [F34] types and values nested too deep', () => {
    expectApplies(nestedTypes(TYPE_DEPTH))
    expect(faultOf(nestedTypes(TYPE_DEPTH + 1))).toBe('too-deep')
    expect(faultOf(nestedTypes(5000))).toBe('too-deep')
    expectApplies(any(nested(1, VALUE_DEPTH)))
    expect(faultOf(any(nested(1, VALUE_DEPTH + 1)))).toBe('too-deep')
    const embed = own([rawItem(new Y.ContentEmbed(nested(1, VALUE_DEPTH + 1) as object))])
    expect(faultOf(embed)).toBe('too-deep')
    expect(['too-deep', 'malformed']).toContain(faultOf(any(nested(1, 2000))))
  })

  it.each([
    ['named', (clock: number): RawPlace => ({ parent: { client: OWN, clock } })],
    ['that of a neighbour', (clock: number): RawPlace => ({ origin: { client: OWN, clock: clock + 1 } })],
  ])('[GT2] [F34] types nested over many updates, the parent %s', (kind, placeIn) => {
    const doc = someDoc()
    const array = () => new Y.ContentType(new Y.Array())
    const isNamed = kind === 'named'
    // Each array has a neighbour within the one before, from which the next takes its parent.
    const step = isNamed ? 1 : 2
    let clock = 0
    applyRemote(
      doc,
      own([rawItem(array()), ...(isNamed ? [] : [text({ parent: { client: OWN, clock: 0 } })])]),
    )
    for (let around = 1; around < DOCUMENT_DEPTH; around++) {
      const structs = [rawItem(array(), placeIn(clock))]
      clock += step
      if (!isNamed) structs.push(text({ parent: { client: OWN, clock } }))
      applyRemote(doc, own(structs, [], clock))
    }
    const next = own([rawItem(array(), placeIn(clock))], [], clock + step)
    expect(faultOf(next, doc)).toBe('too-deep')
    expectApplies(own([text({ parent: { client: OWN, clock } })], [], clock + step), doc)
  })

  it('[F34] nesting is followed through items that inherit their parent', () => {
    const structs = [rawItem(new Y.ContentType(new Y.Array()))]
    for (let depth = 1; depth <= TYPE_DEPTH; depth++) {
      const clock = structs.length
      structs.push(text({ parent: { client: OWN, clock: clock - 1 } }))
      structs.push(rawItem(new Y.ContentType(new Y.Array()), { origin: { client: OWN, clock } }))
    }
    expect(faultOf(own(structs))).toBe('too-deep')
    expectApplies(own(structs.slice(0, -2)))
  })

  it('[GT1] [GT2] [F34] many roots, subdocuments, skips, too many structs', () => {
    const roots = (count: number) =>
      own(Array.from({ length: count }, (_, i) => text({ parent: `root ${i}` })))
    expectApplies(roots(UPDATE_ROOTS))
    expect(faultOf(roots(UPDATE_ROOTS + 1))).toBe('too-many-roots')
    expect(faultOf(own([rawItem(new Y.ContentDoc(new Y.Doc({ guid: 'g', autoLoad: true })))]))).toBe(
      'subdocument',
    )
    expect(faultOf(own([rawSkip(3), text()]))).toBe('skip')
    const many = (count: number) => own(Array.from({ length: count }, () => rawGc(1)))
    expectApplies(many(UPDATE_STRUCTS))
    expect(faultOf(many(UPDATE_STRUCTS + 1))).toBe('too-many-structs')
  })

  it('[GT2] [F34] the one name that means something to objects, wherever it stands', () => {
    const long = 'k'.repeat(KEY_CHARACTERS)
    expectApplies(own([text({ parent: 'map', key: long })]))
    for (const key of ['__proto__', `${long}k`]) {
      expect(faultOf(own([text({ parent: key })]))).toBe('bad-key')
      expect(faultOf(own([text({ parent: 'map', key })]))).toBe('bad-key')
      expect(faultOf(own([rawItem(new Y.ContentFormat(key, {}))]))).toBe('bad-key')
      expect(faultOf(own([rawItem(new Y.ContentType(new Y.XmlElement(key)))]))).toBe('bad-key')
    }
    for (const json of ['{"__proto__":{"a":1}}', '[{"__proto__":[]}]', '{"a":{"b":[{"__proto__":null}]}}']) {
      expect(faultOf(any(JSON.parse(json)))).toBe('bad-key')
      expect(faultOf(own([rawItem(new Y.ContentEmbed(JSON.parse(json)))]))).toBe('bad-key')
      expect(faultOf(own([rawItem(new Y.ContentFormat('link', JSON.parse(json)))]))).toBe('bad-key')
      expect(faultOf(own([rawItem(new Y.ContentJSON([1, JSON.parse(json)]))]))).toBe('bad-key')
    }
  })

  it('[GT1] `constructor` and `prototype` are honest names of fields: applied, read, and nothing leaks', () => {
    for (const key of ['constructor', 'prototype']) {
      const value = { [key]: { [key]: 1 } }
      const doc = someDoc()
      const structs = [
        text({ parent: 'map', key }),
        rawItem(new Y.ContentAny([value]), { parent: 'map', key: 'value' }),
        text({ parent: key }),
        rawItem(new Y.ContentFormat(key, value)),
        text({ origin: { client: OWN, clock: 3 } }),
        rawItem(new Y.ContentType(new Y.XmlElement(key)), { parent: 'xml' }),
        rawItem(new Y.ContentEmbed(value)),
        rawItem(new Y.ContentJSON([value]), { parent: 'list' }),
      ]
      expectApplies(own(structs), doc)
      expect(doc.getMap('map').toJSON()).toEqual({ [key]: 'a', value })
      expect(doc.getXmlFragment('xml').toString()).toBe(`<${key}></${key}>`)
      const delta: { attributes?: object }[] = doc.getText('text').toDelta()
      expect(delta.some(({ attributes }) => attributes && Object.hasOwn(attributes, key))).toBe(true)
      const other = new Y.Doc()
      applyRemote(other, Y.encodeStateAsUpdate(doc))
      expect(readingDigest(other)).toEqual(readingDigest(doc))
      expect(readingDigest(doc)).not.toEqual(readingDigest(someDoc()))
    }
  })

  it('an item that names itself or a later one', () => {
    for (const clock of [0, 1, 5]) {
      const id = { client: OWN, clock }
      for (const place of [{ origin: id }, { rightOrigin: id }, { parent: id }])
        expect(faultOf(own([text(place)]))).toBe('self-reference')
    }
  })

  it('delete ranges that Yjs would not write, and too many of them', () => {
    const ranges = (...pairs: [number, number][]) => own([text()], [[OTHER, pairs]])
    expectApplies(ranges([0, 2], [2, 1], [5, 5]))
    for (const pairs of [
      [[0, 0]],
      [
        [5, 2],
        [0, 2],
      ],
      [
        [0, 9],
        [0, 9],
      ],
      [[1, Number.MAX_SAFE_INTEGER]],
    ])
      expect(faultOf(ranges(...(pairs as [number, number][])))).toBe('malformed')
    const many = Array.from({ length: UPDATE_STRUCTS + 1 }, (_, i): [number, number] => [2 * i, 1])
    expect(faultOf(ranges(...many))).toBe('too-many-structs')
  })

  it('an empty update, and one with trailing bytes in place of content', () => {
    expect(faultOf(new Uint8Array([0, 0]))).toBe('malformed')
    expect(faultOf(new Uint8Array([]))).toBe('malformed')
  })

  it('known structs pass and are ignored, overlapping ones are not', () => {
    const doc = someDoc()
    const first = own([text({}, 'abc')])
    expectApplies(first, doc)
    expectApplies(first, doc)
    expect(faultOf(own([text({}, 'abcdef')]), doc)).toBe('clock-gap')
  })

  it('[GT5] [F53] origins and parents that were deleted or collected pass', () => {
    const ids = [
      { client: OTHER + 1, clock: 0 },
      { client: OTHER + 1, clock: 1 },
    ]
    for (const id of ids) {
      expectApplies(own([text({ parent: id, key: 'late' })]), collectedDoc())
      expectApplies(own([text({ origin: id })]), collectedDoc())
      expectApplies(own([text({ origin: { client: OTHER, clock: 4 }, rightOrigin: id })]), collectedDoc())
    }
  })
})
