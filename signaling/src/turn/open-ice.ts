import { readSecrets } from '@parley/turn'
import type { Config } from '../config.ts'
import type { IceSource } from './ice-servers.ts'

/** Throws when the file of the secret cannot be read or holds none. */
export function openIce({ iceServers, turn }: Pick<Config, 'iceServers' | 'turn'>): IceSource {
  const { stunUrls, turnUrls, secret } = turn
  const turnOffer = turnUrls.length > 0 ? { urls: turnUrls, secret: readSecrets(secret)[0] } : null
  return { fixed: iceServers, stunUrls, turn: turnOffer }
}
