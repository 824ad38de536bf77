/** Who came in by which invite, and what taking it back would mean. Pure. */
import type { KeyId } from '@parley/protocol'
import type { ListedInvite } from './invites.ts'
import type { Member } from './mesh-types.ts'

/** Everybody who came by an invite, also by way of somebody who did. */
export function cameBy(invite: KeyId, members: readonly Member[]): readonly Member[] {
  return members.filter(({ path, self }) => !self && path.includes(invite))
}

/** Invites that would let a member in again after they alone were revoked. */
export function waysBack(
  member: Member,
  invites: readonly ListedInvite[],
  isLive: (invite: ListedInvite) => boolean,
): readonly ListedInvite[] {
  return invites.filter((invite) => member.path.includes(invite.key) && isLive(invite))
}

export function mayBeRevoked({ role, self }: Member): boolean {
  return role !== 'owner' && !self
}
