import { limits } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { checkSdp } from './sdp-check.ts'

const hex = (byte: number) => byte.toString(16).padStart(2, '0').toUpperCase()
const value = (first: number) => Array.from({ length: 32 }, (_, i) => hex((first + i) % 256)).join(':')
const line = (first = 0) => `a=fingerprint:sha-256 ${value(first)}\r\n`
const sdp = (lines: string) => `v=0\r\ns=-\r\n${lines}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n`
const faultOf = (text: string) => {
  const verdict = checkSdp(text)
  return verdict.ok ? 'ok' : verdict.fault
}

describe('a session description', () => {
  it('[SS4] gives its one fingerprint, however often and in whatever case it stands there', () => {
    const verdict = checkSdp(sdp(line() + line().toLowerCase()))
    expect(verdict).toEqual({ ok: true, fingerprint: Uint8Array.from({ length: 32 }, (_, i) => i) })
  })

  it('[SS4] without one, or with two that differ, is refused: at either end, in session or media', () => {
    expect(faultOf(sdp(''))).toBe('no-fingerprint')
    expect(faultOf(sdp(line(0) + line(1)))).toBe('several-fingerprints')
    expect(faultOf(line(0) + sdp('') + line(1))).toBe('several-fingerprints')
  })

  it.each([
    ['another hash', line().replace('sha-256', 'sha-1')],
    ['another hash beside it', line() + line().replace('sha-256', 'sha-512')],
    ['a value that is too short', line().replace('00:', '')],
    ['a value that is too long', line().replace('00:', '00:00:')],
    ['something behind it', line().replace('\r\n', ' x\r\n')],
    ['a space before it', ` ${line()}`],
    ['the word elsewhere', `${line()}a=x-fingerprint:1\r\n`],
    ['a line that only some parsers end', `${line()}a=x\r${line(1)}`],
    ['a NUL', `${line()}a=x\0\r\n`],
  ])('[SS4] with %s is refused', (_name, lines) => {
    expect(faultOf(sdp(lines))).toBe('malformed')
  })

  it('[SS4] has at most 16 KiB and 32 candidates', () => {
    const candidate = 'a=candidate:1 1 udp 1 10.0.0.1 1 typ host\r\n'
    expect(faultOf(sdp(line() + candidate.repeat(32)))).toBe('ok')
    expect(faultOf(sdp(line() + candidate.repeat(33)))).toBe('too-many-candidates')
    const filler = (count: number) => `${sdp(line())}a=${'x'.repeat(count)}`
    const left = limits.SDP_BYTES - filler(0).length
    expect([faultOf(filler(left)), faultOf(filler(left + 1))]).toEqual(['ok', 'too-large'])
  })
})
