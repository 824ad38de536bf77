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

/**
 * What to revoke so that a member stays away. An archivist's invite is in no list, and whoever runs the machine may have
 * kept the link: it goes along. The key before the archivist's own is an owner's where no invite stands between them.
 */
export function keyToRevoke(member: Member, members: readonly Member[]): KeyId {
  const before = member.path.at(-2)
  const isPerson = members.some(({ key, role }) => key === before && role !== 'archivist')
  return member.role === 'archivist' && before && !isPerson ? before : member.key
}

export function mayBeRevoked({ role, self }: Member): boolean {
  return role !== 'owner' && !self
}
