/** What a signaling session tells, handed to the introductions that follow from it. */
import type { Introductions } from './introductions.ts'
import type { SignalingSessionEvents } from './signaling-session.ts'

/** All but the session's state, which the room itself follows. `introductions` are made after the session. */
export function introductionsBy(introductions: () => Introductions): Omit<SignalingSessionEvents, 'state'> {
  return {
    welcome: (self, peers, iceServers) => introductions().handleWelcome(self, peers, iceServers),
    ice: (iceServers) => introductions().handleIceServers(iceServers),
    introduced: (peer) => introductions().handleIntroduced(peer),
    sample: (peers) => introductions().handleSample(peers),
    signal: (from, sealed) => void introductions().handleSealed(from, sealed),
    left: (peer) => introductions().handleLeft(peer),
  }
}
