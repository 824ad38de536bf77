/** What pages are called, as the document `index` says. Editors write it: whatever has another shape names nothing. Pure. */
import * as Y from 'yjs'
import { printableTitle } from './printable.ts'

export interface Titles {
  /** Empty when there is none. */
  readonly room: string
  /** By the id of the page, what follows `content/`. */
  readonly pages: ReadonlyMap<string, string>
}

export const NO_TITLES: Titles = { room: '', pages: new Map() }

export function titlesIn(index: Y.Doc): Titles {
  const room = index.getMap('room').get('title')
  const pages = [...index.getMap('pages').entries()].map(([id, page]) => [id, titleOf(page)] as const)
  return { room: titleText(room), pages: new Map(pages.filter(([, title]) => title !== '')) }
}

function titleOf(page: unknown): string {
  if (page instanceof Y.Map) return titleText(page.get('title'))
  return titleText((page as { readonly title?: unknown } | null)?.title)
}

function titleText(value: unknown): string {
  return printableTitle(value instanceof Y.Text ? value.toJSON() : value)
}

/** Of a document that is no page its name. */
export function titleOfDocument({ room, pages }: Titles, document: string): string {
  const [kind, id = ''] = document.split('/')
  return kind === 'content' ? (pages.get(id) ?? room) : ''
}
