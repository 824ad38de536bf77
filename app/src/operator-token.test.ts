import { describe, expect, it } from 'vitest'
import { TokenDesk, tokenPathOf } from './operator-token.ts'

const TOKEN = 'eyJhbGciOiJFZERTQSJ9.eyJyb29tcyI6IioifQ.c2lnbmF0dXJl'
const OWN = 'wss://parley.example/v1'

function deskOf(answer: () => Response | Promise<never>) {
  const asked: { path: string; init: RequestInit | undefined }[] = []
  const ask = async (path: unknown, init?: RequestInit) => {
    asked.push({ path: String(path), init })
    return answer()
  }
  return { desk: new TokenDesk('/oauth2/auth', { host: 'parley.example' }, ask as typeof fetch), asked }
}

describe('a desk for operator tokens', () => {
  it.each([
    [
      'a header',
      () => new Response(null, { status: 202, headers: { 'X-Auth-Request-Access-Token': TOKEN } }),
    ],
    ['text', () => new Response(`${TOKEN}\n`)],
    ['JSON', () => new Response(JSON.stringify({ access_token: TOKEN, token_type: 'Bearer' }))],
  ])(
    'takes one from %s, asked with the cookies of its own origin and from no cache',
    async (_where, answer) => {
      const { desk, asked } = deskOf(answer)
      expect(await desk.ask(OWN)).toBe(TOKEN)
      expect(desk.value).toBeNull()
      expect(asked).toMatchObject([
        { path: '/oauth2/auth', init: { credentials: 'same-origin', cache: 'no-store', redirect: 'manual' } },
      ])
    },
  )

  it.each([
    ['signed-out', () => new Response('sign in', { status: 401 })],
    ['signed-out', () => new Response('no', { status: 403 })],
    ['signed-out', () => Object.defineProperty(new Response(), 'type', { value: 'opaqueredirect' })],
    ['token-unavailable', () => new Response('<!doctype html><title>Sign in</title>')],
    ['token-unavailable', () => new Response('{"access_token": 7}')],
    ['token-unavailable', () => new Response('{broken')],
    ['token-unavailable', () => new Response(`${TOKEN}${'x'.repeat(4096)}`)],
    ['token-unavailable', () => new Response(TOKEN, { status: 502 })],
  ])('says %s, and hands out nothing', async (fault, answer) => {
    const { desk } = deskOf(answer)
    await expect(desk.ask(OWN)).rejects.toThrow(fault)
    expect(desk.value).toBe(fault)
  })

  it('says nothing of its own while nothing answers, and forgets a fault when a token comes', async () => {
    const answers = [
      () => new Response('', { status: 401 }),
      () => Promise.reject(new TypeError('Failed to fetch')),
      () => new Response(TOKEN),
    ]
    const { desk } = deskOf(() => (answers.shift() as () => Response)())
    await expect(desk.ask(OWN)).rejects.toThrow('signed-out')
    await expect(desk.ask(OWN)).rejects.toThrow('Failed to fetch')
    expect(await desk.ask(OWN)).toBe(TOKEN)
    expect(desk.value).toBeNull()
  })

  it('tells no other server', async () => {
    const { desk, asked } = deskOf(() => new Response(TOKEN))
    expect(await desk.ask('wss://evil.example/v1')).toBeNull()
    expect(asked).toEqual([])
  })
})

describe('where a page was told to ask', () => {
  const page = (content: string | null) => ({
    querySelector: () => (content === null ? null : { getAttribute: () => content }),
  })
  const pathOf = (content: string | null) => tokenPathOf(page(content) as unknown as Document)

  it('is a path of its own origin', () => {
    expect(pathOf('/oauth2/auth')).toBe('/oauth2/auth')
    for (const nowhere of [null, '', '//evil.example', '/\\evil.example', 'https://evil.example/', 'token'])
      expect(pathOf(nowhere), String(nowhere)).toBeNull()
  })
})
