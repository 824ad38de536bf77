import { describe, expect, it } from 'vitest'
import { type DocName, parseDocName } from './ids.ts'
import { mayWrite, ROLES, type Role, roleNarrows } from './roles.ts'

const doc = (text: string) => parseDocName(text) as DocName

describe('who may write', () => {
  it.each<[string, readonly Role[]]>([
    ['chat', ['commenter', 'editor', 'owner']],
    ['comments', ['commenter', 'editor', 'owner']],
    ['index', ['editor', 'owner']],
    ['invites', ['editor', 'owner']],
    ['content/p1', ['editor', 'owner']],
    ['meta', ['owner']],
    ['roster', ROLES],
    ['content', []],
    ['index/p1', []],
    ['chat/p1', []],
    ['meta/p1', []],
    ['contents/p1', []],
    ['constructor', []],
  ])('[GR7] %s: %j', (name, writers) => {
    expect(ROLES.filter((role) => mayWrite(role, doc(name)))).toEqual(writers)
  })
})

describe('who may be granted below whom', () => {
  it.each<[Role, readonly Role[]]>([
    ['viewer', ['viewer']],
    ['commenter', ['viewer', 'commenter']],
    ['editor', ['viewer', 'commenter', 'editor']],
    ['owner', ['viewer', 'commenter', 'editor', 'owner', 'archivist']],
    ['archivist', ['archivist']],
  ])('[GR4] below %s: %j', (parent, children) => {
    expect(ROLES.filter((child) => roleNarrows(parent, child))).toEqual(children)
  })
})

describe('names of documents', () => {
  it.each(['index', 'content/Ab_-9', 'a1', `content/${'x'.repeat(40)}`])('[EN4] takes %s', (name) => {
    expect(parseDocName(name)).toBe(name)
  })

  it.each([
    '',
    'Index',
    '1a',
    'content/',
    'content/a/b',
    'content/ä',
    `content/${'x'.repeat(41)}`,
    'a'.repeat(65),
    '__proto__',
    'index\n',
    'a b',
  ])('[EN4] refuses %j', (name) => {
    expect(parseDocName(name)).toBeNull()
  })
})
