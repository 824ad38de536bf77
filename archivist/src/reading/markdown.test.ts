import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { fileName } from './file-names.ts'
import { markdownOf } from './markdown.ts'

type Child = string | Y.XmlElement | readonly [text: string, marks: Record<string, unknown>]

function node(
  name: string,
  children: readonly Child[] = [],
  attributes: Record<string, unknown> = {},
): Y.XmlElement {
  const element = new Y.XmlElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value as string)
  element.insert(
    0,
    children.map((child) => {
      if (child instanceof Y.XmlElement) return child
      const text = new Y.XmlText()
      if (typeof child === 'string') text.insert(0, child)
      else text.insert(0, child[0], child[1])
      return text
    }),
  )
  return element
}

function render(...nodes: Y.XmlElement[]): string {
  const page = new Y.Doc().getXmlFragment('prosemirror')
  page.insert(0, nodes)
  return markdownOf(page)
}

const p = (...children: Child[]) => node('paragraph', children)
const item = (...children: Y.XmlElement[]) => node('listItem', children)

describe('a page as Markdown', () => {
  it('[AR12] has its blocks and marks', () => {
    const text = render(
      node('heading', ['Title'], { level: 2 }),
      p('plain, ', ['bold ', { bold: {} }], ['both', { bold: {}, italic: {} }], ' end.'),
      node('bulletList', [
        item(p('one')),
        item(p('two'), node('orderedList', [item(p('inner'))], { start: 3 })),
      ]),
      node('blockquote', [p('said'), p('again')]),
      node('codeBlock', ['let a = `b`\n\nlet c = 1']),
      node('horizontalRule'),
      p('line', node('hardBreak'), 'next'),
      p(['web', { link: { href: 'https://example.org/a b' } }], ' and ', ['`code`', { code: {} }]),
      node('table', [node('row', [p('cell')])]),
    )
    expect(text).toBe(
      [
        '## Title',
        '',
        'plain, **bold** ***both*** end.',
        '',
        '- one',
        '- two',
        '',
        '  3. inner',
        '',
        '> said',
        '> ',
        '> again',
        '',
        '```',
        'let a = `b`',
        '',
        'let c = 1',
        '```',
        '',
        '---',
        '',
        'line\\',
        'next',
        '',
        '[web](<https://example.org/a%20b>) and `` `code` ``',
        '',
        'cell',
        '',
      ].join('\n'),
    )
    expect(render()).toBe('')
    expect(render(p(''))).toBe('')
  })

  it('[AR12] lets nothing that was written become HTML, a link, or other markup', () => {
    expect(render(p('<script>alert(1)</script> & [x](javascript:alert(1)) *a* _b_ `c`'))).toBe(
      '\\<script\\>alert(1)\\</script\\> \\& \\[x\\](javascript:alert(1)) \\*a\\* \\_b\\_ \\`c\\`\n',
    )
    expect(render(p('# no heading'), p('1. no list'), p('- nor this'), p('=== nor that'))).toBe(
      '\\# no heading\n\n1\\. no list\n\n\\- nor this\n\n\\=== nor that\n',
    )
    for (const href of ['javascript:alert(1)', ' https://a.test', 'data:text/html,x', 7, null, { a: 1 }])
      expect(render(p(['word', { link: { href } }]))).toBe('word\n')
    expect(render(p(['w', { link: { href: 'https://a.test/>\n<script>' } }]))).toBe(
      '[w](<https://a.test/%3E%0A%3Cscript%3E>)\n',
    )
    expect(render(node('codeBlock', ['````\n<b>']))).toBe('`````\n````\n<b>\n`````\n')
    expect(render(node('heading', ['two\nlines'], { level: 99 }))).toBe('# two lines\n')
    expect(render(p('esc\u001b[2J\u0000'))).toBe('esc \\[2J\n')
  })

  it('[AR12] is done with hostile pages in time', () => {
    const parts = Array.from({ length: 5_000 }, (_, i): Child => [' ', { [`x${i % 7}`]: {} }])
    const breaks = () => Array.from({ length: 20_000 }, () => node('hardBreak'))
    const startedMs = performance.now()
    expect(render(node('codeBlock', ['`\n'.repeat(300_000)])).length).toBeGreaterThan(600_000)
    expect(render(node('heading', [...parts, 'end']))).toBe('# end\n')
    expect(render(p('a', ...breaks(), 'b', ...breaks()))).toMatch(/b\n$/)
    let deep = p('deep')
    for (let i = 0; i < 200; i++)
      deep = node(i % 2 ? 'blockquote' : 'bulletList', [i % 2 ? deep : item(deep)])
    expect(render(deep)).toContain('deep')
    expect(performance.now() - startedMs).toBeLessThan(10_000)
  })

  it('[AR12] loses no word, whatever was typed', () => {
    const unescaped = (text: string) => text.replace(/\\([\\`*_[\]<>&~|#+=-]|(?<=\d\\)[.)])/g, '$1')
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aB1 .)#+-=*_`[]<>&~|\\é') }), (typed) => {
        const text = render(p(typed))
        expect(unescaped(text).trim()).toBe(typed.replace(/\s+/g, ' ').trim())
        expect(text).not.toMatch(/(^|[^\\])(\\\\)*[<>&[\]*_`]/)
      }),
      { numRuns: 500 },
    )
  })
})

describe('names of files', () => {
  it('[AR12] hold letters and digits of a title, never a path', () => {
    expect(fileName(1, 'Harbour festival: plan/2026')).toBe('001-Harbour-festival-plan-2026')
    expect(fileName(12, '../../etc/passwd')).toBe('012-etc-passwd')
    expect(fileName(3, '..')).toBe('003')
    expect(fileName(4, 'Häfen 港口')).toBe('004-Häfen-港口')
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.nat(9_999), (title, number) => {
        const name = fileName(number, title)
        expect(name).toMatch(/^\d{3,4}(-[\p{L}\p{N}\p{M}-]+)?$/u)
        expect(Buffer.byteLength(name)).toBeLessThan(220)
      }),
    )
  })
})
