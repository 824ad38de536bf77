/** What an editor's client would write into a page, made without an editor. */
import { clientIdOf, type DocName, type KeyId, type SessionId } from '@parley/protocol'
import * as Y from 'yjs'

/** Where the app's editor keeps its nodes. */
const FIELD = 'prosemirror'

/** An update that puts one paragraph at the beginning. */
export function paragraphUpdate(author: KeyId, session: SessionId, doc: DocName, text: string): Uint8Array {
  const source = new Y.Doc()
  source.clientID = clientIdOf(author, session, doc)
  const paragraph = new Y.XmlElement('paragraph')
  paragraph.insert(0, [new Y.XmlText(text)])
  source.getXmlFragment(FIELD).insert(0, [paragraph])
  return Y.encodeStateAsUpdate(source)
}

/** The text of a page as Yjs holds it, a line per paragraph. */
export function paragraphsOf(doc: Y.Doc): string {
  const blocks = doc.getXmlFragment(FIELD).toArray()
  return blocks
    .map((block) =>
      (block as Y.XmlElement)
        .toArray()
        .map((node) => node.toString())
        .join(''),
    )
    .join('\n')
}
