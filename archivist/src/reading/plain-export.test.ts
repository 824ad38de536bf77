import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { FakeSight } from '../testing/fake-sight.ts'
import { Ends } from '../testing/house.ts'
import { exportPlain } from './plain-export.ts'

const ends = new Ends()
afterEach(() => ends.run())

function page(doc: Y.Doc, text: string): void {
  const paragraph = new Y.XmlElement('paragraph')
  paragraph.insert(0, [new Y.XmlText(text)])
  doc.getXmlFragment('prosemirror').insert(0, [paragraph])
}

function room(): FakeSight {
  const sight = new FakeSight()
  sight.write('index', (doc) => {
    doc.getMap('room').set('title', '../Harbour\u001b[2J festival')
    doc.getMap('pages').set('b', new Y.Map([['title', '../../../etc/passwd']]))
    doc.getMap('pages').set('c', 7)
  })
  sight.write('content/main', (doc) => page(doc, 'A heliotrope'))
  sight.write('content/b', (doc) => doc.getText('code').insert(0, 'let a = 1'))
  sight.write('content/empty', () => undefined)
  sight.write('content/odd', (doc) => doc.getMap('prosemirror').set('text', 'no page'))
  sight.write('invites', (doc) => doc.getMap('keys').set('k', { agreement: 'secret-invite' }))
  return sight
}

function allFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

describe('a room as plain files', () => {
  it('[AR12] has a readable file for each page, JSON for all, and says who wrote', async () => {
    const folder = join(ends.folder(), 'out')
    const done = await exportPlain('room-id', room(), folder)
    expect(done).toEqual({ file: folder, documentCount: 5, missingCount: 0 })
    expect(allFiles(folder)).toEqual([
      'documents/001-content-b.json',
      'documents/002-content-empty.json',
      'documents/003-content-main.json',
      'documents/004-content-odd.json',
      'documents/005-index.json',
      'pages/001-etc-passwd.txt',
      'pages/003-Harbour-2J-festival.md',
      'pages/004-Harbour-2J-festival.txt',
      'pages/005-index.txt',
      'room.json',
    ])
    const read = (name: string) => readFileSync(join(folder, name), 'utf8')
    expect(read('pages/003-Harbour-2J-festival.md')).toBe('A heliotrope\n')
    expect(read('pages/001-etc-passwd.txt')).toBe('let a = 1\n')
    const facts = JSON.parse(read('room.json')) as { title: string; documents: unknown[] }
    expect(facts).toMatchObject({ what: 'parley-plain-export', version: 1, room: 'room-id' })
    expect(facts.title).toBe('../Harbour [2J festival')
    expect(facts.documents[2]).toMatchObject({
      document: 'content/main',
      page: 'pages/003-Harbour-2J-festival.md',
      json: 'documents/003-content-main.json',
      authors: [{ name: 'Ada', role: 'editor', lastWritten: '1970-01-01T00:00:01.000Z' }],
    })
    expect(allFiles(folder).map(read).join()).not.toContain('secret-invite')
    for (const name of allFiles(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
  })

  it('[AR12] overwrites nothing, and leaves nothing behind when it fails', async () => {
    const parent = ends.folder()
    const folder = join(parent, 'out')
    mkdirSync(folder)
    writeFileSync(join(folder, 'mine'), 'mine')
    await expect(exportPlain('room', room(), folder)).rejects.toThrow('not empty')
    writeFileSync(join(parent, 'file'), 'mine')
    await expect(exportPlain('room', room(), join(parent, 'file'))).rejects.toThrow('not empty')
    const broken = room()
    broken.fail('content/main')
    await expect(exportPlain('room', broken, join(parent, 'new'))).rejects.toThrow('cannot be read')
    expect(readdirSync(parent).sort()).toEqual(['file', 'out'])
    expect(readdirSync(folder)).toEqual(['mine'])
    expect(existsSync(join(parent, 'new'))).toBe(false)
    mkdirSync(join(parent, 'empty'))
    await exportPlain('room', room(), join(parent, 'empty'))
    expect(existsSync(join(parent, 'empty', 'room.json'))).toBe(true)
  })

  it('[AR12] says what it could not read', async () => {
    const sight = room()
    sight.seal('content/main', 3)
    const folder = join(ends.folder(), 'out')
    expect(await exportPlain('room', sight, folder)).toMatchObject({ missingCount: 3 })
    expect(readFileSync(join(folder, 'room.json'), 'utf8')).toContain('"missingCount": 3')
  })
})
