/**
 * The text of one room in memory, for searching. Documents whose journals changed are folded anew, the others are left; nothing
 * of it is written anywhere.
 */
import { documentText, type RoomAuthor, type RoomSight } from '@parley/mesh'
import type { DocName } from '@parley/protocol'
import { DOCUMENT_CHARACTERS, ROOM_CHARACTERS } from './limits.ts'
import { matchLines, type Snippet } from './match.ts'
import { NO_TITLES, type Titles, titleOfDocument, titlesIn } from './titles.ts'

interface ReadText {
  readonly revision: string
  readonly lines: readonly string[]
  readonly characterCount: number
  readonly isWhole: boolean
  readonly missingCount: number
}

export interface RoomHit {
  readonly document: DocName
  readonly title: string
  readonly snippets: readonly Snippet[]
  /** Who wrote into it, whoever did last first. */
  readonly authors: readonly RoomAuthor[]
}

export interface RoomFinding {
  readonly hits: readonly RoomHit[]
  /** Entries for which a key is not here, or what they build on: what they hold was not searched. */
  readonly missingCount: number
  /** Documents that are too long to be searched whole. */
  readonly cutCount: number
}

const INDEX = 'index' as DocName
/** Keys and labels of links: nothing that anybody wrote to be read. */
const NOT_SEARCHED: ReadonlySet<string> = new Set(['invites'])

export class RoomText {
  readonly #sight: RoomSight
  #texts: ReadonlyMap<DocName, ReadText> = new Map()
  #titles: Titles = NO_TITLES
  #refreshing: Promise<void> = Promise.resolve()

  constructor(sight: RoomSight) {
    this.#sight = sight
  }

  get characterCount(): number {
    return [...this.#texts.values()].reduce((sum, { characterCount }) => sum + characterCount, 0)
  }

  /** `words` are folded. */
  async search(words: readonly string[]): Promise<RoomFinding> {
    await this.refresh()
    const texts = [...this.#texts]
    const hits: RoomHit[] = []
    for (const [document, { lines }] of texts) {
      const snippets = matchLines(lines, words)
      if (!snippets) continue
      const authors = await this.#sight.authorsOf(document)
      hits.push({ document, title: titleOfDocument(this.#titles, document), snippets, authors })
    }
    return {
      hits: hits.sort((a, b) => (b.authors[0]?.lastMs ?? 0) - (a.authors[0]?.lastMs ?? 0)),
      missingCount: texts.reduce((sum, [, { missingCount }]) => sum + missingCount, 0),
      cutCount: texts.filter(([, { isWhole }]) => !isWhole).length,
    }
  }

  /** One at a time; resolves when all that was stored at the call is in the text. */
  refresh(): Promise<void> {
    const run = this.#refreshing.then(() => this.#refresh())
    this.#refreshing = run.catch(() => undefined) // Whoever asked is told.
    return run
  }

  async #refresh(): Promise<void> {
    const texts = new Map<DocName, ReadText>()
    let left = ROOM_CHARACTERS
    for (const document of this.#sight.documents()) {
      if (NOT_SEARCHED.has(document)) continue
      const revision = this.#sight.revisionOf(document)
      const known = this.#texts.get(document)
      const text = known?.revision === revision ? known : await this.#read(document, revision, left)
      texts.set(document, text)
      left -= text.characterCount
    }
    this.#texts = texts
  }

  async #read(document: DocName, revision: string, left: number): Promise<ReadText> {
    const { doc, missingCount } = await this.#sight.read(document)
    if (document === INDEX) this.#titles = titlesIn(doc)
    const { lines, isWhole } = documentText(doc, Math.min(DOCUMENT_CHARACTERS, Math.max(0, left)))
    doc.destroy()
    const characterCount = lines.reduce((sum, line) => sum + line.length, 0)
    return { revision, lines, characterCount, isWhole, missingCount }
  }
}
