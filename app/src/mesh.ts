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

let load = (): Promise<MeshFunctions> => import('@parley/mesh')

/** Fetched when it is needed first: the shell shows before it. */
export function loadMesh(): Promise<MeshFunctions> {
  return load()
}

/** For pages that show the app without a network. Before anything is opened. */
export function provideMesh(functions: MeshFunctions): void {
  load = () => Promise.resolve(functions)
}

/** The app dials its own origin and nothing else. */
export function ownSignaling(page: Pick<Location, 'protocol' | 'host'>): string[] {
  return [`${page.protocol === 'https:' ? 'wss' : 'ws'}://${page.host}/v1`]
}
