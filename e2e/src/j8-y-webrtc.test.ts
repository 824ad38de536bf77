/** J8: an application of stock y-webrtc, in Chromium and in Node, pointed at the signaling server. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type RunningServer, startServer } from '@parley/signaling'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM } from './harness.ts'
import { buildYWebrtcPage } from './y-webrtc-page/build-page.ts'
import type { YWebrtcOptions } from './y-webrtc-page/page.ts'

const NODE_CLIENT = join(import.meta.dirname, 'y-webrtc-page/node-client.ts')
const RULES = { issuer: 'parley', audience: 'parley-signaling', type: 'at+jwt', algorithms: ['EdDSA'] }
const folder = mkdtempSync(join(tmpdir(), 'parley-j8-'))
let server: RunningServer
let browser: Browser
let token: string
const children: ChildProcess[] = []

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const keys = join(folder, 'keys.json')
  const key = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'EdDSA', use: 'sig' }
  writeFileSync(keys, JSON.stringify({ keys: [key] }))
  token = await new SignJWT({ rooms: ['our-document', 'our-secret'] })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'k', typ: RULES.type })
    .setIssuer(RULES.issuer)
    .setAudience(RULES.audience)
    .setExpirationTime('5m')
    .sign(privateKey)
  const app = mkdtempSync(join(folder, 'app-'))
  await buildYWebrtcPage(app)
  server = await startServer({ port: 0, appDir: app, logLevel: 'error', tokens: { ...RULES, keys } })
  browser = await chromium.launch(CHROMIUM)
})

afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
  for (const child of children.splice(0)) {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

const address = (query: string) => `${server.url.replace('http', 'ws')}/y-webrtc${query}`

/** A browser of its own: nothing is shared but the machine. */
async function openPage(
  options: YWebrtcOptions,
): Promise<{ page: Page; read(): Promise<string>; links(): Promise<number> }> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(server.url)
  await page.waitForFunction(() => 'yWebrtcPage' in globalThis)
  await page.evaluate((given) => globalThis.yWebrtcPage.enter(given), options)
  return {
    page,
    read: () => page.evaluate(() => globalThis.yWebrtcPage.read()),
    links: () => page.evaluate(() => globalThis.yWebrtcPage.linkCount()),
  }
}

/** Stock y-webrtc in a Node process, and what its document reads. */
function openNode({ signaling, room, password }: YWebrtcOptions, text: string): { read(): string } {
  const args = ['--import', 'tsx', NODE_CLIENT, signaling, room, password ?? '', text]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  let reading = ''
  createInterface({ input: child.stdout }).on('line', (line) => {
    reading = JSON.parse(line) as string
  })
  return { read: () => reading }
}

describe('[YW1] stock y-webrtc clients', () => {
  it.each([
    ['with a token', 'our-document', null],
    ['with a token and a password', 'our-secret', 'correct horse'],
  ])('in two browsers and in Node meet %s and write one document', async (_how, room, password) => {
    const options = { signaling: address(`?token=${token}`), room, password }
    const ada = await openPage(options)
    const ben = await openPage(options)
    const node = openNode(options, 'Node. ')
    await ada.page.evaluate(() => globalThis.yWebrtcPage.write('Ada. '))
    await expect.poll(() => ben.read()).toContain('Ada. ')
    await expect.poll(() => ada.links()).toBe(2)
    await ben.page.evaluate(() => globalThis.yWebrtcPage.write('Ben. '))
    for (const one of ['Ada. ', 'Ben. ', 'Node. ']) {
      await expect.poll(() => ada.read()).toContain(one)
      await expect.poll(() => node.read()).toContain(one)
    }
    await expect.poll(() => ben.read()).toBe(await ada.read())
    await expect.poll(() => node.read()).toBe(await ada.read())
  })

  it('[YW2] pair two devices without a token', async () => {
    const options = { signaling: address(''), room: `parley-pair-${'k'.repeat(43)}`, password: 'secret' }
    const [phone, laptop] = [await openPage(options), await openPage(options)]
    await laptop.page.evaluate(() => globalThis.yWebrtcPage.write('my rooms'))
    await expect.poll(() => phone.read()).toBe('my rooms')
  })

  it.each([
    ['without a token', () => ''],
    ['with a token for other topics', () => `?token=${token}`],
    ['with a token that is none', () => '?token=garbage'],
  ])('[YW2] [YW3] %s are refused', async (_how, query) => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(server.url)
    const code = await page.evaluate(
      (url) =>
        new Promise<number>((resolve) => {
          const socket = new WebSocket(url)
          socket.onopen = () => socket.send('{"type":"subscribe","topics":["foreign"]}')
          socket.onclose = (event) => resolve(event.code)
        }),
      address(query()),
    )
    expect(code).toBe(4401)
    const options = { signaling: address(query()), room: 'foreign', password: null }
    const [one, two] = [await openPage(options), await openPage(options)]
    await one.page.evaluate(() => globalThis.yWebrtcPage.write('unseen'))
    // Refused, they try again and again: a few rounds are enough to have met if they could.
    let refusals = 0
    two.page.on('websocket', (socket) => socket.on('close', () => refusals++))
    await expect.poll(() => refusals).toBeGreaterThan(2)
    expect([await two.read(), await two.links()]).toEqual(['', 0])
  })
})
