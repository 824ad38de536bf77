import type { DocName } from './ids.ts'

/** In ascending order of rights; `archivist` stands apart: it reads nothing and stores everything. */
export const ROLES = ['viewer', 'commenter', 'editor', 'owner', 'archivist'] as const
export type Role = (typeof ROLES)[number]

/** What a grant lets its subject delegate. */
export const DELEGATIONS = ['none', 'own-devices', 'invite'] as const
export type Delegation = (typeof DELEGATIONS)[number]

const COMMENTER_DOCS: ReadonlySet<string> = new Set(['chat', 'comments'])
const EDITOR_DOCS: ReadonlySet<string> = new Set(['index', 'content', 'invites'])

/**
 * Whether an entry of `doc` signed by somebody with `role` may stand. Unknown kinds of document are written by
 * nobody. `meta` and `roster` are no documents of a fold: records of owners, and one name each of everybody.
 */
export function mayWrite(role: Role, doc: DocName): boolean {
  const kind = doc.split('/', 1)[0] as string
  if (doc.includes('/') !== (kind === 'content')) return false
  if (COMMENTER_DOCS.has(kind)) return role === 'commenter' || role === 'editor' || role === 'owner'
  if (EDITOR_DOCS.has(kind)) return role === 'editor' || role === 'owner'
  return kind === 'roster' || (kind === 'meta' && role === 'owner')
}

/** Whether a grant of `child` may hang below a grant of `parent`. */
export function roleNarrows(parent: Role, child: Role): boolean {
  if (child === 'archivist') return parent === 'archivist' || parent === 'owner'
  if (parent === 'archivist') return false
  return ROLES.indexOf(child) <= ROLES.indexOf(parent)
}
