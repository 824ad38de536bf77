/** What can be said of sealed entries without any key: who signed them and what they hash to. */
import { entryMessage, idBytes, type RoomId, sha256 } from '@parley/protocol'
import type { Keyring } from '../ports.ts'
import type { EntrySeal } from './entry-seal.ts'

/** What the journal asks of a seal: whoever reads nothing answers it, too. */
export type EntryCheck = Pick<EntrySeal, 'message' | 'hash' | 'verify' | 'open'>

export function blindSeal(roomId: RoomId, keyring: Keyring): EntryCheck {
  const message: EntryCheck['message'] = (entry) =>
    entryMessage(roomId, entry.headerBytes, entry.iv, entry.ciphertext)
  return {
    message,
    hash: (entry) => sha256(message(entry)),
    verify: (entry, bytes = message(entry)) => keyring.verify(idBytes(entry.author), bytes, entry.signature),
    open: () => Promise.resolve(null),
  }
}
