import type { ReactiveController, ReactiveControllerHost } from 'lit'
import { loadMesh, type MeshFunctions } from '../mesh.ts'
import type { OpenOptions, Room, RoomEvent } from '../mesh-types.ts'
import type { RoomRequest } from '../route.ts'
import { problemOf } from '../state-text.ts'
import type { ProblemKind } from '../words.ts'

export type RoomPhase =
  | { readonly name: 'opening' }
  | { readonly name: 'open'; readonly room: Room }
  | { readonly name: 'failed'; readonly problem: ProblemKind }

interface Callbacks {
  readonly options: () => OpenOptions
  readonly opened: (room: Room) => void
  readonly event: (event: RoomEvent) => void
}

function openRoom(mesh: MeshFunctions, request: RoomRequest, options: OpenOptions): Promise<Room> {
  switch (request.kind) {
    case 'create':
      return mesh.createRoom({ ...options, relayOnly: request.relayOnly ?? false })
    case 'join':
      return mesh.joinRoom(request.link, options)
    case 'opened':
      return Promise.resolve(request.room)
    case 'reopen':
      return mesh.reopenRoom(request.roomId, options)
  }
}

/**
 * Opens a room while its host is on the page and closes it when the host leaves. Being taken out and put back at once
 * neither makes a second room nor leaves one open.
 */
export class RoomController implements ReactiveController {
  readonly #host: ReactiveControllerHost
  readonly #callbacks: Callbacks
  #request: RoomRequest | null = null
  #connected = false
  /** Opening and closing one after the other: a room is not opened again before it is closed. */
  #tail: Promise<void> = Promise.resolve()
  #unsubscribes: readonly (() => void)[] = []
  phase: RoomPhase = { name: 'opening' }

  constructor(host: ReactiveControllerHost, callbacks: Callbacks) {
    this.#host = host
    this.#callbacks = callbacks
    host.addController(this)
  }

  get room(): Room | null {
    return this.phase.name === 'open' ? this.phase.room : null
  }

  request(request: RoomRequest): void {
    this.#request = request
    this.#enqueue(() => this.#open(request))
  }

  /** Closes the room and opens it with all that is stored by now. */
  reopen(): void {
    this.#enqueue(() => this.#close())
    this.retry()
  }

  retry(): void {
    if (this.#request) this.request(this.#request)
  }

  hostConnected(): void {
    this.#connected = true
    addEventListener('pagehide', this.#leave)
    if (this.#request) this.request(this.#request)
  }

  hostDisconnected(): void {
    this.#connected = false
    removeEventListener('pagehide', this.#leave)
    this.#enqueue(() => (this.#connected ? Promise.resolve() : this.#close()))
  }

  readonly #leave = (event: PageTransitionEvent): void => {
    // A page in the back/forward cache comes back as it was left; the mesh redials.
    if (!event.persisted) this.#enqueue(() => this.#close())
  }

  #enqueue(step: () => Promise<void>): void {
    this.#tail = this.#tail.then(step).catch((error: unknown) => this.#fail(error))
  }

  async #open(request: RoomRequest): Promise<void> {
    if (!this.#connected && request.kind === 'opened') await request.room.close()
    if (!this.#connected || this.phase.name === 'open') return
    this.#show({ name: 'opening' })
    const room = await openRoom(await loadMesh(), request, this.#callbacks.options())
    // From here on this room is the one meant, also for "create".
    this.#request = { kind: 'reopen', roomId: room.id }
    if (!this.#connected) return room.close()
    this.#unsubscribes = [
      room.onState(() => this.#host.requestUpdate()),
      room.onEvent((event) => this.#callbacks.event(event)),
    ]
    this.#show({ name: 'open', room })
    this.#callbacks.opened(room)
  }

  async #close(): Promise<void> {
    const room = this.room
    for (const unsubscribe of this.#unsubscribes) unsubscribe()
    this.#unsubscribes = []
    this.#show({ name: 'opening' })
    await room?.close()
  }

  #fail(error: unknown): void {
    const problem = problemOf(error)
    if (problem === 'unexpected') reportError(error)
    this.#show({ name: 'failed', problem })
  }

  #show(phase: RoomPhase): void {
    this.phase = phase
    this.#host.requestUpdate()
  }
}
