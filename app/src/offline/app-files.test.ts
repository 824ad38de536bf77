import { describe, expect, it } from 'vitest'
import { AppFiles } from './app-files.ts'
import { appBuildOf } from './build-plugin.ts'

const ORIGIN = 'https://parley.example'
const BUILD = { version: 'b2', paths: ['/', '/assets/index-12345678.js', '/logo.svg'] }

class MemoryCaches {
  readonly stores = new Map<string, Map<string, Response>>()

  async open(name: string) {
    const store = this.stores.get(name) ?? new Map<string, Response>()
    this.stores.set(name, store)
    const match = async (path: string) => store.get(path)?.clone()
    return { put: async (path: string, response: Response) => void store.set(path, response), match }
  }

  async keys() {
    return [...this.stores.keys()]
  }

  async delete(name: string) {
    return this.stores.delete(name)
  }
}

function filesOf(
  server: (path: string) => Response | Promise<Response>,
  wait = new Promise<void>(() => undefined),
) {
  const caches = new MemoryCaches()
  const asked: string[] = []
  const fetch = async (request: string | { url: string }) => {
    const { pathname } = new URL(typeof request === 'string' ? request : request.url, ORIGIN)
    asked.push(pathname)
    return server(pathname)
  }
  const ports = { caches, fetch, origin: ORIGIN, wait: () => wait }
  return { files: new AppFiles(BUILD, ports as never), caches, asked }
}

const request = (path: string, mode: RequestMode = 'cors', method = 'GET') => ({
  url: new URL(path, ORIGIN).href,
  mode,
  method,
})
const text = async (answer: Promise<Response> | null) => (answer ? (await answer).text() : null)

/** Installed while the server was there; from then on it is as `then` says. */
async function installed(then: (path: string) => Response | Promise<Response>, wait?: Promise<void>) {
  const server = { now: (path: string): Response | Promise<Response> => new Response(`kept ${path}`) }
  const house = filesOf((path) => server.now(path), wait)
  await house.files.install()
  house.asked.length = 0
  server.now = then
  return house
}

describe('files of the app', () => {
  it('are handed out while nothing answers, and while a proxy answers that the server is gone', async () => {
    const gone = [() => Promise.reject(new TypeError('offline')), () => new Response('bad', { status: 502 })]
    for (const then of gone) {
      const { files } = await installed(then)
      expect(await text(files.answer(request('/#r=x', 'navigate')))).toBe('kept /')
      expect(await text(files.answer(request('/assets/index-12345678.js')))).toBe(
        'kept /assets/index-12345678.js',
      )
    }
  })

  it('do not wait for a server that is slow', async () => {
    const { files } = await installed(() => new Promise(() => undefined), Promise.resolve())
    expect(await text(files.answer(request('/', 'navigate')))).toBe('kept /')
  })

  it('give way to the page that the server has now, whatever it says of who may see it', async () => {
    const { files, asked } = await installed(() => new Response('new'))
    expect(await text(files.answer(request('/', 'navigate')))).toBe('new')
    const closed = await installed(() => new Response('sign in', { status: 401 }))
    expect(await text(closed.files.answer(request('/', 'navigate')))).toBe('sign in')
    expect(asked).toEqual(['/'])
  })

  it.each([
    ['another path', request('/oauth2/auth')],
    ['a page of another path', request('/metrics', 'navigate')],
    ['something that is sent', request('/logo.svg', 'cors', 'POST')],
    ['another origin', { ...request('/'), url: 'https://evil.example/logo.svg' }],
    ['the page as data', request('/')],
  ])('are not asked for %s', async (_what, asked) => {
    const { files } = await installed(() => new Response('x'))
    expect(files.answer(asked)).toBeNull()
  })

  it.each([
    ['an error', () => new Response('', { status: 500 })],
    ['a page to sign in at', () => Object.defineProperty(new Response('x'), 'redirected', { value: true })],
  ])('are not taken when one of them is %s', async (_what, bad) => {
    const { files } = filesOf((path) => (path === '/logo.svg' ? bad() : new Response('ok')))
    await expect(files.install()).rejects.toThrow('/logo.svg')
  })

  it('of earlier builds are thrown away, and nothing else', async () => {
    const { files, caches } = await installed(() => new Response('x'))
    await caches.open('parley-app-b1')
    await caches.open('somebody else')
    await files.activate()
    expect([...caches.stores.keys()]).toEqual(['parley-app-b2', 'somebody else'])
  })
})

describe('the list of a build', () => {
  it('has what is served and no source maps, and another version for other files', () => {
    const one = appBuildOf(
      ['index.html', 'assets/a-1.js', 'assets/a-1.js.map', 'offline-worker.js'],
      ['logo.svg'],
    )
    expect(one.paths).toEqual(['/', '/assets/a-1.js', '/logo.svg'])
    expect(appBuildOf(['assets/a-2.js'], ['logo.svg']).version).not.toBe(one.version)
  })
})
