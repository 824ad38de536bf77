/** The app behind something that knows who is signed in, on a server that asks for its operator's tokens. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Door } from './door.ts'
import { CHROMIUM } from './harness.ts'
import { Person } from './person.ts'
import { runSignaling, type SignalingProcess, startSignaling } from './signaling-process.ts'

const APP = join(import.meta.dirname, '../../app/dist')
const TOKEN_PATH = '/oauth2/auth'

let dir: string
let door: Door
let signaling: SignalingProcess
let browser: Browser

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'parley-signed-in-'))
  runSignaling('keys', 'new', '--dir', dir)
  door = await Door.build()
  const tokens = ['--admission', 'token', '--token-keys', join(dir, 'jwks.json'), '--token-path', TOKEN_PATH]
  signaling = await startSignaling([door.host], ['--app', APP, ...tokens])
  door.leadTo({ appPort: signaling.port, signalingPort: () => signaling.port })
  browser = await chromium.launch(CHROMIUM)
})
afterAll(async () => {
  await browser.close()
  await door.close()
  await signaling.kill()
  rmSync(dir, { recursive: true })
})

async function sitDown(name: string): Promise<Person> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US' })
  return Person.sitDown(context, name, door.origin)
}

const answer = (status: number, body: string) =>
  door.extraFiles.set(TOKEN_PATH, { status, contentType: 'text/plain', body })

const signIn = () =>
  answer(200, runSignaling('token', '--room', '*', '--ttl', '15m', '--key', join(dir, 'signing-key.json')))

it('[SG15] says who is not signed in, lets them write on, and lets them in once they are', async () => {
  answer(401, 'sign in')
  const ada = await sitDown('Ada')
  await ada.makeRoom()
  await ada.type('Written without a server.')
  const alert = ada.page.getByRole('alert')
  await alert.getByText('Reload the page to sign in.').waitFor()
  await alert.getByRole('button', { name: 'Reload the page', exact: true }).waitFor()
  signIn()
  await expect.poll(() => ada.status('Connection').textContent()).toBe('Online, nobody else is here')
  await alert.waitFor({ state: 'detached' })

  const ben = await sitDown('Ben')
  await ben.enter(await ada.invite('Can edit'))
  await expect.poll(() => ben.text()).toBe('Written without a server.')
  expect(ben.faults()).toEqual([])
})

it('[SG15] says so when what answers gives no token', async () => {
  door.extraFiles.delete(TOKEN_PATH)
  const cleo = await sitDown('Cleo')
  await cleo.makeRoom()
  await cleo.page.getByRole('alert').getByText('none could be had').waitFor()
})
