import { describe, expect, it } from 'vitest'
import { toBase64Url, utf8Decode } from '../bytes.ts'
import { OPERATOR_TOKEN_BYTES, SAMPLE_PEERS, SDP_BYTES, SDP_CANDIDATES } from '../limits.ts'
import { testRoom } from '../testing/index.ts'
import { parseClientMessage } from './client-messages.ts'
import { signalingProofMessage } from './proof.ts'
import { parseSealedSignal } from './sealed-signal.ts'
import { parseServerMessage } from './server-messages.ts'

const PEER = 'p'.repeat(22)
const hello = { type: 'hello', v: 1, room: 'r'.repeat(43), chain: 'AAAA' }
const client = (message: unknown) => parseClientMessage(JSON.stringify(message))
const server = (message: unknown) => parseServerMessage(JSON.stringify(message))
const peer = (message: unknown) => parseSealedSignal(JSON.stringify(message))

describe('messages of a client', () => {
  it.each([
    hello,
    { ...hello, token: 't' },
    // One refusal for all tokens that do not hold: the server says it, not the parser.
    { ...hello, token: 'A'.repeat(OPERATOR_TOKEN_BYTES + 1) },
    { type: 'proof', signature: 's'.repeat(86) },
    { type: 'signal', to: PEER, sealed: 'AAAA' },
    { type: 'more' },
    { type: 'renew', chain: 'AAAA' },
    { type: 'keep', sealed: 'AAAA' },
    { type: 'leave' },
  ])('are read: $type', (message) => {
    expect(client(message)).toEqual(message)
  })

  it.each([
    ['nothing', ''],
    ['no JSON', 'hello'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no type', '{}'],
    ["another protocol's message", '{"type":"subscribe","topics":5}'],
    ['a field more', JSON.stringify({ type: 'more', count: 5 })],
    ['a field less', JSON.stringify({ ...hello, chain: undefined })],
    ['__proto__', '{"type":"more","__proto__":{"a":1}}'],
    ['constructor', '{"type":"constructor"}'],
    ['a type that is no text', '{"type":{"toString":1}}'],
    ['deep JSON', `{"type":"more","a":${'['.repeat(30_000)}`],
    ['deep JSON that is whole', `{"type":"more","a":${'['.repeat(5000)}${']'.repeat(5000)}}`],
    ['a version that is no number', JSON.stringify({ ...hello, v: '1' })],
    ['a room of 22 characters', JSON.stringify({ ...hello, room: 'r'.repeat(22) })],
    ['a chain of 4 KiB', JSON.stringify({ ...hello, chain: 'A'.repeat(4096) })],
    ['a chain that is not base64url', JSON.stringify({ ...hello, chain: 'A+/=' })],
    ['a token that is no text', JSON.stringify({ ...hello, token: {} })],
    ['a signature of 65 bytes', JSON.stringify({ type: 'proof', signature: 's'.repeat(88) })],
    ['a peer id with a space', JSON.stringify({ type: 'signal', to: `${'p'.repeat(21)} `, sealed: 'AAAA' })],
    ['an empty link to keep by', JSON.stringify({ type: 'keep', sealed: '' })],
    ['a link of 5 KiB to keep by', JSON.stringify({ type: 'keep', sealed: 'A'.repeat(6828) })],
    ['an empty signal', JSON.stringify({ type: 'signal', to: PEER, sealed: '' })],
  ])('[SG1] [F10] are refused for %s', (_what, text) => {
    expect(parseClientMessage(text)).toBeNull()
  })
})

describe('messages of a server', () => {
  const limits = { frameBytes: 65_536, messagesPerSecond: 30 }
  const welcome = { type: 'welcome', peer: PEER, peers: [PEER], iceServers: [], limits }

  it.each([
    { type: 'challenge', nonce: 'n'.repeat(43) },
    {
      ...welcome,
      iceServers: [{ urls: ['stun:a.example', 'turns:b.example'], username: 'u', credential: 'c' }],
    },
    { ...welcome, archivist: { agreement: 'a'.repeat(43) } },
    { type: 'kept', accepted: true },
    { type: 'archivist', agreement: 'a'.repeat(43) },
    { type: 'archivist', agreement: null },
    {
      type: 'ice',
      iceServers: [{ urls: 'turn:a.example:3478?transport=tcp', username: '1:k', credential: 'c' }],
    },
    { type: 'introduce', peer: PEER },
    { type: 'sample', peers: [] },
    { type: 'signal', from: PEER, sealed: 'AAAA' },
    { type: 'left', peer: PEER },
    { type: 'refused', code: 4401, reason: 'no' },
  ])('are read: $type', (message) => {
    expect(server(message)).toEqual(message)
  })

  it.each([
    ['nine peers in a sample', { type: 'sample', peers: new Array(SAMPLE_PEERS + 1).fill(PEER) }],
    ['nine peers in a welcome', { ...welcome, peers: new Array(SAMPLE_PEERS + 1).fill(PEER) }],
    ['an ICE server that is a web address', { ...welcome, iceServers: [{ urls: 'https://a.example' }] }],
    ['a field more', { type: 'left', peer: PEER, why: 'x' }],
    ['an archivist with a short key', { ...welcome, archivist: { agreement: 'a'.repeat(42) } }],
    ['another archivist with a short key', { type: 'archivist', agreement: 'a'.repeat(42) }],
    ['an archivist of which nothing is said', { type: 'archivist' }],
    ['kept by a word', { type: 'kept', accepted: 'yes' }],
    ["a client's message", { type: 'more' }],
    ['a reason of 201 characters', { type: 'refused', code: 4401, reason: 'x'.repeat(201) }],
  ])('[SG1] are refused for %s', (_what, message) => {
    expect(server(message)).toBeNull()
  })
})

describe('sealed signals', () => {
  const offer = { type: 'offer', attempt: 'a'.repeat(11), sdp: 'v=0', instance: 'i'.repeat(22), linked: [] }
  const candidate = { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 }
  const candidates = { type: 'candidates', attempt: offer.attempt, candidates: [candidate] }

  it.each([
    { ...offer, linked: [offer.instance] },
    { type: 'answer', attempt: offer.attempt, sdp: 'v=0', instance: offer.instance },
    { ...candidates, candidates: [candidate, { candidate: '', sdpMid: null }] },
    { type: 'decline', attempt: offer.attempt, instance: offer.instance, why: 'linked' },
  ])('[SS2] are read: $type', (message) => {
    expect(peer(message)).toEqual(message)
  })

  it.each([
    ['an SDP over 16 KiB', { ...offer, sdp: 'x'.repeat(SDP_BYTES + 1) }],
    ['33 candidates', { ...candidates, candidates: new Array(SDP_CANDIDATES + 1).fill(candidate) }],
    ['5,000 candidates', { ...candidates, candidates: new Array(5000).fill(candidate) }],
    ['a candidate of 2 KiB', { ...candidates, candidates: [{ candidate: 'x'.repeat(2048) }] }],
    ['17 links', { ...offer, linked: new Array(17).fill(offer.instance) }],
    [
      'another reason to decline',
      { type: 'decline', attempt: offer.attempt, instance: offer.instance, why: 'x' },
    ],
    ['no attempt', { ...offer, attempt: '' }],
    ['a field more', { ...offer, role: 'owner' }],
  ])('[SS2] [SS4] [F12] are refused for %s', (_what, message) => {
    expect(peer(message)).toBeNull()
  })
})

describe('proof of possession', () => {
  it('[SG3] is over context, host in lower case after its length, nonce and room', () => {
    const { roomId } = testRoom('proof')
    const nonce = new Uint8Array(32).fill(7)
    const message = signalingProofMessage('Signal.Example:8787', nonce, roomId)
    expect(utf8Decode(message.slice(0, 13))).toBe('parley/sig/v1')
    expect(message[13]).toBe(19)
    expect(utf8Decode(message.slice(14, 33))).toBe('signal.example:8787')
    expect(message.slice(33, 65)).toEqual(nonce)
    expect(toBase64Url(message.slice(65))).toBe(roomId)
  })

  it('[SG3] differs by host', () => {
    const { roomId } = testRoom('proof')
    const nonce = new Uint8Array(32)
    const texts = ['a.example', 'b.example', 'a.example:1'].map((host) =>
      toBase64Url(signalingProofMessage(host, nonce, roomId)),
    )
    expect(new Set(texts).size).toBe(3)
  })
})
