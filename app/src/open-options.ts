/** With what every room is opened: the signaling of this origin, who one is, and the operator's token where one is asked for. */
import { ownSignaling } from './mesh.ts'
import type { OpenOptions, Profile } from './mesh-types.ts'
import { TokenDesk, tokenPathOf } from './operator-token.ts'

const path = typeof document === 'undefined' ? null : tokenPathOf(document)

/** `null` where the page was told of no place to ask at. One for the page: all rooms are of one server. */
export const tokenDesk: TokenDesk | null =
  path === null ? null : new TokenDesk(path, location, (...request) => fetch(...request))

export function openOptions({ name, color }: Profile): OpenOptions {
  return {
    signaling: ownSignaling(location),
    profile: { name, color },
    ...(tokenDesk ? { token: (url: string) => tokenDesk.ask(url) } : {}),
  }
}
