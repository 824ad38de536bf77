/** The servers and the browser of one test file. The real server runs twice: for the app here, for signaling as a process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, startServer } from '@parley/signaling'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { Door } from './door.ts'
import { Person } from './person.ts'
import { type SignalingProcess, startSignaling } from './signaling-process.ts'

const APP_DIR = join(import.meta.dirname, '../../app/dist')
export const CHROMIUM = {
  executablePath: process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
}
/** Wide enough for the drawer with the list of people; names of controls are fixed in English. */
const CONTEXT = { viewport: { width: 1280, height: 800 }, locale: 'en-US' }

/** Longest wait for one control, also on a busy machine. */
const ACTION_MS = 15_000

export class World {
  /** Where everybody goes in and out. */
  readonly door: Door
  /** For who is to lose signaling alone. */
  readonly sideDoor: Door
  readonly #app: RunningServer
  #signaling: SignalingProcess | null = null
  #browser: Browser | null = null
  readonly #contexts = new Set<BrowserContext>()
  readonly #folders: string[] = []
  readonly #cleanups: (() => Promise<void>)[] = []

  private constructor(doors: readonly [Door, Door], app: RunningServer) {
    ;[this.door, this.sideDoor] = doors
    this.#app = app
  }

  static async open(): Promise<World> {
    const doors = [await Door.build(), await Door.build()] as const
    const app = await startServer({ port: 0, appDir: APP_DIR, logLevel: 'error' })
    const world = new World(doors, app)
    for (const door of doors) {
      door.leadTo({ appPort: app.port, signalingPort: () => world.#signaling?.port ?? null })
    }
    await world.startSignaling()
    return world
  }

  /** It knows nothing of what was before. */
  async startSignaling(): Promise<void> {
    this.#signaling ??= await startSignaling([this.door.host, this.sideDoor.host])
  }

  /** As when its machine loses power. */
  async killSignaling(): Promise<void> {
    const ending = this.#signaling
    this.#signaling = null
    await ending?.kill()
  }

  /** For peers that are no browsers. */
  get signalingUrl(): string {
    return `ws://${this.door.host}/v1`
  }

  /** Somebody with a browser of their own: nothing is shared but the machine. */
  async person(name: string, origin: string = this.door.origin): Promise<Person> {
    this.#browser ??= await chromium.launch(CHROMIUM)
    const context = await this.#browser.newContext(CONTEXT)
    context.setDefaultTimeout(ACTION_MS)
    this.#contexts.add(context)
    return Person.sitDown(context, name, origin)
  }

  /** A folder in which a browser keeps what it stores, for {@link personAt}. */
  profileFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'parley-profile-'))
    this.#folders.push(folder)
    return folder
  }

  /** Somebody whose browser is a process of its own: `leave` ends it, and what was stored stays in the folder. */
  async personAt(folder: string, name: string, origin: string): Promise<Person> {
    const context = await chromium.launchPersistentContext(folder, { ...CHROMIUM, ...CONTEXT })
    context.setDefaultTimeout(ACTION_MS)
    this.#contexts.add(context)
    return Person.sitDown(context, name, origin)
  }

  /** Runs when the world ends, latest first. */
  atEnd(cleanup: () => Promise<void>): void {
    this.#cleanups.unshift(cleanup)
  }

  /** Everybody leaves; the servers stay for the next test. */
  async clear(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0)) await cleanup()
    for (const context of this.#contexts) await context.close()
    this.#contexts.clear()
  }

  async close(): Promise<void> {
    await this.clear()
    await this.#browser?.close()
    await this.door.close()
    await this.sideDoor.close()
    await this.killSignaling()
    await this.#app.close()
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true })
  }
}
