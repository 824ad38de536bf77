import { describe, expect, it } from 'vitest'
import { isAllowedLink } from './link-policy.ts'

describe('links in a document', () => {
  it.each([
    'https://example.org/a?b#c',
    'http://example.org',
    'HTTPS://EXAMPLE.ORG',
    'mailto:ada@example.org',
  ])('%s is kept', (address) => {
    expect(isAllowedLink(address)).toBe(true)
  })

  it.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://example.org/1',
    'https:javascript:alert(1)',
    '//example.org',
    '/relative',
    '\u0001https://example.org',
    '',
  ])('[F40] %j is refused', (address) => {
    expect(isAllowedLink(address)).toBe(false)
  })
})
