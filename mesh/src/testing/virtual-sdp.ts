/** Session descriptions of the virtual network: short, but with the lines that the mesh reads and checks. */
import type { Random } from '../ports.ts'

export interface SdpFacts {
  /** Pairs two connections, as ICE does (RFC 8839 §5.4). */
  readonly ufrag: string
  /** `AA:BB:…`, 32 bytes (RFC 8122 §5). */
  readonly fingerprint: string
}

export function virtualFingerprint(random: Random): string {
  return Array.from(random.bytes(32), (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':')
}

export function writeSdp(facts: SdpFacts, setup: 'actpass' | 'active'): string {
  return [
    'v=0',
    'o=- 1 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    `a=ice-ufrag:${facts.ufrag}`,
    'a=ice-pwd:virtualvirtualvirtual00',
    'a=ice-options:trickle',
    `a=fingerprint:sha-256 ${facts.fingerprint}`,
    `a=setup:${setup}`,
    'a=mid:0',
    'a=sctp-port:5000',
    'a=max-message-size:262144',
    '',
  ].join('\r\n')
}

/** Of several fingerprints the last one counts, as it does in browsers. `null`: not to be understood. */
export function readSdp(sdp: string): SdpFacts | null {
  const ufrag = /^a=ice-ufrag:(\S+)\r?$/m.exec(sdp)?.[1]
  const fingerprint = [...sdp.matchAll(/^a=fingerprint:sha-256 ([0-9A-F:]{95})\r?$/gim)].at(-1)?.[1]
  return ufrag && fingerprint ? { ufrag, fingerprint: fingerprint.toUpperCase() } : null
}
