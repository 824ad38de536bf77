/** The list of invites, as the sealed document `invites` keeps it: who got which link. Keys and links are not in it. */
import { type KeyId, parseKeyId, ROLES, type Role } from '@parley/protocol'

export interface ListedInvite {
  readonly key: KeyId
  readonly label: string
  readonly role: Role
  /** Unix time in milliseconds. */
  readonly notAfterMs: number
}

export const INVITES_DOCUMENT = 'invites'
export const INVITES_MAP = 'invites'
export const LABEL_CHARACTERS = 100

/** Other editors write this document too: what does not have the shape is not shown. */
export function parseInvite(key: string, value: unknown): ListedInvite | null {
  const parsedKey = parseKeyId(key)
  if (parsedKey === null || typeof value !== 'object' || value === null) return null
  const { label, role, notAfterMs } = value as Record<string, unknown>
  const knownRole = ROLES.find((each) => each === role)
  if (typeof label !== 'string' || typeof notAfterMs !== 'number' || knownRole === undefined) return null
  return { key: parsedKey, label: label.slice(0, LABEL_CHARACTERS), role: knownRole, notAfterMs }
}

/** The one that lasts longest comes first. */
export function listInvites(entries: readonly (readonly [string, unknown])[]): readonly ListedInvite[] {
  return entries
    .map(([key, value]) => parseInvite(key, value))
    .filter((invite): invite is ListedInvite => invite !== null)
    .sort((one, other) => other.notAfterMs - one.notAfterMs)
}
