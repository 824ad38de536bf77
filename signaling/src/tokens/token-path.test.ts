import { describe, expect, it } from 'vitest'
import { parseTokenPath, withTokenPath } from './token-path.ts'

describe('the path at which the app asks for a token', () => {
  it.each(['/oauth2/auth', '/token', '/a.b/~c_d-e'])('may be %s', (path) => {
    expect(parseTokenPath(path)).toBe(path)
  })

  it.each([
    '',
    '/',
    'token',
    '//evil.example/token',
    '/\\evil.example',
    'https://evil.example/',
    '/"><script>',
    '/a?b=c',
    `/${'a'.repeat(300)}`,
  ])('is none for %j', (text) => {
    expect(parseTokenPath(text)).toBeNull()
  })

  it('is written into the page, and a page without a place for it is refused', () => {
    const page = '<head><meta name="parley-token-path" content="" /></head>'
    expect(withTokenPath(page, '/oauth2/auth')).toBe(
      '<head><meta name="parley-token-path" content="/oauth2/auth" /></head>',
    )
    expect(() => withTokenPath('<head></head>', '/token')).toThrow('asks for no token')
  })
})
