/** What stands between the bytes of an entry and Yjs, without room, link or journal: for measuring what one entry costs. */
import {
  clientIdOf,
  decodeEntry,
  epochZeroKeyOf,
  FIRST_PREV,
  keyIdOf,
  parseDocName,
  roomIdOf,
  sessionIdOf,
} from '@parley/protocol'
import * as Y from 'yjs'
import { checkUpdate } from '../document/update-gate.ts'
import { EntrySeal } from '../journal/entry-seal.ts'
import { EpochKeys } from '../journal/epoch-keys.ts'
import type { Platform } from '../ports.ts'

export interface EntryPath {
  /** Entries of one log in its order; each edit of `write` becomes one. */
  seal(edits: readonly ((text: Y.Text) => void)[], timeMs: number): Promise<Uint8Array[]>
  /** Verified, opened and judged; throws where that fails. What comes back is to be handed to {@link apply}. */
  receive(bytes: Uint8Array): Promise<Uint8Array>
  /** Into the receiver's document, so that the next update of the log passes. */
  apply(update: Uint8Array): void
}

/** One author and one receiver with fresh keys of this platform. */
export async function entryPath(
  platform: Pick<Platform, 'cipher' | 'keyring' | 'random'>,
): Promise<EntryPath> {
  const { cipher, keyring, random } = platform
  const signer = await keyring.signer(await keyring.generate())
  const roomId = roomIdOf(signer.publicKey)
  const seal = new EntrySeal(
    { roomId, cipher, keyring, random },
    new EpochKeys(epochZeroKeyOf(random.bytes(32))),
  )
  const doc = parseDocName('content/main')
  const author = keyIdOf(signer.publicKey)
  const session = sessionIdOf(random.bytes(8))
  if (doc === null) throw new Error('the name of a document was not understood')
  const clientId = clientIdOf(author, session, doc)
  const written = new Y.Doc()
  written.clientID = clientId
  const received = new Y.Doc()

  return {
    async seal(edits, timeMs) {
      const updates: Uint8Array[] = []
      written.on('update', (update: Uint8Array) => updates.push(update))
      for (const edit of edits) edit(written.getText('text'))
      const entries: Uint8Array[] = []
      let prev: Uint8Array = FIRST_PREV
      for (const [i, update] of updates.entries()) {
        const header = { doc, kind: 'live' as const, author, session, seq: i + 1, prev, timeMs }
        const { entry, hash } = await seal.seal(header, update, signer)
        entries.push(entry.bytes)
        prev = hash
      }
      return entries
    },
    async receive(bytes) {
      const entry = decodeEntry(bytes)
      // Side by side, as when an entry comes in live.
      const [isVerified, update] = await Promise.all([seal.verify(entry), seal.open(entry)])
      if (!isVerified || update === null) throw new Error('an entry did not verify or open')
      const { verdict } = checkUpdate(received, update, clientId)
      if (verdict !== 'apply') throw new Error(`the gate said ${verdict}`)
      return update
    },
    apply: (update) => Y.applyUpdate(received, update),
  }
}
