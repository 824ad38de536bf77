import { WebrtcProvider } from 'y-webrtc'
import * as Y from 'yjs'
import { providePage } from './bench-page.ts'

const doc = new Y.Doc()
let provider: WebrtcProvider | null = null

providePage({
  async enter({ signaling, invite }) {
    const name = invite ?? crypto.randomUUID()
    provider = new WebrtcProvider(name, doc, {
      signaling: [signaling],
      peerOpts: { config: { iceServers: [] } },
    })
    return name
  },
  doc: () => doc,
  linkCount() {
    const links = [...(provider?.room?.webrtcConns.values() ?? [])]
    return links.filter((link) => link.connected).length
  },
  isSaved: () => true,
})
