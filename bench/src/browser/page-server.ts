/** Serves the bundled pages on loopback, and the clock that the pages' clocks are compared with. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { PAGES, type PageName } from './bundle.ts'

export interface PageServer {
  readonly port: number
  /** Each copy has an origin and a site of its own, and with it storage and a process of its own. */
  url(page: PageName, copy: number): string
  close(): Promise<void>
}

const html = (page: PageName) =>
  `<!doctype html><meta charset="utf-8"><title>${page}</title><link rel="icon" href="data:,"><script type="module" src="/${page}.js"></script>`

export async function servePages(folder: string): Promise<PageServer> {
  const scripts = new Map<string, Buffer>()
  for (const page of PAGES) scripts.set(`/${page}.js`, await readFile(join(folder, `${page}.js`)))
  const pages = new Map<string, string>(PAGES.map((page) => [`/${page}`, html(page)]))
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    // Isolated pages have a clock of 5 µs, others one of 100 µs (W3C High Resolution Time, coarsening).
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    const script = scripts.get(path)
    const page = pages.get(path)
    if (path === '/clock') response.end(String(performance.timeOrigin + performance.now()))
    else if (script) response.setHeader('content-type', 'text/javascript').end(script)
    else if (page) response.setHeader('content-type', 'text/html').end(page)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: (page, copy) => `http://p${copy}.localhost:${port}/${page}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
