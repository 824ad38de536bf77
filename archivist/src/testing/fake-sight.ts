/** Documents that can be read, in memory. */
import type { ReadDocument, RoomAuthor, RoomSight } from '@parley/mesh'
import { type DocName, keyIdOf } from '@parley/protocol'
import * as Y from 'yjs'

export class FakeSight implements RoomSight {
  readonly #docs = new Map<DocName, Y.Doc>()
  readonly #sealed = new Map<DocName, number>()
  readonly #failing = new Set<string>()
  /** Documents in the order in which they were read. */
  readonly reads: string[] = []

  write(name: string, act: (doc: Y.Doc) => void): void {
    const doc = this.#docs.get(name as DocName) ?? new Y.Doc()
    this.#docs.set(name as DocName, doc)
    act(doc)
  }

  seal(name: string, entryCount: number): void {
    this.#sealed.set(name as DocName, entryCount)
  }

  fail(name: string): void {
    this.#failing.add(name)
  }

  documents(): DocName[] {
    return [...this.#docs.keys()].sort()
  }

  revisionOf(document: DocName): string {
    return Buffer.from(Y.encodeStateAsUpdate(this.#docs.get(document) ?? new Y.Doc())).toString('hex')
  }

  async read(document: DocName): Promise<ReadDocument> {
    if (this.#failing.has(document)) throw new Error(`${document} cannot be read`)
    this.reads.push(document)
    const doc = new Y.Doc()
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(this.#docs.get(document) ?? new Y.Doc()))
    return { doc, missingCount: this.#sealed.get(document) ?? 0 }
  }

  async authorsOf(_document: DocName): Promise<RoomAuthor[]> {
    return [{ key: keyIdOf(new Uint8Array(32)), name: 'Ada', role: 'editor', lastMs: 1_000 }]
  }
}
