/** Places among the links of a copy: what a newcomer's link ends when there is one too many. */
import { CLOSE } from '@parley/protocol'
import type { ProvenLink } from './join/connect-peer.ts'
import type { Introductions } from './join/introductions.ts'
import { MAX_LINKS } from './limits.ts'
import { whoGivesWay } from './overlay/link-places.ts'
import type { LiveLink } from './room-links.ts'

/** Whether there is a place for the newcomer; one link too many ends, another one or that of the newcomer. */
export function makePlace(
  links: ReadonlySet<LiveLink>,
  proven: ProvenLink,
  introductions: Pick<Introductions, 'turnedAway'>,
): boolean {
  const [first, ...others] = links
  if (!first || links.size < MAX_LINKS) return true
  const newcomer = { link: proven.link, branch: proven.peer.standing.path }
  const leaves = whoGivesWay([first, ...others, newcomer])
  leaves.link.close(CLOSE.full, 'all places are taken')
  if (leaves !== newcomer) return true
  introductions.turnedAway(proven.link)
  return false
}
