/** Rooms that connect through relays alone, on a network whose stacks give every address away unless they are stopped. */
import { concatBytes, utf8Decode } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import type { Room } from '../api.ts'
import type { Platform } from '../ports.ts'
import { copyRoomOn, createRoomOn, importRoomOn, joinRoomOn, reopenRoomOn } from '../rooms.ts'
import { Meeting, SIGNALING } from './meeting.ts'

const RELAY = { urls: 'turn:relay.test:3478', username: 'u', credential: 'c' }
const HIDDEN = ['192.0.2.1', '198.51.100.1', 'typ host', 'typ srflx']
const FAR_MS = 4_000_000_000_000

/** Plaintexts of every signal that a host seals; SDP and candidates leave no other way. */
function overheard(platform: Platform): { readonly platform: Platform; readonly signals: string[] } {
  const signals: string[] = []
  const encrypt: Platform['cipher']['encrypt'] = (key, iv, additionalData, plaintext) => {
    const text = /^\{"type":"(offer|answer|candidates)"/.test(
      utf8Decode(plaintext.slice(0, 24).map((b) => (b < 128 ? b : 63))),
    )
      ? utf8Decode(plaintext)
      : null
    if (text) signals.push(text)
    return platform.cipher.encrypt(key, iv, additionalData, plaintext)
  }
  return { platform: { ...platform, cipher: { ...bound(platform.cipher), encrypt } }, signals }
}

function bound(cipher: Platform['cipher']): Platform['cipher'] {
  return {
    importKey: (bytes) => cipher.importKey(bytes),
    generateKey: () => cipher.generateKey(),
    encrypt: (...given) => cipher.encrypt(...given),
    decrypt: (...given) => cipher.decrypt(...given),
    stretch: (...given) => cipher.stretch(...given),
  }
}

async function meet(iceServers: readonly (typeof RELAY)[], relayOnly: boolean) {
  const meeting = new Meeting({ seed: `relay ${relayOnly} ${iceServers.length}`, iceServers })
  const [ada, ben] = ['ada', 'ben'].map((host) => overheard(meeting.world.platform(host)))
  if (!ada || !ben) throw new Error('nobody')
  const options = (name: string) => ({
    signaling: [SIGNALING],
    profile: { name, color: '#336699' },
    relayOnly,
  })
  const made = await meeting.during(createRoomOn(ada.platform, options('ada')))
  const { link } = await made.createInvite('https://parley.test/', { role: 'editor', notAfterMs: FAR_MS })
  // Whoever joins says nothing about relays: the link does.
  const { relayOnly: _said, ...guestOptions } = options('ben')
  const joined = await meeting.during(joinRoomOn(ben.platform, link, guestOptions))
  return { meeting, made, joined, link, signals: [...ada.signals, ...ben.signals], ada, ben }
}

describe('a room that connects through relays alone', () => {
  it('[F43] [RL1] [RL2] lets no host or server-reflexive candidate leave, and its people meet', async () => {
    const { meeting, made, joined, link, ada, ben } = await meet([RELAY], true)
    expect(link).toContain('&o=relay')
    await meeting.until(() => [made, joined].every(({ state }) => state.connection.name === 'connected'))
    await meeting.until(() => made.state.people.some(({ path }) => path?.kind === 'relayed'))
    expect(joined.state.reach).toEqual({ relayOnly: true, relayOffered: true })
    const signals = [...ada.signals, ...ben.signals]
    expect(signals.filter((text) => text.includes('typ relay')).length).toBeGreaterThanOrEqual(2)
    for (const text of signals) for (const word of HIDDEN) expect(text).not.toContain(word)
    await meeting.during(Promise.all([made.close(), joined.close()]))
  })

  it('[RL2] whereas in another room all of them leave', async () => {
    const { meeting, made, joined, link, ada, ben } = await meet([RELAY], false)
    await meeting.until(() => [made, joined].every(({ state }) => state.connection.name === 'connected'))
    expect(link).not.toContain('&o=')
    const all = [...ada.signals, ...ben.signals].join()
    for (const word of HIDDEN) expect(all).toContain(word)
    await meeting.during(Promise.all([made.close(), joined.close()]))
  })

  it('[RL1] [RL3] connects to nobody where no relay is offered, and says so', async () => {
    const { meeting, made, joined, ada, ben } = await meet([], true)
    await meeting.until(() => joined.state.connection.name === 'unreachable', 120_000)
    expect(joined.state.reach).toEqual({ relayOnly: true, relayOffered: false })
    expect([...ada.signals, ...ben.signals].join()).not.toContain('typ ')
    expect(made.state.connection.name).not.toBe('connected')
    await meeting.during(Promise.all([made.close(), joined.close()]))
  })

  it('[RL1] stays one for who reopens it, and for who comes by a link without the word', async () => {
    const { meeting, made, joined, link, ada } = await meet([RELAY], true)
    await meeting.until(() => [made, joined].every(({ state }) => state.connection.name === 'connected'))
    const cleo = overheard(meeting.world.platform('cleo'))
    const options = { signaling: [SIGNALING], profile: { name: 'cleo', color: '#336699' } }
    const late = await meeting.during(joinRoomOn(cleo.platform, link.replace('&o=relay', ''), options))
    // A link of such a room always has the word; who took it out shows an address of its own, and of nobody else.
    await meeting.until(() => late.state.reach.relayOnly)
    expect(ada.signals.join()).not.toContain('typ host')
    await meeting.during(late.close())
    cleo.signals.length = 0
    const again = await meeting.during(reopenRoomOn(cleo.platform, made.id, options))
    await meeting.until(() => again.state.connection.name === 'connected')
    expect(cleo.signals.join()).toContain('typ relay')
    expect(cleo.signals.join()).not.toContain('typ host')
    await meeting.during(Promise.all([made.close(), joined.close(), again.close()]))
  })

  it('[RL5] ends direct links when it is learned late, and makes them anew through relays', async () => {
    const meeting = new Meeting({ seed: 'relay learned late', iceServers: [RELAY] })
    const [ada, ben, cleo] = ['ada', 'ben', 'cleo'].map((host) => overheard(meeting.world.platform(host)))
    if (!ada || !ben || !cleo) throw new Error('nobody')
    const options = (name: string) => ({ signaling: [SIGNALING], profile: { name, color: '#336699' } })
    const made = await meeting.during(createRoomOn(ada.platform, { ...options('ada'), relayOnly: true }))
    const { link } = await made.createInvite('https://parley.test/', { role: 'editor', notAfterMs: FAR_MS })
    await meeting.during(made.close())
    // Two who came by a link without the word, and whom nobody tells.
    const shortened = link.replace('&o=relay', '')
    const joined = [
      await meeting.during(joinRoomOn(ben.platform, shortened, options('ben'))),
      await meeting.during(joinRoomOn(cleo.platform, shortened, options('cleo'))),
    ]
    const pathsOf = (room: Room) => room.state.people.flatMap(({ path }) => (path ? [path.kind] : []))
    await meeting.until(() => joined.every((room) => pathsOf(room).join() === 'direct'))
    const again = await meeting.during(reopenRoomOn(ada.platform, made.id, options('ada')))
    await meeting.until(() => joined.every((room) => room.state.reach.relayOnly))
    for (const { signals } of [ben, cleo]) signals.length = 0
    await meeting.until(() => joined.every((room) => pathsOf(room).join() === 'relayed,relayed'))
    for (const { signals } of [ben, cleo]) {
      expect(signals.join()).toContain('typ relay')
      for (const word of HIDDEN) expect(signals.join()).not.toContain(word)
    }
    await meeting.during(Promise.all([...joined, again].map((room) => room.close())))
  })

  it('[RL6] hands that on to a copy as a new room, also to one that was made from its file', async () => {
    const { meeting, made, joined, ben } = await meet([RELAY], true)
    const zoe = meeting.world.platform('zoe')
    const options = { signaling: [SIGNALING], profile: { name: 'zoe', color: '#336699' } }
    const file = concatBytes(...(await meeting.during(made.exportFile())))
    const imported = await meeting.during(importRoomOn(zoe, file, options))
    expect(imported.state.reach.relayOnly).toBe(true)
    const copies = [
      await meeting.during(copyRoomOn(zoe, imported, options)),
      await meeting.during(copyRoomOn(ben.platform, joined, options)),
    ]
    for (const copy of copies) {
      expect(copy.state.reach.relayOnly).toBe(true)
      const { link } = await copy.createInvite('https://parley.test/', {
        role: 'viewer',
        notAfterMs: FAR_MS,
      })
      expect(link).toContain('&o=relay')
    }
    await meeting.during(Promise.all([made, joined, imported, ...copies].map((room) => room.close())))
  })

  it('[RL6] and to no other', async () => {
    const { meeting, made, joined, ben } = await meet([RELAY], false)
    const options = { signaling: [SIGNALING], profile: { name: 'ben', color: '#336699' } }
    const copy = await meeting.during(copyRoomOn(ben.platform, joined, options))
    expect(copy.state.reach.relayOnly).toBe(false)
    await meeting.during(Promise.all([made, joined, copy].map((room) => room.close())))
  })
})
