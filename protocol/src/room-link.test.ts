import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toBase64Url } from './bytes.ts'
import { signalKeyOf } from './room-keys.ts'
import { formatRoomLink, parseRoomLink, type RoomLink } from './room-link.ts'
import { testRoom } from './testing/index.ts'

const room = testRoom('links')
const BASE = 'https://parley.example/'

async function linkWith(via: readonly string[]): Promise<RoomLink> {
  const { chain, key } = await room.invite('editor')
  return { roomId: room.roomId, readKey: room.readKey, chain, inviteSeed: key.seed, via }
}

async function blindLink(): Promise<RoomLink> {
  const { chain, key } = await room.invite('archivist')
  return { roomId: room.roomId, signalKey: signalKeyOf(room.readKey), chain, inviteSeed: key.seed, via: [] }
}

const replaced = (text: string, field: string, value: string) =>
  text.replace(new RegExp(`([#&]${field}=)[^&]*`), `$1${value}`)
const faultOf = (text: string) => {
  const verdict = parseRoomLink(text)
  return verdict.ok ? null : verdict.fault
}

describe('links to an archivist', () => {
  it('[LK6] carry the signal key in place of the read key', async () => {
    const link = await blindLink()
    const text = formatRoomLink(BASE, link)
    expect(parseRoomLink(text)).toEqual({ ok: true, link })
    expect(text).toContain(`&q=${toBase64Url(signalKeyOf(room.readKey))}&`)
    expect(text).not.toContain(toBase64Url(room.readKey))
    expect(text).not.toContain('&k=')
  })

  it('[LK6] are damaged with both keys, with none, and with one of 31 bytes', async () => {
    const text = formatRoomLink(BASE, await blindLink())
    expect(faultOf(`${text}&k=${toBase64Url(room.readKey)}`)).toBe('damaged')
    expect(faultOf(text.replace(/&q=[^&]*/, ''))).toBe('damaged')
    expect(faultOf(replaced(text, 'q', toBase64Url(new Uint8Array(31))))).toBe('damaged')
  })
})

describe('links to a room that connects through relays alone', () => {
  it('[LK8] say so, with either key', async () => {
    for (const link of [await linkWith([]), await blindLink()]) {
      const text = formatRoomLink(BASE, { ...link, relayOnly: true })
      expect(text).toContain('&o=relay')
      expect(parseRoomLink(text)).toEqual({ ok: true, link: { ...link, relayOnly: true } })
    }
  })

  it.each(['', 'RELAY', 'direct', 'relay,more'])('[LK8] are damaged when they ask for %j', async (demand) => {
    expect(faultOf(`${formatRoomLink(BASE, await linkWith([]))}&o=${demand}`)).toBe('damaged')
  })
})

describe('room links', () => {
  it('[LK1] parse to what was formatted, as an address and as a fragment', async () => {
    const link = await linkWith(['wss://signal.example/v1?a=b&c=d', 'ws://localhost:8787/v1'])
    const text = formatRoomLink(BASE, link)
    expect(parseRoomLink(text)).toEqual({ ok: true, link })
    expect(parseRoomLink(` ${text.slice(text.indexOf('#'))} `)).toEqual({ ok: true, link })
    expect(new URL(text).pathname + new URL(text).search).toBe('/')
  })

  it('[LK5] are short enough for a QR code', async () => {
    const text = formatRoomLink(BASE, await linkWith(['wss://signaling.parley.example/v1']))
    console.log(`a room link with one grant and one signaling address has ${text.length} characters`)
    expect(text.length).toBeLessThanOrEqual(700)
  })

  it.each(['', '#', BASE, `${BASE}#r=`, '#r=abc', '#g=abc', 'hello', `#r=a&g=b${'&x=y'.repeat(5000)}`])(
    '[LK3] are not seen in %.40j',
    (text) => {
      expect(faultOf(text)).toBe('not-a-room-link')
    },
  )

  it.each([
    ['r', 'AAAAAAAAAAAAAAAAAAAAAA'],
    ['k', ''],
    ['k', toBase64Url(new Uint8Array(31))],
    ['k', `${toBase64Url(new Uint8Array(32))}=`],
    ['s', toBase64Url(new Uint8Array(33))],
    ['s', '****'],
    ['g', toBase64Url(new Uint8Array(200))],
    ['g', 'A'],
    ['via', 'https%3A%2F%2Fa.example'],
    ['via', 'javascript%3Aalert(1)'],
    ['via', 'wss%3A%2F%2F'],
  ])('[LK3] [LK4] are damaged with %s=%s', async (field, value) => {
    const text = formatRoomLink(BASE, await linkWith(['wss://signal.example/v1']))
    expect(faultOf(replaced(text, field, value))).toBe('damaged')
  })

  it.each(['k', 's'])('[LK3] are damaged without %s', async (field) => {
    const text = formatRoomLink(BASE, await linkWith([]))
    expect(faultOf(text.replace(new RegExp(`&${field}=[^&]*`), ''))).toBe('damaged')
  })

  it('[LK4] count the first four signaling addresses', async () => {
    const many = Array.from({ length: 6 }, (_, index) => `wss://s${index}.example`)
    const verdict = parseRoomLink(formatRoomLink(BASE, await linkWith(many)))
    expect(verdict.ok && verdict.link.via).toEqual(many.slice(0, 4))
  })

  it('[LK3] [LK7] never pass with a character changed in room, grants or end', async () => {
    const link = await linkWith([])
    const text = formatRoomLink(BASE, link)
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        const changed = text.slice(0, at) + character + text.slice(at + 1)
        const verdict = parseRoomLink(changed)
        if (verdict.ok) expect(verdict.link.roomId).toBe(link.roomId)
      }),
      { numRuns: 2000 },
    )
  })
})
