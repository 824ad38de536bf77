/** Searching rooms that may be read: one, or all of them. */
import type { KeptRoom } from '@parley/mesh'
import type { Log } from '../log.ts'
import { reasonOf } from '../operations.ts'
import { ALL_CHARACTERS, HITS } from './limits.ts'
import { foldWords } from './match.ts'
import { printableTitle } from './printable.ts'
import { RoomText } from './room-text.ts'
import { WarmText } from './warm-text.ts'

export interface SearchHit {
  readonly room: string
  readonly document: string
  readonly title: string
  readonly snippets: readonly {
    readonly text: string
    readonly marks: readonly (readonly [number, number])[]
  }[]
  /** Of whoever wrote into it last; empty when they never said one. */
  readonly author: string
  /** Of the last entry, by the author's clock; ISO 8601. */
  readonly time: string
}

export interface SearchAnswer {
  readonly hits: readonly SearchHit[]
  /** Hits beyond those that are listed. */
  readonly moreCount: number
  readonly searchedRooms: number
  readonly blindRooms: number
  readonly missingCount: number
  readonly cutCount: number
}

export interface NamedRoom {
  readonly name: string
  readonly room: KeptRoom
}

export class Searcher {
  readonly #log: Log
  readonly #limitCharacters: number
  readonly #texts = new Map<KeptRoom, WarmText>()

  constructor(log: Log, limitCharacters: number = ALL_CHARACTERS) {
    this.#log = log
    this.#limitCharacters = limitCharacters
  }

  /** In memory now, in UTF-16 units. */
  get characterCount(): number {
    return [...this.#texts.values()].reduce((sum, { text }) => sum + text.characterCount, 0)
  }

  /** Blind rooms are counted and left out. */
  async search(rooms: readonly NamedRoom[], words: readonly string[]): Promise<SearchAnswer> {
    const folded = foldWords(words)
    const found: { readonly hit: SearchHit; readonly lastMs: number }[] = []
    let [searchedRooms, missingCount, cutCount] = [0, 0, 0]
    for (const { name, room } of rooms) {
      const text = this.#textOf(room)
      if (!text) continue
      const finding = await text.search(folded)
      this.#letGo()
      searchedRooms++
      missingCount += finding.missingCount
      cutCount += finding.cutCount
      for (const { document, title, snippets, authors } of finding.hits) {
        const { name: author = '', lastMs = 0 } = authors[0] ?? {}
        const time = new Date(lastMs).toISOString()
        found.push({
          hit: { room: name, document, title, snippets, author: printableTitle(author), time },
          lastMs,
        })
      }
    }
    found.sort((a, b) => b.lastMs - a.lastMs)
    return {
      hits: found.slice(0, HITS).map(({ hit }) => hit),
      moreCount: Math.max(0, found.length - HITS),
      searchedRooms,
      blindRooms: rooms.length - searchedRooms,
      missingCount,
      cutCount,
    }
  }

  #textOf(room: KeptRoom): RoomText | null {
    if (!room.sight) return null
    const warm =
      this.#texts.get(room) ??
      new WarmText(room, new RoomText(room.sight), {
        cold: () => this.#texts.delete(room),
        failed: (error) => this.#log('warn', 'room-text-failed', { reason: reasonOf(error) }),
      })
    // The one that was asked last comes last.
    this.#texts.delete(room)
    this.#texts.set(room, warm)
    warm.use()
    return warm.text
  }

  #letGo(): void {
    let count = this.characterCount
    for (const warm of [...this.#texts.values()].slice(0, -1)) {
      if (count <= this.#limitCharacters) return
      count -= warm.text.characterCount
      warm.close()
    }
  }
}
