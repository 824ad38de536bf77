/**
 * Serves a built app: every file is read once at the start and found by its exact path, so that no path from
 * outside ever reaches the file system. Symbolic links and dot files are left out.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, relative, sep } from 'node:path'
import { gzipSync } from 'node:zlib'
import { APP_BYTES, GZIP_MIN_BYTES } from './limits.ts'
import { withTokenPath } from './tokens/token-path.ts'

export interface Asset {
  readonly body: Buffer
  readonly gzipped: Buffer | null
  readonly etag: string
  readonly contentType: string
  readonly cacheControl: string
}

/** Keyed by path as in the URL, decoded. */
export type Assets = ReadonlyMap<string, Asset>

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
}
const COMPRESSIBLE = /^text\/|json|svg|wasm|javascript/
/** Vite writes only files with a content hash of 8 characters into `assets/`. */
const HASHED = /^\/assets\/.*-[A-Za-z0-9_-]{8}\.[a-z0-9.]+$/

function toAsset(path: string, body: Buffer): Asset {
  const contentType = TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream'
  const gzips = body.length >= GZIP_MIN_BYTES && COMPRESSIBLE.test(contentType)
  return {
    body,
    gzipped: gzips ? gzipSync(body) : null,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    contentType,
    cacheControl: HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
  }
}

/** Rejects when `dir` cannot be read, has no `index.html` (with a place for the path), or holds more than an app would. */
export async function loadApp(dir: string, tokenPath: string | null = null): Promise<Assets> {
  const assets = new Map<string, Asset>()
  let bytes = 0
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    const path = `/${relative(dir, file).split(sep).join('/')}`
    if (!entry.isFile() || path.includes('/.')) continue
    const body = await readFile(file)
    bytes += body.length
    if (bytes > APP_BYTES) throw new Error(`${dir} holds more than ${APP_BYTES} bytes: not a built app`)
    assets.set(path, toAsset(path, body))
  }
  const index = assets.get('/index.html')
  if (!index) throw new Error(`${dir} has no index.html: build the app first`)
  if (tokenPath === null) return assets
  const page = withTokenPath(index.body.toString(), tokenPath)
  return assets.set('/index.html', toAsset('/index.html', Buffer.from(page)))
}

/** `null` for a path that names no asset; `/` names the index. */
export function findAsset(assets: Assets, path: string): Asset | null {
  try {
    return assets.get(path === '/' ? '/index.html' : decodeURIComponent(path)) ?? null
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}

/** Answers GET and HEAD (RFC 9110 §9.3), conditional ones included (§13.1.2). */
export function sendAsset(asset: Asset, request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('ETag', asset.etag)
  response.setHeader('Cache-Control', asset.cacheControl)
  if (asset.gzipped) response.setHeader('Vary', 'Accept-Encoding')
  if (request.headers['if-none-match'] === asset.etag) {
    response.writeHead(304).end()
    return
  }
  const gzip = asset.gzipped !== null && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const body = gzip && asset.gzipped ? asset.gzipped : asset.body
  if (gzip) response.setHeader('Content-Encoding', 'gzip')
  response.writeHead(200, { 'Content-Type': asset.contentType, 'Content-Length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
}
