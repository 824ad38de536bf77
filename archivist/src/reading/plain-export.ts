/**
 * A room that may be read as files that anybody can: a page each, everything as JSON, and who wrote. They are as secret as the
 * room was: readable for their user alone, in a folder that is there whole or not at all.
 */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { documentJson, documentText, type RoomAuthor, type RoomSight } from '@parley/mesh'
import type { DocName } from '@parley/protocol'
import * as Y from 'yjs'
import { fileName } from './file-names.ts'
import { markdownOf } from './markdown.ts'
import { printableTitle, withoutControls } from './printable.ts'
import { NO_TITLES, type Titles, titleOfDocument, titlesIn } from './titles.ts'

/** Root types of a page as the app's editors keep them; a page of another kind is written as plain text. */
const TEXT_FIELD = 'prosemirror'
const INDEX = 'index' as DocName
/** Keys and labels of links that let people in: they lead nowhere outside of the room. */
const NOT_EXPORTED: ReadonlySet<string> = new Set(['invites'])

export interface PlainExport {
  readonly file: string
  readonly documentCount: number
  /** Entries for which a key is not here, or what they build on: what they hold is not in the files. */
  readonly missingCount: number
}

interface WrittenDocument {
  readonly document: DocName
  readonly title: string
  /** Relative to the folder; `null` without any text. */
  readonly page: string | null
  readonly json: string
  readonly missingCount: number
  readonly authors: readonly { key: string; name: string; role: string | null; lastWritten: string }[]
}

/** `folder` is made, or empty. Rejects when something is in it. */
export async function exportPlain(room: string, sight: RoomSight, folder: string): Promise<PlainExport> {
  await mkdir(dirname(folder), { recursive: true })
  const beside = await mkdtemp(join(dirname(folder), `.${basename(folder)}.`))
  try {
    const documents = await writeDocuments(sight, beside)
    const titles = await readTitles(sight)
    const facts = { what: 'parley-plain-export', version: 1, room, title: titles.room, documents }
    await writeJson(join(beside, 'room.json'), facts)
    await rename(beside, folder)
    const missingCount = documents.reduce((sum, one) => sum + one.missingCount, 0)
    return { file: folder, documentCount: documents.length, missingCount }
  } catch (error) {
    await rm(beside, { recursive: true, force: true })
    throw isOccupied(error) ? new Error(`${folder} is there already and not empty`) : error
  }
}

function isOccupied(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR'
}

async function readTitles(sight: RoomSight): Promise<Titles> {
  if (!sight.documents().includes(INDEX)) return NO_TITLES
  const { doc } = await sight.read(INDEX)
  const titles = titlesIn(doc)
  doc.destroy()
  return titles
}

async function writeDocuments(sight: RoomSight, folder: string): Promise<WrittenDocument[]> {
  for (const name of ['pages', 'documents']) await mkdir(join(folder, name), { mode: 0o700 })
  const titles = await readTitles(sight)
  const written: WrittenDocument[] = []
  for (const document of sight.documents().filter((name) => !NOT_EXPORTED.has(name))) {
    const title = titleOfDocument(titles, document)
    const { doc, missingCount } = await sight.read(document)
    const json = join('documents', `${fileName(written.length + 1, document)}.json`)
    await writeJson(join(folder, json), documentJson(doc))
    const page = pageOf(doc)
    const path = page && join('pages', `${fileName(written.length + 1, title || document)}.${page.ending}`)
    if (page && path) await writeFile(join(folder, path), page.text, { mode: 0o600, flag: 'wx' })
    doc.destroy()
    const authors = (await sight.authorsOf(document)).map(authorFacts)
    written.push({ document, title, page: path, json, missingCount, authors })
  }
  return written
}

/** After its JSON was made: only then roots are what they hold. */
function pageOf(doc: Y.Doc): { readonly ending: 'md' | 'txt'; readonly text: string } | null {
  const page = doc.share.get(TEXT_FIELD)
  if (page instanceof Y.XmlFragment) return { ending: 'md', text: markdownOf(page) }
  const { lines } = documentText(doc, Number.POSITIVE_INFINITY)
  return lines.length === 0 ? null : { ending: 'txt', text: `${lines.map(withoutControls).join('\n')}\n` }
}

function authorFacts({ key, name, role, lastMs }: RoomAuthor): WrittenDocument['authors'][number] {
  return { key, name: printableTitle(name), role, lastWritten: new Date(lastMs).toISOString() }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
}
