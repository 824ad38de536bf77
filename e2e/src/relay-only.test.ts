/** A room that connects through a relay alone, between Chromium and Node's WebRTC, with a real coturn: what leaves? */
import { networkInterfaces } from 'node:os'
import { defaultPlatform, joinRoomOn, type Platform } from '@parley/mesh'
import { findCommand } from '@parley/turn'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Door } from './door.ts'
import { PAGE } from './hostile/intruder.ts'
import { paragraphsOf } from './hostile/paragraphs.ts'
import { type Program, startRelayIn, startSignalingIn } from './nat/in-namespace.ts'
import { Person } from './person.ts'

const HOST = '127.0.0.1'
const SECRET = 'secret-of-the-relay-only-test'
const why = findCommand('turnserver') ? null : 'turnserver (package coturn) is not installed'
/** Every way in which an address of this device could be shown. */
const SHOWN = [/typ (host|srflx|prflx)/, /raddr (?!0\.0\.0\.0 )/, /\.local\b/]
const ownAddresses = () =>
  Object.values(networkInterfaces())
    .flatMap((infos) => infos ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address)

/** Keeps what the page seals for others before it is sealed, and which candidates its browser gathered. */
function listenInPage(): void {
  const page = globalThis as unknown as { signals: string[]; gathered: string[] }
  page.signals = []
  page.gathered = []
  const { encrypt } = SubtleCrypto.prototype
  SubtleCrypto.prototype.encrypt = function (algorithm, key, data) {
    const text = new TextDecoder().decode(data)
    if (/^\{"type":"(offer|answer|candidates)"/.test(text)) page.signals.push(text)
    return encrypt.call(this, algorithm, key, data)
  }
  const { RTCPeerConnection: Native } = globalThis
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      this.addEventListener('icecandidate', ({ candidate }) => page.gathered.push(candidate?.candidate ?? ''))
    }
  }
}

function overheard(platform: Platform): { readonly platform: Platform; readonly signals: string[] } {
  const signals: string[] = []
  const { cipher } = platform
  const listening: Platform['cipher'] = {
    importKey: (bytes) => cipher.importKey(bytes),
    generateKey: () => cipher.generateKey(),
    decrypt: (...given) => cipher.decrypt(...given),
    stretch: (...given) => cipher.stretch(...given),
    encrypt: (key, iv, additionalData, plaintext) => {
      const text = new TextDecoder().decode(plaintext)
      if (/^\{"type":"(offer|answer|candidates)"/.test(text)) signals.push(text)
      return cipher.encrypt(key, iv, additionalData, plaintext)
    },
  }
  return { platform: { ...platform, cipher: listening }, signals }
}

describe.skipIf(why)(`a relay-only room in real stacks${why ? ` (skipped: ${why})` : ''}`, () => {
  const programs: Program[] = []
  let browser: Browser
  let port: number

  beforeAll(async () => {
    // Two free ports: doors that were opened and closed again.
    const doors = [await Door.build(), await Door.build()] as const
    const [relayPort, signalingPort] = doors.map((door) => door.port) as [number, number]
    for (const door of doors) await door.close()
    port = signalingPort
    programs.push(await startRelayIn(null, ['--port', String(relayPort)], SECRET, HOST))
    const turn = ['--turn-urls', `turn:{host}:${relayPort}?transport=udp`]
    programs.push(await startSignalingIn(null, port, turn, { PARLEY_TURN_SECRET: SECRET }, HOST))
    const executablePath = process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium'
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run'],
    })
  })

  afterAll(async () => {
    await browser?.close()
    for (const program of programs.reverse()) await program.stop()
  })

  it('[F43] [RL1] [RL2] lets no candidate leave that shows a device, and the two meet through the relay', async () => {
    const context = await browser.newContext({ locale: 'en-US' })
    await context.addInitScript(listenInPage)
    const ada = await Person.sitDown(context, 'Ada', `http://${HOST}:${port}`)
    await ada.page.goto(`${ada.origin}/`)
    await ada.textbox('Your name').fill('Ada')
    await ada.page.getByText('Options for a new room').click()
    await ada.page.getByRole('checkbox', { name: 'Connect through a relay only' }).check()
    await ada.button('New room').click()
    await ada.document.waitFor()
    const link = await ada.invite('Can edit')
    expect(link).toContain('&o=relay')

    const { platform, signals } = overheard(defaultPlatform())
    const ben = await joinRoomOn(platform, link, {
      signaling: [`ws://${HOST}:${port}/v1`],
      profile: { name: 'Ben', color: '#336699' },
    })
    try {
      const { doc, whenLoaded } = ben.document(PAGE)
      await whenLoaded
      await ada.type('Nobody learns where I am')
      await expect.poll(() => paragraphsOf(doc)).toBe('Nobody learns where I am')
      await expect.poll(() => ada.status('Connection').textContent()).toBe('Connected to 1 device · relayed')
      await expect.poll(() => ben.state.people.find(({ self }) => !self)?.path?.kind).toBe('relayed')
      expect(ben.state.people.find(({ self }) => !self)?.path?.roundTripMs).toBeGreaterThanOrEqual(0)
      await expect
        .poll(() => ada.people.allTextContents())
        .toContainEqual(expect.stringMatching(/Ben.*relayed, \d+ ms/s))
    } finally {
      await ben.close()
    }
    const inPage = await ada.page.evaluate(() => {
      const { signals, gathered } = globalThis as unknown as { signals: string[]; gathered: string[] }
      return { signals, gathered }
    })
    for (const sent of [signals, inPage.signals]) {
      expect(sent.join()).toContain('typ relay')
      for (const shown of SHOWN) expect(sent.join()).not.toMatch(shown)
      for (const address of ownAddresses()) expect(sent.join()).not.toContain(address)
    }
    expect(inPage.gathered.filter((text) => text !== '' && !text.includes('typ relay'))).toEqual([])
    await context.close()
  })
})
