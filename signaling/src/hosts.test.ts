import type { NetworkInterfaceInfo } from 'node:os'
import { describe, expect, it } from 'vitest'
import { mayConnect, ownHosts } from './hosts.ts'

const interfaces = {
  lo: [{ address: '127.0.0.1' }, { address: '::1' }],
  eth0: [{ address: '192.0.2.7' }, { address: '2001:DB8::7' }, { address: 'fe80::1' }],
} as unknown as NodeJS.Dict<NetworkInterfaceInfo[]>
const LOOPBACK = ['localhost:8787', '127.0.0.1:8787', '[::1]:8787']

describe('own hosts', () => {
  it('are loopback and all addresses when it listens on all', () => {
    const hosts = [...LOOPBACK, '192.0.2.7:8787', '[2001:db8::7]:8787']
    expect(ownHosts('0.0.0.0', 8787, interfaces)).toEqual(hosts)
    expect(ownHosts('::', 8787, interfaces)).toEqual(hosts)
  })

  it('are loopback and the one that it listens on otherwise', () => {
    expect(ownHosts('127.0.0.1', 8787, interfaces)).toEqual(LOOPBACK)
    expect(ownHosts('192.0.2.7', 8787, interfaces)).toEqual([...LOOPBACK, '192.0.2.7:8787'])
  })

  it('have no port where browsers leave it out', () => {
    expect(ownHosts('localhost', 443, {})).toContain('localhost')
    expect(ownHosts('localhost', 8787, {})).not.toContain('localhost')
  })
})

describe('[F5] origins', () => {
  it.each([
    [undefined, true],
    ['http://localhost:8787', true],
    ['https://LOCALHOST:8787', true],
    ['http://localhost', false],
    ['http://localhost:8788', false],
    ['https://evil.example', false],
    ['http://localhost:8787.evil.example', false],
    ['http://localhost:8787/', false],
    ['ftp://localhost:8787', false],
    ['null', false],
    ['', false],
  ])('of its own hosts: %s is %s', (origin, may) => expect(mayConnect(origin, [], LOOPBACK)).toBe(may))

  it('that are listed, and no others', () => {
    const listed = ['https://app.example']
    expect(mayConnect('https://App.example', listed, LOOPBACK)).toBe(true)
    expect(mayConnect('http://app.example', listed, LOOPBACK)).toBe(false)
    expect(mayConnect('http://localhost:8787', listed, LOOPBACK)).toBe(false)
  })
})
