/** Data connections in Node without simple-peer: descriptions are told whole, with all their candidates. */
import { RTCPeerConnection } from '@roamhq/wrtc'

export type Connection = RTCPeerConnection

export function newConnection(): Connection {
  return new RTCPeerConnection({ iceServers: [] })
}

function gathered(connection: Connection): Promise<string> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (connection.iceGatheringState === 'complete') resolve(connection.localDescription?.sdp ?? '')
    }
    connection.addEventListener('icegatheringstatechange', check)
    check()
  })
}

/** Open, or rejects when the connection fails. */
export function opened(channel: RTCDataChannel): Promise<void> {
  channel.binaryType = 'arraybuffer'
  if (channel.readyState === 'open') return Promise.resolve()
  return new Promise((resolve, reject) => {
    channel.addEventListener('open', () => resolve(), { once: true })
    channel.addEventListener('close', () => reject(new Error('the channel closed')), { once: true })
  })
}

export function theirChannel(connection: Connection): Promise<RTCDataChannel> {
  return new Promise((resolve) => {
    connection.addEventListener('datachannel', (event) => resolve(event.channel), { once: true })
  })
}

export async function offerOf(connection: Connection): Promise<string> {
  await connection.setLocalDescription(await connection.createOffer())
  return gathered(connection)
}

export async function answerTo(connection: Connection, sdp: string): Promise<string> {
  await connection.setRemoteDescription({ type: 'offer', sdp })
  await connection.setLocalDescription(await connection.createAnswer())
  return gathered(connection)
}

export function fingerprintOf(sdp: string): Uint8Array {
  const hex = /^a=fingerprint:sha-256 ([0-9A-F:]+)/im.exec(sdp)?.[1]
  if (!hex) throw new Error('no fingerprint')
  return Uint8Array.from(hex.split(':').map((byte) => Number.parseInt(byte, 16)))
}
