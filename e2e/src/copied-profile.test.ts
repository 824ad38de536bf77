import { cpSync } from 'node:fs'
import { basename } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { World } from './harness.ts'
import type { Person } from './person.ts'

let world: World

beforeAll(async () => {
  world = await World.open()
})
afterAll(() => world.close())

/** Chromium's own lock of a profile names the machine and process that use it. */
function copyProfile(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (path) => !basename(path).startsWith('Singleton') })
}

/** The words of the document, sorted: where two write at one place, either may come first. */
const words = async (person: Person) => (await person.text()).split(/\s+/).filter(Boolean).sort()

it('[F62] a browser profile copied to another machine: both copies write at once, nothing is lost, nobody blamed', async () => {
  const ada = await world.person('Ada')
  await ada.makeRoom()
  const folder = world.profileFolder()
  const before = await world.personAt(folder, 'Ben', world.door.origin)
  await before.enter(await ada.invite('Can edit'))
  await ada.type('start ')
  await expect.poll(() => before.text()).toContain('start')
  await before.append('first ')
  await expect.poll(() => words(ada)).toEqual(['first', 'start'])
  await before.painted()
  await expect.poll(() => before.status('Save state').textContent()).toContain('On this device')
  const address = before.page.url()
  await before.leave()

  const copy = world.profileFolder()
  copyProfile(folder, copy)
  const here = await world.personAt(folder, 'Ben', world.door.origin)
  const there = await world.personAt(copy, 'Ben', world.door.origin)
  const all = [ada, here, there]
  for (const person of [here, there]) {
    await person.page.goto(address)
    await expect.poll(() => words(person)).toEqual(['first', 'start'])
    await expect.poll(() => person.status('Connection').textContent()).toMatch(/^Connected/)
  }
  const typed = Array.from({ length: 10 }, (_, i) => [`here${i}`, `there${i}`]).flat()
  await Promise.all([
    here.append(typed.filter((word) => word.startsWith('here')).join(' ')),
    there.append(typed.filter((word) => word.startsWith('there')).join(' ')),
  ])
  const letters = (list: readonly string[]) => [...list.join('')].sort().join('')
  const expected = letters([...typed, 'first', 'start'])
  for (const person of all) await expect.poll(async () => letters(await words(person))).toBe(expected)
  const [first] = await Promise.all(all.map((person) => person.text()))
  for (const person of all) expect(await person.text()).toBe(first)
  for (const person of all) {
    await expect.poll(() => person.status('Save state').textContent()).toContain('On this device')
    expect(await person.page.getByText(/different versions|may not write/).count()).toBe(0)
    expect(person.faults()).toEqual([])
  }
})
