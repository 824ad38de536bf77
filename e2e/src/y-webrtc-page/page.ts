/** A page that uses y-webrtc as its makers describe it; nothing of Parley is in it. */
import { WebrtcProvider } from 'y-webrtc'
import * as Y from 'yjs'

export interface YWebrtcOptions {
  readonly signaling: string
  readonly room: string
  readonly password: string | null
}

export interface YWebrtcPage {
  enter(options: YWebrtcOptions): void
  write(text: string): void
  read(): string
  /** Other pages and processes that a channel is open to. */
  linkCount(): number
}

declare global {
  var yWebrtcPage: YWebrtcPage
}

const doc = new Y.Doc()
let provider: WebrtcProvider | null = null

globalThis.yWebrtcPage = {
  enter({ signaling, room, password }) {
    const options = { signaling: [signaling], peerOpts: { config: { iceServers: [] } } }
    provider = new WebrtcProvider(room, doc, password === null ? options : { ...options, password })
  },
  write: (text) => doc.getText('text').insert(doc.getText('text').length, text),
  read: () => doc.getText('text').toString(),
  linkCount: () => [...(provider?.room?.webrtcConns.values() ?? [])].filter((one) => one.connected).length,
}
