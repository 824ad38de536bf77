import { type DocName, type KeyId, parseDocName } from '@parley/protocol'
import { testRoom, testVerify } from '@parley/protocol/testing'
import { describe, expect, it } from 'vitest'
import { AuthorBook } from './author-book.ts'

const room = testRoom('author book')
const CONTENT = parseDocName('content/main') as DocName
const META = parseDocName('meta') as DocName

function makeBook() {
  const learned: number[] = []
  let verifyCount = 0
  const verify: typeof testVerify = (...args) => {
    verifyCount++
    return testVerify(...args)
  }
  const book = new AuthorBook(
    room.roomId,
    verify,
    () => false,
    (_key, chains) => void learned.push(chains.length),
  )
  return { book, learned, verified: () => verifyCount }
}

/** An entry as far as its right goes; nothing limits its log. */
function rightOf(book: AuthorBook, author: KeyId, doc: DocName, timeMs: number): string {
  return book.rightOf({ author, doc, timeMs, seq: 1 }, null).right
}

describe('chains that others sign for somebody', () => {
  it('[ST5] push out none that gives more', async () => {
    const { book } = makeBook()
    const ben = await room.device('editor', 'ben', { notAfterMs: 2e12 })
    const vera = await room.device('viewer', 'vera')
    await book.learn(ben.chainBytes)
    for (let i = 0; i < 9; i++) {
      const nonce = new Uint8Array(8).fill(i)
      const forced = await room.delegate(vera, `forced ${i}`, { subject: ben.key.publicKey, nonce })
      await book.learn(forced.chainBytes)
    }
    expect(rightOf(book, ben.key.keyId, CONTENT, 1.9e12)).toBe('yes')
    expect(book.hasShownItself(ben.key.keyId)).toBe(false)
  })
})

describe('who may write', () => {
  it('[ST1] needs a chain that gives the right for that document', async () => {
    const { book } = makeBook()
    const editor = await room.device('editor')
    const viewer = await room.device('viewer')
    expect(rightOf(book, editor.key.keyId, CONTENT, 1)).toBe('unknown')
    for (const member of [editor, viewer]) await book.learn(member.chainBytes)
    expect(rightOf(book, editor.key.keyId, CONTENT, 1)).toBe('yes')
    expect(rightOf(book, editor.key.keyId, META, 1)).toBe('no')
    expect(rightOf(book, viewer.key.keyId, CONTENT, 1)).toBe('no')
  })

  it('[ST1] learns nothing from chains of another room or with a wrong signature', async () => {
    const { book, learned } = makeBook()
    const foreign = await testRoom('elsewhere').device('owner')
    expect(await book.learn(foreign.chainBytes)).toEqual({ ok: false, fault: 'other-room' })
    const owner = await room.device('owner')
    const broken = owner.chainBytes.slice()
    broken[broken.length - 1] = (broken.at(-1) as number) ^ 1
    expect(await book.learn(broken)).toEqual({ ok: false, fault: 'bad-signature' })
    expect(learned).toEqual([])
    expect(book.standingOf(owner.key.keyId)).toBeNull()
  })

  it('[ST5] keeps what was written before the end; a renewed chain keeps all', async () => {
    const { book } = makeBook()
    const old = await room.device('editor', 'ben', { notAfterMs: 1000 })
    const { keyId } = old.key
    await book.learn(old.chainBytes)
    expect(rightOf(book, keyId, CONTENT, 1000)).toBe('yes')
    expect(rightOf(book, keyId, CONTENT, 1001)).toBe('expired')
    const renewed = await room.device('editor', 'ben', { notAfterMs: 5000 })
    await book.learn(renewed.chainBytes)
    expect([1000, 1001, 5000].map((timeMs) => rightOf(book, keyId, CONTENT, timeMs))).toEqual([
      'yes',
      'yes',
      'yes',
    ])
    expect(book.chainsOf(keyId)).toEqual([renewed.chainBytes, old.chainBytes])
  })

  it('[ST5] keeps an editor’s earlier entries when a later chain gives less', async () => {
    const { book } = makeBook()
    const editor = await room.device('editor', 'cleo', { notAfterMs: 1000 })
    const viewer = await room.device('viewer', 'cleo', { notAfterMs: 9000 })
    for (const member of [editor, viewer]) await book.learn(member.chainBytes)
    expect(rightOf(book, editor.key.keyId, CONTENT, 900)).toBe('yes')
    expect(rightOf(book, editor.key.keyId, CONTENT, 1100)).toBe('expired')
  })

  it('verifies a chain once, however often it is offered, and keeps eight a key', async () => {
    const { book, learned, verified } = makeBook()
    const chains: Uint8Array[] = []
    for (let end = 1; end <= 12; end++) {
      chains.push((await room.device('editor', 'dan', { notAfterMs: end })).chainBytes)
    }
    for (const chain of [...chains, ...chains]) await book.learn(chain)
    expect(verified()).toBe(12)
    const { keyId } = (await room.device('editor', 'dan')).key
    expect(book.chainsOf(keyId)).toEqual(chains.toReversed().slice(0, 8))
    expect(Math.max(...learned)).toBe(8)
  })
})
