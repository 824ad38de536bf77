import { roomIdOf } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { listInvites } from './invites.ts'
import { isLoopback } from './loopback.ts'
import { contrast, initialsOf, PALETTE, safeColor, textColorOn } from './palette.ts'
import { normalizePassphrase, passphraseStrength } from './passphrase.ts'
import { cleanName, generatedProfile, parseStoredProfile } from './profile.ts'
import { parseKnownRoom } from './rooms-list.ts'

describe('colours of people', () => {
  it('carry white text readably', () => {
    for (const { value } of PALETTE) expect(contrast(value, '#ffffff'), value).toBeGreaterThanOrEqual(4.5)
  })

  it('carry readable text whatever others send', () => {
    for (const color of ['#ffff00', '#000000', '#777777', '#ff0000', 'red; background: url(//x)', null]) {
      const background = safeColor(color)
      expect(background).toMatch(/^#[0-9a-f]{6}$/i)
      expect(contrast(background, textColorOn(background))).toBeGreaterThanOrEqual(4.5)
    }
  })
})

describe('the profile', () => {
  it('starts with a name and a colour of the palette', () => {
    for (const fraction of [0, 0.5, 0.999999]) {
      const { name, color } = generatedProfile(() => fraction)
      expect(name).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/)
      expect(PALETTE.some(({ value }) => value === color)).toBe(true)
    }
  })

  it('trims names, counts characters and refuses empty ones', () => {
    expect(cleanName('  Ada   Lovelace ')).toBe('Ada Lovelace')
    expect(cleanName(' \n ')).toBeNull()
    expect([...(cleanName('🦦'.repeat(80)) ?? '')]).toHaveLength(64)
  })

  it.each(['', 'null', '[]', '{"name":5}', '{"name":" "}', '{'])(
    'does not trust what is stored: %j',
    (text) => {
      expect(parseStoredProfile(text)).toBeNull()
    },
  )

  it('gives initials of one or two words', () => {
    expect(initialsOf('ada king lovelace')).toBe('AL')
    expect(initialsOf('林')).toBe('林')
    expect(initialsOf('🦦 otter')).toBe('🦦O')
    expect(initialsOf(' ')).toBe('?')
  })
})

describe('addresses of this computer alone', () => {
  it.each(['localhost', 'LOCALHOST.', 'app.localhost', '127.0.0.1', '127.1.2.3', '[::1]'])('%s', (host) => {
    expect(isLoopback(host)).toBe(true)
  })
  it.each(['example.org', '192.168.1.5', 'localhost.example.org', '127.0.0.1.example.org'])(
    'not %s',
    (host) => {
      expect(isLoopback(host)).toBe(false)
    },
  )
})

describe('a passphrase', () => {
  it.each([
    ['', 'too-short'],
    ['abc1234', 'too-short'],
    ['aaaaaaaaaaaaaaaaaaaaaaaa', 'weak'],
    ['password', 'weak'],
    ['tide tables 12', 'fair'],
    ['Quay otter! lantern 1903', 'strong'],
  ])('%j is %s', (text, strength) => {
    expect(passphraseStrength(text)).toBe(strength)
  })
})

describe('lists that others or earlier versions wrote', () => {
  const roomId = roomIdOf(new Uint8Array(32))

  it('show rooms of the right shape only', () => {
    const value = { title: 'Plans', role: 'owner', lastOpenedMs: 5 }
    expect(parseKnownRoom(roomId, value)).toEqual({ roomId, ...value })
    expect(parseKnownRoom('short', value)).toBeNull()
    expect(parseKnownRoom(roomId, { ...value, role: 'king' })).toBeNull()
    expect(parseKnownRoom(roomId, { ...value, title: { toString: 1 } })).toBeNull()
    expect(parseKnownRoom(roomId, null)).toBeNull()
  })

  it('show invites of the right shape only, the longest first', () => {
    const invite = { label: 'A', role: 'viewer', notAfterMs: 1 }
    const [one, two] = [roomIdOf(new Uint8Array(32)), roomIdOf(new Uint8Array(31))]
    const listed = listInvites([
      [one, invite],
      [two, { ...invite, notAfterMs: 2 }],
      ['__proto__', invite],
      [one, { ...invite, label: null }],
      [one, 'x'],
    ])
    expect(listed.map(({ notAfterMs }) => notAfterMs)).toEqual([2, 1])
  })
})

describe('a passphrase', () => {
  it('is the same however the keyboard spells it', () => {
    const composed = 'caf\u00e9 \ufb01sh'
    expect(normalizePassphrase('cafe\u0301 fish')).toBe(normalizePassphrase(composed))
    expect(normalizePassphrase('Quay otter lantern')).toBe('Quay otter lantern')
  })
})
