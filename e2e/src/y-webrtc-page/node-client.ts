/**
 * Stock y-webrtc in Node, as a process of its own: its package keeps one document per room and process.
 * Arguments: signaling address, room, password or nothing, text to write. Prints the document whenever it changes.
 */
import wrtc from '@roamhq/wrtc'
import WebSocket from 'ws'
import { WebrtcProvider } from 'y-webrtc'
import * as Y from 'yjs'

const [signaling = '', room = '', password = '', text = ''] = process.argv.slice(2)
Object.assign(globalThis, { WebSocket })
const doc = new Y.Doc()
doc.on('update', () => console.log(JSON.stringify(doc.getText('text').toString())))
doc.getText('text').insert(0, text)
const options = { signaling: [signaling], peerOpts: { wrtc, config: { iceServers: [] } } }
new WebrtcProvider(room, doc, password === '' ? options : { ...options, password })
