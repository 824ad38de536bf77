/** Signaling and an archivist as processes, as `npm start` runs them, and peers of this process. */
import { createRoomOn, defaultPlatform, joinRoomOn, type Room } from '@parley/mesh'
import { type Service, startArchivist, startSignaling, temporaryFolder } from './processes.ts'

export const FAR_MS = 4e12
export const PAGE = 'content/main'
const APP = 'https://parley.test/'

/** Ends, in the opposite order, what a test began. */
export class Ends {
  readonly #ends: (() => unknown)[] = []

  add<T>(value: T, end: (value: T) => unknown): T {
    this.#ends.push(() => end(value))
    return value
  }

  async run(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end()
  }

  folder(): string {
    return this.add(temporaryFolder(), ({ remove }) => remove()).path
  }

  service(service: Service): Service {
    return this.add(service, (one) => one.stop())
  }
}

export interface House {
  /** `http://…` */
  readonly signaling: string
  readonly dir: string
  readonly archivist: Service
  /** `http://…` */
  readonly url: string
}

/** The archivist first, so that signaling can name it from the first welcome on. */
export async function openHouse(ends: Ends, signalingArgs: readonly string[] = []): Promise<House> {
  const probe = startSignaling()
  const { port } = new URL(await probe.url())
  await probe.stop()
  const signaling = `http://127.0.0.1:${port}`
  const dir = ends.folder()
  const archivist = ends.service(startArchivist(dir, signaling))
  const url = await archivist.url()
  await ends.service(startSignaling('--port', port, '--archivist', url, ...signalingArgs)).url()
  return { signaling, dir, archivist, url }
}

const options = (signaling: string, name: string) => ({
  signaling: [`${signaling.replace('http', 'ws')}/v1`],
  profile: { name, color: '#336699' },
})

export async function makeRoom(ends: Ends, signaling: string): Promise<Room> {
  return ends.add(await createRoomOn(defaultPlatform(), options(signaling, 'Ada')), (room) => room.close())
}

/** Somebody with a link and nothing else. */
export async function newcomer(ends: Ends, signaling: string, link: string): Promise<Room> {
  const room = await joinRoomOn(defaultPlatform(), link, options(signaling, 'Eve'))
  ends.add(room, (one) => one.close())
  await room.document(PAGE).whenLoaded
  return room
}

export async function invite(room: Room, role: 'editor' | 'archivist'): Promise<string> {
  return (await room.createInvite(APP, { role, notAfterMs: FAR_MS })).link
}

export const keepOnServer = (room: Room): Promise<void> => room.keepOnServer(APP)

export const textIn = (room: Room) => room.document(PAGE).doc.getText('t')

export async function write(room: Room, text: string): Promise<void> {
  await room.document(PAGE).whenLoaded
  textIn(room).insert(textIn(room).length, text)
}

/** Values of the metrics of an archivist by their names, labels included. */
export async function metricsOf(url: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  )
}
