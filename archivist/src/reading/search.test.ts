import type { ConnectionState, KeptRoom } from '@parley/mesh'
import { type RoomId, roomIdOf } from '@parley/protocol'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeSight } from '../testing/fake-sight.ts'
import { HITS, TEXT_QUIET_MS, TEXT_WARM_MS } from './limits.ts'
import { Searcher } from './search.ts'

/** A room that is kept, but for what nobody here asks it. */
function keptRoom(sight: FakeSight | null) {
  const listeners = new Set<() => void>()
  let state: ConnectionState = { name: 'alone' }
  const room: KeptRoom = {
    id: roomIdOf(new Uint8Array(32)) as RoomId,
    sight,
    get state() {
      return state
    },
    stats: () => ({ logCount: 0, entryCount: 0, byteCount: 0, linkCount: 0 }),
    onState(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onEvent: () => () => undefined,
    close: async () => {
      state = { name: 'closed' }
      for (const listener of [...listeners]) listener()
    },
  }
  const changed = () => {
    for (const listener of [...listeners]) listener()
  }
  return { room, changed, listeners }
}

const insert = (sight: FakeSight, name: string, text: string) =>
  sight.write(name, (doc) => doc.getText('t').insert(0, text))

let searcher: Searcher
beforeEach(() => {
  vi.useFakeTimers()
  searcher = new Searcher(() => undefined)
})
afterEach(() => vi.useRealTimers())

describe('searching', () => {
  it('[AR11] finds what is written now, reads again what has changed alone, and leaves invites out', async () => {
    const sight = new FakeSight()
    sight.write('index', (doc) => doc.getMap('room').set('title', 'Harbour'))
    insert(sight, 'content/a', 'one heliotrope')
    insert(sight, 'content/b', 'another thing')
    insert(sight, 'invites', 'heliotrope')
    const { room } = keptRoom(sight)
    const search = (...words: string[]) => searcher.search([{ name: 'n', room }], words)
    expect(await search('heliotrope')).toMatchObject({
      hits: [
        {
          room: 'n',
          document: 'content/a',
          title: 'Harbour',
          author: 'Ada',
          time: '1970-01-01T00:00:01.000Z',
          snippets: [{ text: 'one heliotrope', marks: [[4, 14]] }],
        },
      ],
      searchedRooms: 1,
      blindRooms: 0,
      missingCount: 0,
    })
    expect(sight.reads).toEqual(['content/a', 'content/b', 'index'])
    insert(sight, 'content/b', 'a heliotrope, ')
    expect((await search('heliotrope')).hits).toHaveLength(2)
    expect(sight.reads.slice(3)).toEqual(['content/b'])
  })

  it('[AR11] counts blind rooms and reads nothing of them, and says what is sealed and what is not listed', async () => {
    const sight = new FakeSight()
    for (let i = 0; i < HITS + 5; i++) insert(sight, `content/p${i}`, 'word')
    sight.seal('content/p0', 4)
    const rooms = [keptRoom(sight), keptRoom(null)].map(({ room }, i) => ({ name: `${i}`, room }))
    const answer = await searcher.search(rooms, ['word'])
    expect(answer).toMatchObject({ moreCount: 5, searchedRooms: 1, blindRooms: 1, missingCount: 4 })
    expect(answer.hits).toHaveLength(HITS)
  })

  it('brings the text up to date once it is quiet, and forgets it when nobody asks', async () => {
    const sight = new FakeSight()
    insert(sight, 'content/a', 'text')
    const { room, changed, listeners } = keptRoom(sight)
    await searcher.search([{ name: 'n', room }], ['text'])
    expect(searcher.characterCount).toBe(4)
    insert(sight, 'content/a', 'more ')
    changed()
    await vi.advanceTimersByTimeAsync(TEXT_QUIET_MS - 1)
    expect(sight.reads).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(sight.reads).toHaveLength(2)
    expect(searcher.characterCount).toBe(9)
    await vi.advanceTimersByTimeAsync(TEXT_WARM_MS)
    expect([searcher.characterCount, listeners.size]).toEqual([0, 0])
    await searcher.search([{ name: 'n', room }], ['text'])
    await room.close()
    expect([searcher.characterCount, listeners.size]).toEqual([0, 0])
  })

  it('keeps no more text than it may of all rooms, that of the latest ones', async () => {
    const sights = ['one', 'two', 'three'].map((text) => {
      const sight = new FakeSight()
      insert(sight, 'content/a', `${text} word`)
      return sight
    })
    const rooms = sights.map((sight, i) => ({ name: `${i}`, room: keptRoom(sight).room }))
    const small = new Searcher(() => undefined, 20)
    expect((await small.search(rooms, ['word'])).hits).toHaveLength(3)
    expect(small.characterCount).toBe('two word'.length + 'three word'.length)
    await small.search(rooms.slice(1), ['word'])
    expect(sights.map(({ reads }) => reads.length)).toEqual([1, 1, 1])
    await small.search(rooms.slice(0, 1), ['word'])
    expect(sights.map(({ reads }) => reads.length)).toEqual([2, 1, 1])
  })

  it('tells whoever asked that a document cannot be read, and goes on afterwards', async () => {
    const sight = new FakeSight()
    insert(sight, 'content/a', 'text')
    sight.fail('content/a')
    const { room } = keptRoom(sight)
    const search = () => searcher.search([{ name: 'n', room }], ['text'])
    await expect(search()).rejects.toThrow('cannot be read')
    await expect(search()).rejects.toThrow('cannot be read')
  })
})
