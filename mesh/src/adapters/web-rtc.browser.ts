import { ParleyError } from '../errors.ts'
import type { WebRtc } from './simple-peer-transport.ts'

/** Throws `unsupported` where the browser has no WebRTC, or a policy took it away. */
export function browserWebRtc(): WebRtc {
  const { RTCPeerConnection, RTCSessionDescription, RTCIceCandidate } = globalThis
  if (!RTCPeerConnection || !RTCSessionDescription || !RTCIceCandidate) {
    throw new ParleyError('unsupported', 'this browser has no WebRTC')
  }
  return { RTCPeerConnection, RTCSessionDescription, RTCIceCandidate }
}
