/**
 * Live invites as the document `invites` lists them, so that later keys reach who comes by a link. Editors write that document,
 * and wrapping a key gives it away: so what is listed is the chain of grants, which shows who invited, and whether they may.
 */
import { limits, parseKeyId, type RoomId, type Standing, type Verify, verifyChain } from '@parley/protocol'
import { LISTED_INVITES } from '../limits.ts'

/** Whatever is not the chain of a live invite under its own key is left out. */
export async function listedInvites(
  listed: Iterable<readonly [string, unknown]>,
  { roomId, verify, nowMs }: { readonly roomId: RoomId; readonly verify: Verify; readonly nowMs: number },
): Promise<Standing[]> {
  const live: Standing[] = []
  let count = 0
  for (const [name, chain] of listed) {
    const key = parseKeyId(name)
    if (!key || !(chain instanceof Uint8Array) || chain.length > limits.CHAIN_BYTES) continue
    if (++count > LISTED_INVITES) break
    const verdict = await verifyChain(chain, roomId, verify)
    if (verdict.ok && verdict.standing.key === key && verdict.standing.notAfterMs > nowMs)
      live.push(verdict.standing)
  }
  return live
}
