/** An editor's entries that are well-formed and cost those who apply them as much as they can. */
import { clientIdOf, type DocName, type EntryFrame, type SessionId } from '@parley/protocol'
import * as Y from 'yjs'
import { type Guest, newSession, sealEntry } from './guest.ts'

const FIELD = 'prosemirror'

export interface Written {
  readonly session: SessionId
  readonly frame: EntryFrame
}

function entryOf(guest: Guest, doc: DocName, session: SessionId, update: Uint8Array): EntryFrame {
  return { type: 'entry', entry: sealEntry(guest, { doc, session, update }) }
}

/** A paragraph of so many characters, each an item of its own. */
export function brokenUpParagraph(guest: Guest, doc: DocName, length: number): Written {
  const session = newSession()
  const source = new Y.Doc()
  source.clientID = clientIdOf(guest.keyId, session, doc)
  const paragraph = new Y.XmlElement('paragraph')
  const text = new Y.XmlText()
  paragraph.insert(0, [text])
  source.getXmlFragment(FIELD).insert(0, [paragraph])
  for (let i = 0; i < length; i++) text.insert(0, 'x')
  return { session, frame: entryOf(guest, doc, session, Y.encodeStateAsUpdate(source)) }
}

/** As many characters at its beginning, each of which claims to have been written in front of another one of it. */
export function conflictsWith(guest: Guest, doc: DocName, base: Written, length: number): Written {
  const session = newSession()
  const client = clientIdOf(guest.keyId, session, doc)
  const other = clientIdOf(guest.keyId, base.session, doc)
  const encoder = new Y.UpdateEncoderV1()
  const { restEncoder } = encoder
  const writeNumber = (value: number): void => {
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) writeByte(0x80 | (rest % 0x80))
    writeByte(rest)
  }
  const writeByte = (byte: number): void => encoder.writeInfo(byte)
  for (const value of [1, length, client, 0]) writeNumber(value)
  // Clocks 0 and 1 are the paragraph and its text, and the character written last stands first.
  for (let i = 0; i < length; i++) {
    const content = new Y.ContentString('a')
    encoder.writeInfo(content.getRef() | 0x40)
    encoder.writeRightID(Y.createID(other, 2 + length - 1 - i))
    content.write(encoder, 0)
  }
  writeNumber(0)
  if (restEncoder === undefined) throw new Error('Yjs encodes updates in another way')
  return { session, frame: entryOf(guest, doc, session, encoder.toUint8Array()) }
}

/** A few bytes that, read as the other version of the format, would be ten thousand structs and more. */
export function v2Bomb(guest: Guest, doc: DocName): EntryFrame {
  const session = newSession()
  const source = new Y.Doc()
  source.clientID = clientIdOf(guest.keyId, session, doc)
  source.getMap('bomb')
  source.transact(() => {
    for (let i = 0; i < 10_000; i++) source.getMap('bomb').set('k', i)
  })
  return entryOf(guest, doc, session, Y.encodeStateAsUpdateV2(source))
}
