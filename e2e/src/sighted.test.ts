/** A room whose owner lets the server read it, and one whose owner does not: what whoever runs the server finds. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { World } from './harness.ts'
import type { Person } from './person.ts'
import { npmStart, type StartedCommand } from './started-command.ts'

const COMMAND = join(import.meta.dirname, '../../archivist/dist/main.js')

let world: World
let started: StartedCommand
let folder: string
let out: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-sighted-'))
  out = mkdtempSync(join(tmpdir(), 'parley-plain-'))
  world = await World.open()
  started = await npmStart(folder)
})
afterEach(() => world.clear())
afterAll(async () => {
  await world.close()
  await started.stop()
  for (const path of [folder, out]) rmSync(path, { recursive: true, force: true })
})

/** Every byte of every file below, and all names. */
function everythingIn(path: string): Buffer {
  const parts = readdirSync(path, { recursive: true, withFileTypes: true }).flatMap((entry) => [
    Buffer.from(entry.name),
    ...(entry.isFile() ? [readFileSync(join(entry.parentPath, entry.name))] : []),
  ])
  return Buffer.concat(parts)
}

async function archivist(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [COMMAND, ...args, '--dir', folder], { stdio: 'pipe' })
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    said.out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    said.err += String(chunk)
  })
  const [code] = await once(child, 'close')
  return { code: code as number, ...said }
}

async function keepRoom(owner: Person, title: string, text: string, sighted: boolean): Promise<string> {
  await owner.makeRoom()
  await owner.textbox('Room title').fill(title)
  await owner.type(text)
  await owner.button('Share').click()
  const dialog = owner.page.getByRole('dialog', { name: 'Share', exact: true })
  const box = dialog.getByRole('checkbox', { name: 'Let the server read and search this room', exact: true })
  expect(await box.isChecked()).toBe(false)
  if (sighted) {
    await box.check()
    await dialog.getByText('Whoever runs the server can then read everything in this room').waitFor()
  }
  await dialog.getByRole('button', { name: 'Keep a copy on this server', exact: true }).click()
  const done = sighted
    ? 'An archivist keeps a copy of this room and can read everything in it.'
    : 'An archivist keeps a sealed copy of this room.'
  await dialog.getByText(done).waitFor()
  const hint = sighted ? 'A machine: keeps a copy, can read everything' : 'A machine: keeps a sealed copy'
  await dialog.getByText(hint).waitFor()
  await owner.page.keyboard.press('Escape')
  await owner.painted()
  await expect.poll(() => owner.status('Save state').textContent()).toContain('With the archivist')
  return /r=([\w-]{22})/.exec(owner.page.url())?.[1] as string
}

describe('a server that keeps rooms', () => {
  it('[AR10] [AR11] [AR12] searches and exports the one that it was let read, and nothing of the other', async () => {
    const ada = await world.person('Philomena', started.origin)
    const open = await keepRoom(ada, 'Periwinkle plans', 'A heliotrope by the harbour.', true)
    expect(ada.faults()).toEqual([])
    await ada.leave()
    const ben = await world.person('Bartholomew', started.origin)
    const sealed = await keepRoom(ben, 'Wolverine plans', 'Another heliotrope, unseen.', false)
    expect(ben.faults()).toEqual([])
    await ben.leave()

    const listed = JSON.parse((await archivist('list', '--json')).out) as { room: string; sighted: boolean }[]
    const sight = listed.map(({ room, sighted }) => [room, sighted] as const)
    expect(new Map(sight)).toEqual(
      new Map([
        [open, true],
        [sealed, false],
      ]),
    )
    const found = await archivist('search', '--all', 'HELIOTROPE')
    expect(found).toMatchObject({ code: 0, err: '' })
    expect(found.out).toContain('A [heliotrope] by the harbour.')
    expect(found.out).toContain('Periwinkle plans')
    expect(found.out).toContain('by Philomena')
    expect(found.out).toContain('1 rooms were searched; 1 are kept blind')
    expect(found.out).not.toContain('unseen')
    const blind = 'parley-archivist: this room is kept blind: nothing here can read it\n'
    expect(await archivist('search', sealed, 'heliotrope')).toEqual({ code: 1, out: '', err: blind })

    expect(await archivist('export', open, join(out, 'open'), '--plain')).toMatchObject({ code: 0, err: '' })
    const plain = join(out, 'open', 'pages')
    const [page = ''] = readdirSync(plain).filter((name) => name.endsWith('.md'))
    expect(page).toMatch(/^\d{3}-Periwinkle-plans\.md$/)
    expect(readFileSync(join(plain, page), 'utf8')).toBe('A heliotrope by the harbour.\n')
    const facts = JSON.parse(readFileSync(join(out, 'open', 'room.json'), 'utf8')) as object
    expect(facts).toMatchObject({ title: 'Periwinkle plans' })
    expect(JSON.stringify(facts)).toContain('"name":"Philomena"')
    expect(await archivist('export', sealed, join(out, 'sealed'), '--plain')).toMatchObject({ code: 1 })
    expect(readdirSync(out)).toEqual(['open'])

    // No plaintext of either on the disk: sealed entries, and the key to the one.
    const disk = everythingIn(folder)
    expect(disk.includes(open)).toBe(true)
    for (const word of ['heliotrope', 'Periwinkle', 'Wolverine', 'Philomena', 'Bartholomew'])
      expect([word, disk.includes(word)]).toEqual([word, false])
  })

  it('[AR10] reads no more once its sight was taken back, and keeps the room blindly again', async () => {
    const ada = await world.person('Philomena', started.origin)
    const room = await keepRoom(ada, 'Plans', 'Before that.', true)
    await ada.button('Share').click()
    const dialog = ada.page.getByRole('dialog', { name: 'Share', exact: true })
    await dialog.getByText('To take that back, revoke it below').waitFor()
    const machine = dialog.getByRole('listitem').filter({ hasText: 'can read everything' })
    await machine.getByRole('button', { name: 'Revoke', exact: true }).click()
    const question = ada.page.getByRole('dialog').last()
    await question.getByRole('button', { name: /^Revoke/ }).click()
    await dialog.getByRole('button', { name: 'Keep a copy on this server', exact: true }).click()
    await dialog.getByText('An archivist keeps a sealed copy of this room.').waitFor()
    await ada.page.keyboard.press('Escape')
    await ada.append(' After that.')
    await ada.painted()
    await expect.poll(() => ada.status('Save state').textContent()).toContain('With the archivist')
    expect(ada.faults()).toEqual([])
    expect((await archivist('search', room, 'after')).err).toContain('kept blind')
    const listed = JSON.parse((await archivist('list', '--json')).out) as { room: string; sighted: boolean }[]
    expect(listed.find((line) => line.room === room)?.sighted).toBe(false)
  })
})
