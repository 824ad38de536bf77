/** J6: two people behind symmetric NATs. Real namespaces, a real coturn, a browser in each home. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  browserIn,
  type HomeBrowser,
  type Program,
  startRelayIn,
  startSignalingIn,
} from './nat/in-namespace.ts'
import { type Home, NatNetwork, PUBLIC_ADDRESS, whyNoNetwork } from './nat/network.ts'
import { Person } from './person.ts'

const SECRET = 'secret-of-the-network-test'
const RELAY_PORT = 3478
const STUN_ONLY = ['--stun-urls', `stun:${PUBLIC_ADDRESS}:${RELAY_PORT}`]
const PORTS = { stun: 8001, both: 8002, tcp: 8003 }
const originOf = (port: number) => `http://${PUBLIC_ADDRESS}:${port}`
/** The mesh gives up on one try after 20 s. */
const TRY_MS = 45_000
const why = whyNoNetwork()

describe.skipIf(why)(`two homes behind symmetric NATs${why ? ` (skipped: ${why})` : ''}`, () => {
  let network: NatNetwork
  const programs: Program[] = []
  const homes = new Map<Home, HomeBrowser>()

  beforeAll(async () => {
    network = NatNetwork.build()
    const pub = network.publicPlace
    programs.push(await startRelayIn(pub, ['--port', String(RELAY_PORT)], SECRET))
    const turn = (transport: string) => `turn:{host}:${RELAY_PORT}?transport=${transport}`
    const env = { PARLEY_TURN_SECRET: SECRET }
    const both = ['--turn-urls', `${turn('udp')},${turn('tcp')}`]
    programs.push(await startSignalingIn(pub, PORTS.stun, STUN_ONLY))
    programs.push(await startSignalingIn(pub, PORTS.both, [...STUN_ONLY, ...both], env))
    programs.push(await startSignalingIn(pub, PORTS.tcp, ['--turn-urls', turn('tcp')], env))
    for (const home of ['a', 'b'] as const) {
      homes.set(home, await browserIn(network.home(home), Object.values(PORTS).map(originOf)))
    }
  }, 120_000)

  afterEach(async () => {
    for (const { context } of homes.values()) await context.pages()[0]?.goto('about:blank')
  })

  afterAll(async () => {
    try {
      for (const browser of homes.values()) await browser.close()
      for (const program of programs.reverse()) await program.stop()
    } finally {
      network?.remove()
    }
  }, 60_000)

  async function person(home: Home, name: string, port: number): Promise<Person> {
    const browser = homes.get(home)
    if (!browser) throw new Error('no browser there')
    return Person.sitDown(browser.context, name, originOf(port))
  }

  async function meet(port: number): Promise<readonly [Person, Person]> {
    const ada = await person('a', 'Ada', port)
    await ada.makeRoom()
    const ben = await person('b', 'Ben', port)
    await ben.enter(await ada.invite('Can edit'))
    return [ada, ben]
  }

  async function write(ada: Person, ben: Person): Promise<void> {
    await ada.type('From home to home')
    await expect.poll(() => ben.text(), { timeout: TRY_MS }).toContain('From home to home')
  }

  it('[RL3] cannot meet without a relay, and are told what would help', async () => {
    const [ada, ben] = await meet(PORTS.stun)
    const unreached = /cannot be reached/
    await expect.poll(() => ben.status('Connection').textContent(), { timeout: TRY_MS }).toMatch(unreached)
    await ada.type('Nobody reads this')
    expect(await ben.text()).not.toContain('Nobody')
  }, 120_000)

  it('[RL4] meet through the relay, and the app says so', async () => {
    const [ada, ben] = await meet(PORTS.both)
    await write(ada, ben)
    for (const one of [ada, ben]) {
      await expect.poll(() => one.status('Connection').textContent(), { timeout: TRY_MS }).toMatch(/relayed/)
    }
  }, 120_000)

  it('[RL4] meet through the relay over TCP where one home lets no UDP out', async () => {
    network.forbidUdp('a')
    const [ada, ben] = await meet(PORTS.both)
    await write(ada, ben)
    await expect.poll(() => ada.status('Connection').textContent(), { timeout: TRY_MS }).toMatch(/relayed/)
  }, 120_000)

  it('[RL4] meet through the relay over TCP alone', async () => {
    const [ada, ben] = await meet(PORTS.tcp)
    await write(ada, ben)
    await expect.poll(() => ben.status('Connection').textContent(), { timeout: TRY_MS }).toMatch(/relayed/)
  }, 120_000)
})
