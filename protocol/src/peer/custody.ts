/**
 * CUSTODY: an archivist's signed word that it holds a log durably up to a place. Whoever was given it can show later that
 * it was said, also to an archivist that was put back to an older state. Rules: docs/spec.md, AR.
 */
import { type ByteReader, ByteWriter } from '../codec.ts'
import { withContext } from '../hash.ts'
import { idBytes, type KeyId, keyIdOf, type RoomId } from '../ids.ts'
import { type Head, readLogName, writeLogName } from './heads.ts'

export interface CustodyFrame extends Head {
  readonly type: 'custody'
  /** Who signed; its chain says whether it is an archivist of this room. */
  readonly archivist: KeyId
  /** Ed25519 over {@link custodyMessage}, 64 bytes. */
  readonly signature: Uint8Array
}

export function encodeCustody(frame: CustodyFrame, writer: ByteWriter): void {
  writeLogName(writer, frame)
  writer.varUint(frame.seq).fixed(frame.hash).fixed(idBytes(frame.archivist)).fixed(frame.signature)
}

export function decodeCustody(reader: ByteReader): CustodyFrame {
  return {
    type: 'custody',
    ...readLogName(reader),
    seq: reader.varUint(),
    hash: reader.fixed(32),
    archivist: keyIdOf(reader.fixed(32)),
    signature: reader.fixed(64),
  }
}

/** What the archivist signs: the room, its own key, the log and the head that it holds of it. */
export function custodyMessage(
  roomId: RoomId,
  archivist: KeyId,
  head: Omit<Head, 'log'>,
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter()
  writeLogName(writer, head)
  const held = writer.varUint(head.seq).fixed(head.hash).done()
  return withContext('parley/receipt/v1', idBytes(roomId), idBytes(archivist), held)
}
