/**
 * A small Internet of network namespaces: a public place, and two homes behind NATs of their own that map each
 * destination to another port ("symmetric", RFC 4787 §4.1) and let nothing in unasked. Needs root, `ip` and `nft`.
 *
 *     home a 10.1.0.2 — nat a 203.0.113.11 ┐
 *                                          ├ bridge, public place 203.0.113.1
 *     home b 10.2.0.2 — nat b 203.0.113.12 ┘
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'

export const PUBLIC_ADDRESS = '203.0.113.1'
/** Each is a matter of milliseconds; one that hangs is a fault. */
const COMMAND_MS = 10_000

export type Home = 'a' | 'b'

function isThere(command: string): boolean {
  return ['/usr/sbin', '/sbin', '/usr/bin', '/bin'].some((folder) => existsSync(`${folder}/${command}`))
}

/** Why there can be no such network on this machine, `null` when there can. */
export function whyNoNetwork(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'network namespaces need root on Linux'
  const missing = ['ip', 'nft', 'turnserver'].filter((command) => !isThere(command))
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`
  const name = `ply${randomBytes(3).toString('hex')}`
  try {
    run('ip', 'netns', 'add', name)
    run('ip', 'netns', 'exec', name, 'nft', 'add', 'table', 'ip', 'nat')
    return null
  } catch (error) {
    return `this machine allows no network namespaces: ${error instanceof Error ? error.message : String(error)}`
  } finally {
    if (existsSync(`/var/run/netns/${name}`)) run('ip', 'netns', 'del', name)
  }
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: COMMAND_MS })
}

/** Symmetric: every new destination gets a random port. Nothing from outside comes in but answers. */
function natRules(outside: string, inside: string): string {
  return `
    flush ruleset
    table ip nat {
      chain out {
        type nat hook postrouting priority 100; policy accept;
        oifname "${outside}" masquerade fully-random
      }
    }
    table ip guard {
      chain through {
        type filter hook forward priority 0; policy drop;
        iifname "${inside}" accept
        ct state established,related accept
      }
      chain here {
        type filter hook input priority 0; policy accept;
        iifname "${outside}" ct state new drop
      }
    }`
}

export class NatNetwork {
  /** Short: names of interfaces have at most 15 characters. */
  readonly #name = `ply${randomBytes(3).toString('hex')}`

  /** What was made is taken down again when something fails. */
  static build(): NatNetwork {
    const network = new NatNetwork()
    try {
      network.#makePublic()
      network.#makeHome('a', 1)
      network.#makeHome('b', 2)
      return network
    } catch (error) {
      network.remove()
      throw error
    }
  }

  get publicPlace(): string {
    return `${this.#name}p`
  }

  home(home: Home): string {
    return `${this.#name}h${home}`
  }

  #nat(home: Home): string {
    return `${this.#name}n${home}`
  }

  #makePublic(): void {
    const pub = this.publicPlace
    run('ip', 'netns', 'add', pub)
    run('ip', '-n', pub, 'link', 'set', 'lo', 'up')
    run('ip', '-n', pub, 'link', 'add', 'br0', 'type', 'bridge')
    run('ip', '-n', pub, 'addr', 'add', `${PUBLIC_ADDRESS}/24`, 'dev', 'br0')
    run('ip', '-n', pub, 'link', 'set', 'br0', 'up')
    run('ip', '-n', pub, 'route', 'add', 'default', 'dev', 'br0')
  }

  #makeHome(home: Home, number: number): void {
    const [pub, nat, place] = [this.publicPlace, this.#nat(home), this.home(home)]
    for (const name of [nat, place]) {
      run('ip', 'netns', 'add', name)
      run('ip', '-n', name, 'link', 'set', 'lo', 'up')
    }
    const veth = (left: string, name: string, right: string, peer: string) =>
      run('ip', 'link', 'add', name, 'netns', left, 'type', 'veth', 'peer', 'name', peer, 'netns', right)
    veth(nat, 'in', place, 'eth0')
    veth(nat, 'out', pub, `to-${home}`)
    run('ip', '-n', pub, 'link', 'set', `to-${home}`, 'master', 'br0', 'up')
    run('ip', '-n', nat, 'addr', 'add', `10.${number}.0.1/24`, 'dev', 'in')
    run('ip', '-n', nat, 'addr', 'add', `203.0.113.1${number}/24`, 'dev', 'out')
    run('ip', '-n', place, 'addr', 'add', `10.${number}.0.2/24`, 'dev', 'eth0')
    for (const [name, device] of [
      [nat, 'in'],
      [nat, 'out'],
      [place, 'eth0'],
    ] as const)
      run('ip', '-n', name, 'link', 'set', device, 'up')
    run('ip', '-n', place, 'route', 'add', 'default', 'via', `10.${number}.0.1`)
    run('ip', 'netns', 'exec', nat, 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
    run('ip', 'netns', 'exec', nat, 'nft', natRules('out', 'in'))
  }

  /** From now on the network of this home lets no UDP out, as some companies' do. */
  forbidUdp(home: Home): void {
    run('ip', 'netns', 'exec', this.#nat(home), 'nft', 'insert rule ip guard through meta l4proto udp drop')
  }

  /** Whether anything is left is not asked: a namespace that was never made is no fault here. */
  remove(): void {
    const names = [this.publicPlace, ...(['a', 'b'] as const).flatMap((h) => [this.home(h), this.#nat(h)])]
    for (const name of names) if (existsSync(`/var/run/netns/${name}`)) run('ip', 'netns', 'del', name)
  }
}
