/** The only file that reaches for the functions of the mesh. */
import type * as Y from 'yjs'
import type { OpenOptions, Room, RoomFileFacts, Support } from './mesh-types.ts'

/** The functions of the mesh that the app calls. */
export interface MeshFunctions {
  createRoom(options: OpenOptions & { readonly relayOnly?: boolean }): Promise<Room>
  joinRoom(link: string, options: OpenOptions): Promise<Room>
  reopenRoom(roomId: string, options: OpenOptions): Promise<Room>
  /** With the passphrase of a root key in the file, as an owner. */
  importRoom(file: Uint8Array, options: OpenOptions & { readonly passphrase?: string }): Promise<Room>
  inspectRoomFile(file: Uint8Array): Promise<RoomFileFacts>
  recoverRoom(file: Uint8Array, passphrase: string, options: OpenOptions): Promise<Room>
  /** A new room of this device with all documents of another. */
  copyRoom(from: Room, options: OpenOptions): Promise<Room>
  restoreContent(target: Y.Doc, source: Y.Doc, origin: unknown): void
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
