/** A real coturn under the configuration that `parley-turn serve` writes, asked by a client of our own. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { overlaps, parseIpRange } from './ip-range.ts'
import { findCommand } from './launch.ts'
import { SPECIAL_RANGES } from './special-ranges.ts'
import { freePort, NO_RELAY, SECRET, startTestRelay, type TestRelay } from './testing/relay.ts'
import { type Credential, TurnClient } from './testing/turn-client.ts'
import { mintCredential } from './turn-credentials.ts'

const HAS_IPV6 = Object.values(networkInterfaces()).some((infos) =>
  infos?.some(({ address }) => address === '::1'),
)
const NO_OPENSSL = findCommand('openssl') ? null : 'openssl is not installed'
const clients: TurnClient[] = []
const relays: TestRelay[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  for (const relay of relays.splice(0)) await relay.stop()
})

async function relayAt(address: string, ...flags: string[]): Promise<TestRelay> {
  const relay = await startTestRelay(address, ...flags)
  relays.push(relay)
  return relay
}

async function clientOf(
  relay: TestRelay,
  over: 'udp' | 'tcp' = 'udp',
  host = '127.0.0.1',
): Promise<TurnClient> {
  const client = await TurnClient.open({ host, port: relay.port, over })
  clients.push(client)
  return client
}

const credential = (nowMs = Date.now(), secret = SECRET, key = 'device-key-of-ada') =>
  mintCredential({ secret, key, nowMs })

/** A certificate for a day, as flags. */
function selfSigned(folder: string): readonly string[] {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const made = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost']
  execFileSync('openssl', ['req', ...made, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
    timeout: 20_000,
  })
  return ['--tls-cert', cert, '--tls-key', key]
}

/** The version that the relay speaks and whom its certificate names, or why not. */
function tlsAt(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, timeout: 5_000 }, () => {
      resolve(`${socket.getProtocol()} ${socket.getPeerCertificate().subject.CN}`)
      socket.destroy()
    })
    socket.once('error', (error) => resolve(error.message))
    socket.once('timeout', () => socket.destroy(new Error('no answer')))
  })
}

/** First, last, and one in the middle, without `::` and `0.0.0.0`, which no range may begin with. */
function placesIn({ first, last, family }: { first: string; last: string; family: 4 | 6 }): string[] {
  const inside = family === 4 ? last.replace(/\d+$/, '7') : last.replace(/[0-9a-f]+$/, '7')
  return [first, inside, last]
}

describe.skipIf(NO_RELAY)(`a real relay${NO_RELAY ? ` (skipped: ${NO_RELAY})` : ''}`, () => {
  it.each(['udp', 'tcp'] as const)(
    '[TN1] takes a minted credential and carries data, over %s',
    async (over) => {
      const relay = await relayAt('127.0.0.1')
      const [ada, ben] = [await clientOf(relay, over), await clientOf(relay)]
      const allocations = [await ada.allocate(credential()), await ben.allocate(credential())]
      const [atAda, atBen] = allocations.map(({ relayed }) => relayed)
      if (!atAda || !atBen) throw new Error(`refused: ${JSON.stringify(allocations)}`)
      expect([await ada.permit(atBen.address), await ben.permit(atAda.address)]).toEqual([0, 0])
      ada.send('over the relay', atBen.address, atBen.port)
      expect(await ben.received()).toBe('over the relay')
    },
  )

  const forged: readonly [string, () => Credential][] = [
    ['expired a second ago', () => credential(Date.now() - 601_000)],
    ['signed with another secret', () => credential(Date.now(), 'somebody-elses-secret')],
    ['whose end was moved', () => ({ ...credential(), username: `${Date.now()}:device-key-of-ada` })],
    [
      'whose user was changed',
      () => ({ ...credential(), username: credential().username.replace('device', 'eve') }),
    ],
    ['without an end', () => ({ username: 'device-key-of-ada', credential: credential().credential })],
    ['that is empty', () => ({ username: '', credential: '' })],
  ]
  it.each(forged)('[F42] [TN1] refuses a credential %s with 401', async (_what, make) => {
    const client = await clientOf(await relayAt('127.0.0.1'))
    expect(await client.allocate(make())).toEqual({ code: 401, relayed: null })
  })

  it('[F42] [TN3] sends to no special-purpose IPv4 address: 403, each range at both ends and inside', async () => {
    const client = await clientOf(await relayAt('127.0.0.1'))
    expect((await client.allocate(credential())).code).toBe(0)
    const known = [
      '0.0.0.0',
      '10.0.0.5',
      '172.16.0.9',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '127.0.0.2',
    ]
    const places = [...known, ...SPECIAL_RANGES.filter(({ family }) => family === 4).flatMap(placesIn)]
    const codes = new Map<string, number>()
    for (const place of places) codes.set(place, await client.permit(place))
    expect([...codes].filter(([, code]) => code !== 403)).toEqual([])
    for (const open of ['8.8.8.8', '11.0.0.0', '198.17.255.255', '223.255.255.255'])
      expect(await client.permit(open), open).toBe(0)
  })

  const v6 = `[F42] [TN3] sends to no special-purpose IPv6 address, IPv4 in disguise included${HAS_IPV6 ? '' : ' (skipped: this machine has no IPv6)'}`
  it.skipIf(!HAS_IPV6)(v6, async () => {
    const client = await clientOf(await relayAt('::1'), 'udp', '::1')
    expect((await client.allocate(credential(), 6)).code).toBe(0)
    const own = parseIpRange('::1')
    const special = SPECIAL_RANGES.filter(({ family }) => family === 6).flatMap(placesIn)
    const disguised = [
      '::ffff:10.0.0.1',
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
      '64:ff9b::a9fe:a9fe',
      '2002:7f00:1::',
    ]
    const codes = new Map<string, number>()
    for (const place of [...special, ...disguised]) {
      const range = parseIpRange(place)
      if (range && own && !overlaps(range, own)) codes.set(place, await client.permit(place))
    }
    expect(codes.size).toBeGreaterThan(50)
    expect([...codes].filter(([, code]) => code !== 403)).toEqual([])
    expect(await client.permit('2606:4700:4700::1111')).toBe(0)
  })

  const tls = `[TN4] speaks TLS 1.2 or later with the certificate that it was given${NO_OPENSSL ? ` (skipped: ${NO_OPENSSL})` : ''}`
  it.skipIf(NO_OPENSSL)(tls, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-cert-'))
    try {
      const certificate = selfSigned(folder)
      const port = await freePort()
      await relayAt('127.0.0.1', ...certificate, '--tls-port', String(port))
      expect(await tlsAt(port)).toMatch(/^TLSv1\.[23] localhost$/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('[TN3] sends to a private range that was allowed, and to no other', async () => {
    const client = await clientOf(await relayAt('127.0.0.1', '--allow-peers', '10.8.0.0/16'))
    expect((await client.allocate(credential())).code).toBe(0)
    expect([await client.permit('10.8.255.1'), await client.permit('10.9.0.1')]).toEqual([0, 403])
  })

  it('[F42] [TN4] gives one device no more allocations than its quota, 486, whatever ends its credentials name', async () => {
    const relay = await relayAt('127.0.0.1', '--user-quota', '3')
    const codes: number[] = []
    for (let i = 0; i < 5; i++) {
      const client = await clientOf(relay)
      codes.push((await client.allocate(credential(Date.now() - i * 1_000))).code)
    }
    expect(codes).toEqual([0, 0, 0, 486, 486])
    const other = await clientOf(relay)
    expect((await other.allocate(credential(Date.now(), SECRET, 'another-device'))).code).toBe(0)
  })

  it('[F42] [TN4] gives all together no more than the total quota', async () => {
    const relay = await relayAt('127.0.0.1', '--total-quota', '3')
    const codes: number[] = []
    for (let i = 0; i < 5; i++) {
      const client = await clientOf(relay)
      codes.push((await client.allocate(credential(Date.now(), SECRET, `device-${i}`))).code)
    }
    expect(codes).toEqual([0, 0, 0, 486, 486])
  })
})
