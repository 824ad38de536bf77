/** The library in a page of its own, for documents that the app has no screen for. */
import { joinRoom, type Room } from '@parley/mesh'
import type * as Y from 'yjs'
import { readingOf, type Size, sizeOf } from './big-document.ts'

export interface Arrival {
  readonly seconds: number
  readonly reading: string
}

export interface MeshPage {
  /** Joins, and resolves when the document has that size. */
  fetchDocument(link: string, name: string, size: Size): Promise<Arrival>
  /** Writes into the document that was fetched. */
  write(key: string, value: string): void
  close(): Promise<void>
}

declare global {
  var meshPage: MeshPage
}

let room: Room | null = null
let current: () => Y.Doc

function whenOfSize(doc: () => Y.Doc, size: Size): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      const { rows, characters } = sizeOf(doc())
      if (rows === size.rows && characters === size.characters) resolve()
      else doc().once('update', check)
    }
    check()
  })
}

globalThis.meshPage = {
  async fetchDocument(link, name, size) {
    const startedMs = performance.now()
    const profile = { name: 'Page', color: '#336699' }
    room = await joinRoom(link, { signaling: [`ws://${location.host}/v1`], profile })
    const handle = room.document(name)
    current = () => handle.doc
    await handle.whenLoaded
    await whenOfSize(current, size)
    const seconds = (performance.now() - startedMs) / 1000
    return { seconds, reading: await readingOf(handle.doc) }
  },
  write: (key, value) => void current().getMap('rows').set(key, value),
  close: async () => room?.close(),
}
