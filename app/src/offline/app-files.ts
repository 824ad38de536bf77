/** The app's own files, kept by the browser so that the app starts while its server cannot be reached. */

/** `/` and the paths of all files of one build. */
export interface AppBuild {
  readonly version: string
  readonly paths: readonly string[]
}

export interface AppFilesPorts {
  readonly caches: Pick<CacheStorage, 'open' | 'keys' | 'delete'>
  readonly fetch: typeof fetch
  readonly origin: string
  /** Resolves after so many milliseconds. */
  readonly wait: (delayMs: number) => Promise<void>
}

const PREFIX = 'parley-app-'
/** A server that takes longer is not waited for: the app talks to others without it. */
const SLOW_MS = 4_000

export class AppFiles {
  readonly #build: AppBuild
  readonly #ports: AppFilesPorts

  constructor(build: AppBuild, ports: AppFilesPorts) {
    this.#build = build
    this.#ports = ports
  }

  /** Fetches all files. Rejects when one of them cannot be had: then nothing of this build is used. */
  async install(): Promise<void> {
    const cache = await this.#ports.caches.open(this.#name)
    await Promise.all(
      this.#build.paths.map(async (path) => {
        // What has its content's hash in its name may come from the browser's own cache.
        const request = { cache: path.startsWith('/assets/') ? 'default' : 'no-cache' } as const
        const response = await this.#ports.fetch(path, request)
        // A page to sign in at is no file of the app.
        if (!response.ok || response.redirected) throw new Error(`${path}: status ${response.status}`)
        await cache.put(path, response)
      }),
    )
  }

  /** Throws away earlier builds, which no window shows any more. */
  async activate(): Promise<void> {
    const names = await this.#ports.caches.keys()
    const old = names.filter((name) => name.startsWith(PREFIX) && name !== this.#name)
    await Promise.all(old.map((name) => this.#ports.caches.delete(name)))
  }

  /** `null` for what is none of the app's files: the browser asks the server as if nobody stood in between. */
  answer(request: Pick<Request, 'method' | 'mode' | 'url'>): Promise<Response> | null {
    const { origin, pathname } = new URL(request.url)
    if (request.method !== 'GET' || origin !== this.#ports.origin) return null
    if (request.mode === 'navigate') return pathname === '/' ? this.#page(request) : null
    return pathname !== '/' && this.#build.paths.includes(pathname) ? this.#file(request, pathname) : null
  }

  get #name(): string {
    return PREFIX + this.#build.version
  }

  async #kept(path: string): Promise<Response | undefined> {
    return (await this.#ports.caches.open(this.#name)).match(path)
  }

  async #file(request: Pick<Request, 'url'>, path: string): Promise<Response> {
    return (await this.#kept(path)) ?? this.#ports.fetch(request as Request)
  }

  /** The server's page comes first: it may be a newer one, or a proxy's that asks who one is. */
  async #page(request: Pick<Request, 'url'>): Promise<Response> {
    const { fetch, wait } = this.#ports
    const kept = await this.#kept('/')
    if (!kept) return fetch(request as Request)
    const fresh = fetch(request as Request).then(
      (response) => (response.status >= 500 ? kept : response),
      () => kept,
    )
    return Promise.race([fresh, wait(SLOW_MS).then(() => kept)])
  }
}
