/** The only file that reaches for the functions of the mesh. */
import type { OpenOptions, Room, Support } from './mesh-types.ts'

/** The functions of the mesh that the app calls. */
export interface MeshFunctions {
  createRoom(options: OpenOptions): Promise<Room>
  joinRoom(link: string, options: OpenOptions): Promise<Room>
  reopenRoom(roomId: string, options: OpenOptions): Promise<Room>
  removeRoom(roomId: string): Promise<void>
  checkSupport(): Promise<Support>
}

/** With `?fake` a development server shows rooms that live in memory; a production build knows nothing of them. */
export async function loadMesh(): Promise<MeshFunctions> {
  if (import.meta.env.DEV && new URLSearchParams(location.search).has('fake')) {
    return import('./testing/fake-room.ts')
  }
  return import('@parley/mesh')
}

/** The app dials its own origin and nothing else. */
export function ownSignaling(page: Pick<Location, 'protocol' | 'host'>): string[] {
  return [`${page.protocol === 'https:' ? 'wss' : 'ws'}://${page.host}/v1`]
}
