import { describe, expect, it } from 'vitest'
import { throughRelay } from './relay-filter.ts'

const RELAY = 'candidate:3 1 udp 41885439 203.0.113.1 50002 typ relay'
const candidate = (text: string) => ({
  type: 'candidate' as const,
  candidate: { candidate: text, sdpMid: '0' },
})
const left = (text: string) => {
  const data = throughRelay(candidate(text))
  return data?.type === 'candidate' ? data.candidate.candidate : null
}

describe('through relays alone', () => {
  it.each([
    ['host', 'candidate:1 1 udp 2122260223 192.168.1.7 50000 typ host'],
    ['host under a name', 'candidate:1 1 udp 2122260223 1f4712db.local 50000 typ host generation 0'],
    [
      'server reflexive',
      'candidate:2 1 udp 1686052607 198.51.100.1 50001 typ srflx raddr 192.168.1.7 rport 50000',
    ],
    ['peer reflexive', 'candidate:2 1 udp 1686052607 198.51.100.1 50001 typ prflx raddr 0.0.0.0 rport 0'],
    ['host over TCP', 'candidate:4 1 tcp 1518280447 192.168.1.7 9 typ host tcptype active'],
    ['host in capitals', 'candidate:1 1 UDP 2122260223 192.168.1.7 50000 TYP HOST'],
    ['of two types', `${RELAY} typ host`],
    ['a relay under a local name', 'candidate:3 1 udp 41885439 1f4712db.local 50002 typ relay'],
    ['with a line of its own', `${RELAY}\r\na=candidate:1 1 udp 1 192.168.1.7 50000 typ host`],
    ['nonsense', 'candidate'],
  ])('[F43] [RL2] no candidate leaves that is %s', (_what, text) => {
    expect(left(text)).toBeNull()
    expect(left(`a=${text}`)).toBeNull()
  })

  it('[F43] [RL2] a relay candidate leaves without the address behind it', () => {
    expect(left(`${RELAY} raddr 198.51.100.1 rport 50001 generation 0 ufrag Xy+/ network-cost 999`)).toBe(
      `${RELAY} raddr 0.0.0.0 rport 0 generation 0 ufrag Xy+/ network-cost 999`,
    )
    expect(left(RELAY)).toBe(`${RELAY} raddr 0.0.0.0 rport 0`)
    expect(left('')).toBe('')
  })

  it('[F43] [RL2] a description leaves without candidates, default address and origin', () => {
    const sdp = [
      'v=0',
      'o=- 1 2 IN IP4 192.168.1.7',
      's=-',
      'm=application 50000 UDP/DTLS/SCTP webrtc-datachannel',
      'c=IN IP6 2001:db8::7',
      'a=rtcp:50000 IN IP4 192.168.1.7',
      'a=candidate:1 1 udp 2122260223 192.168.1.7 50000 typ host',
      ' a=candidate:1 1 udp 2122260223 192.168.1.7 50000 typ host',
      `a=${RELAY} raddr 198.51.100.1 rport 50001`,
      'a=remote-candidates:1 192.168.1.7 50000',
      'a=ice-ufrag:abcd',
      'a=mid:0',
      '',
    ].join('\r\n')
    const data = throughRelay({ type: 'offer', sdp })
    expect(data).toEqual({
      type: 'offer',
      sdp: [
        'v=0',
        'o=- 1 2 IN IP4 0.0.0.0',
        's=-',
        'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
        'c=IN IP4 0.0.0.0',
        `a=${RELAY} raddr 0.0.0.0 rport 0`,
        'a=ice-ufrag:abcd',
        'a=mid:0',
        '',
      ].join('\r\n'),
    })
  })
})
