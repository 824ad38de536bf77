/**
 * What of a session description is looked at before the browser sees it. Rules: docs/spec.md, HS.
 *
 * Of several fingerprints the last one in the media section wins, in Chromium and in libwebrtc for Node, so that whoever
 * binds the first binds the wrong certificate. Media adds lines that repeat the same one: at least one line, all sha-256,
 * one distinct value over the whole description.
 */
import { limits } from '@parley/protocol'

export type SdpFault =
  | 'too-large'
  | 'too-many-candidates'
  | 'no-fingerprint'
  | 'several-fingerprints'
  | 'malformed'
export type SdpVerdict =
  | { readonly ok: true /** SHA-256 of the certificate, 32 bytes. */; readonly fingerprint: Uint8Array }
  | { readonly ok: false; readonly fault: SdpFault }

const FINGERPRINT = /^a=fingerprint:sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/i

export function checkSdp(sdp: string): SdpVerdict {
  if (sdp.length > limits.SDP_BYTES) return { ok: false, fault: 'too-large' }
  // A bare CR, or the word elsewhere than in a line of its own, is read differently by different parsers.
  if (/\r(?!\n)/.test(sdp) || sdp.includes('\0')) return { ok: false, fault: 'malformed' }
  const lines = sdp.split(/\r?\n/)
  if (lines.filter((line) => /^\s*a=candidate/i.test(line)).length > limits.SDP_CANDIDATES) {
    return { ok: false, fault: 'too-many-candidates' }
  }
  const named = lines.filter((line) => /fingerprint/i.test(line))
  const values = named.map((line) => FINGERPRINT.exec(line)?.[1]?.toUpperCase())
  if (values.length === 0) return { ok: false, fault: 'no-fingerprint' }
  if (values.some((value) => value === undefined)) return { ok: false, fault: 'malformed' }
  if (new Set(values).size > 1) return { ok: false, fault: 'several-fingerprints' }
  const bytes = (values[0] as string).split(':').map((hex) => Number.parseInt(hex, 16))
  return { ok: true, fingerprint: Uint8Array.from(bytes) }
}
