/**
 * What of a description or candidate may leave, or be used, in a room that connects through relays alone: nothing that
 * shows an address of this device. The browser is told the same (`iceTransportPolicy`); this holds where it forgets.
 * Rules: docs/spec.md, RL.
 */
import type { IceCandidate } from '@parley/protocol'
import type { SignalData } from '../ports.ts'

/** RFC 8839 §5.1: foundation, component, transport, priority, address, port, type, and what follows. */
const RELAY =
  /^candidate:[\w+/]{1,32} \d{1,5} (?:udp|tcp) \d{1,10} (?!\S*\.local )[\w.:%-]+ \d{1,5} typ relay(?<rest>(?: [\w.:+/%-]+)*)$/i
/** The related address of a relay candidate is the one that the relay sees: the device's own, or its NAT's. */
const RELATED = / (raddr|rport) \S+/gi

/** A relay candidate without the address behind it, the empty end of candidates, or `null` for everything else. */
function relayedLine(line: string): string | null {
  if (line === '') return line
  const match = RELAY.exec(line)
  if (!match) return null
  const rest = match.groups?.['rest'] ?? ''
  if (/ typ /i.test(rest)) return null
  return `${line.slice(0, line.length - rest.length)} raddr 0.0.0.0 rport 0${rest.replace(RELATED, '')}`
}

function relayedCandidate(candidate: IceCandidate): IceCandidate | null {
  const line = relayedLine(candidate.candidate.replace(/^a=/, ''))
  return line === null ? null : { ...candidate, candidate: line }
}

/** Lines of a description, each as it is, changed, or left out (`null`). */
function relayedSdpLine(line: string): string | null {
  if (/^\s*a=candidate/i.test(line)) {
    const kept = relayedLine(line.slice('a='.length))
    return kept === null ? null : `a=${kept}`
  }
  if (/^\s*a=(rtcp|remote-candidates):/i.test(line)) return null
  // The default candidate (RFC 8839 §4.2.1.2) and the session's origin may name an address of this device as well.
  if (line.startsWith('c=')) return 'c=IN IP4 0.0.0.0'
  if (line.startsWith('m=')) return line.replace(/^(m=\S+) \d+/, '$1 9')
  return line.startsWith('o=') ? line.replace(/IN IP[46] \S+$/, 'IN IP4 0.0.0.0') : line
}

/** `null` when nothing of it is left to say. Both ways: what would leave, and what others send. */
export function throughRelay(data: SignalData): SignalData | null {
  if (data.type === 'candidate') {
    const candidate = relayedCandidate(data.candidate)
    return candidate && { type: 'candidate', candidate }
  }
  const lines = data.sdp.split(/\r?\n/).map(relayedSdpLine)
  return { type: data.type, sdp: lines.filter((line) => line !== null).join('\r\n') }
}
