import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from './server.ts'
import { loadApp } from './static-files.ts'

const SCRIPT = `console.log("${'parley '.repeat(400)}")`
let parent: string
let server: RunningServer

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'parley-static-'))
  const dir = join(parent, 'app')
  await mkdir(join(dir, 'assets'), { recursive: true })
  await writeFile(join(parent, 'secret.txt'), 'secret')
  await writeFile(join(dir, 'index.html'), '<!doctype html><title>Parley</title>')
  await writeFile(join(dir, 'assets', 'index-Ab1_d-Fz.js'), SCRIPT)
  await writeFile(join(dir, 'assets', 'über uns.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  await writeFile(join(dir, '.env'), 'secret')
  await symlink(join(parent, 'secret.txt'), join(dir, 'link.txt'))
  await symlink(parent, join(dir, 'up'))
  server = await startServer({ port: 0, logLevel: 'silent', appDir: dir })
})

afterAll(async () => {
  await server.close()
  await rm(parent, { recursive: true })
})

/** Sends the path as it is: `fetch` would tidy it. */
function get(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port: server.port, path, method, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode as number,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

describe('the app', () => {
  it('has its index at /, checked on every visit', async () => {
    const index = await get('/')
    expect(index.body.toString()).toContain('<title>Parley</title>')
    expect(index.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
    })
    const again = await get('/?x=1', { 'If-None-Match': String(index.headers.etag) })
    expect({ status: again.status, bytes: again.body.length }).toEqual({ status: 304, bytes: 0 })
  })

  it('has hashed assets for a year, compressed when asked', async () => {
    const plain = await get('/assets/index-Ab1_d-Fz.js')
    expect(plain.body.toString()).toBe(SCRIPT)
    expect(plain.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-length': String(SCRIPT.length),
    })
    const small = await get('/assets/index-Ab1_d-Fz.js', { 'Accept-Encoding': 'br, gzip' })
    expect(small.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' })
    expect(small.body.length).toBeLessThan(SCRIPT.length / 4)
    expect(gunzipSync(small.body).toString()).toBe(SCRIPT)
  })

  it('decodes paths, and does not cache what has no hash', async () => {
    const image = await get('/assets/%C3%BCber%20uns.svg')
    expect(image.headers).toMatchObject({ 'content-type': 'image/svg+xml', 'cache-control': 'no-cache' })
  })

  it('answers HEAD without a body, and nothing else', async () => {
    const head = await get('/', {}, 'HEAD')
    expect({ status: head.status, bytes: head.body.length }).toEqual({ status: 200, bytes: 0 })
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await get('/', {}, method)
      expect({ method, status: answer.status, allow: answer.headers.allow }).toEqual({
        method,
        status: 405,
        allow: 'GET, HEAD',
      })
    }
  })

  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/%252e%252e/secret.txt',
    '//etc/passwd',
    '/assets/../index.html',
    '/.env',
    '/%2eenv',
    '/link.txt',
    '/up/secret.txt',
    '/up/app/index.html',
    '/assets',
    '/assets/',
    '/%',
    '/%00',
    '/index.html%00.js',
    '/__proto__',
    '/constructor',
    '/room/abc',
  ])('has nothing at %s', async (path) => {
    const answer = await get(path)
    expect(answer.status).toBe(404)
    expect(answer.body.toString()).not.toContain('secret')
  })
})

describe('every answer', () => {
  it.each(['/', '/nothing', '/metrics', '/healthz'])('at %s carries the security headers', async (path) => {
    const { headers } = await get(path)
    const policy = String(headers['content-security-policy'])
    for (const rule of [
      "default-src 'self'",
      "script-src 'self'",
      "connect-src 'self'",
      "object-src 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]) {
      expect(policy.split('; ')).toContain(rule)
    }
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval/)
    expect(headers).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
    expect(headers['permissions-policy']).toContain('geolocation=()')
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })
})

it('refuses a folder that is no built app', async () => {
  await expect(loadApp(`${parent}/app/assets`)).rejects.toThrow(/no index\.html/)
  await expect(loadApp(`${parent}/missing`)).rejects.toThrow(/ENOENT/)
})
