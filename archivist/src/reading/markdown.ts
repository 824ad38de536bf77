/**
 * A page as Markdown (CommonMark). Everything that anybody wrote is escaped, so that it reads as it was typed: no HTML, no
 * markup but that of the page, and links to the web and to mail alone. Pure.
 */
import * as Y from 'yjs'
import { withoutControls } from './printable.ts'

type Attributes = Readonly<Record<string, unknown>>
interface Part {
  readonly insert: unknown
  readonly attributes?: Attributes
}

/** What would be markup wherever it stands, and HTML's own. */
const ANYWHERE = /[\\`*_[\]<>&~|]/g
/** What would be at the beginning of a line. */
const AT_START = /^(\s*)([#+=-]|\d+(?=[.)]))/
const LINK = /^(https?:\/\/|mailto:)/i
/** Marks in the order in which they enclose a text, the innermost first. */
const MARKS = [
  ['strike', '~~'],
  ['italic', '*'],
  ['bold', '**'],
] as const

/** Ends with one line feed; empty for an empty page. */
export function markdownOf(page: Y.XmlFragment): string {
  const blocks = blocksIn(page)
  return blocks.length === 0 ? '' : `${blocks.join('\n\n')}\n`
}

function blocksIn(parent: Y.XmlFragment): string[] {
  const blocks: string[] = []
  let line: (Y.XmlText | Y.XmlElement)[] = []
  const end = (): void => {
    const text = inline(line)
    if (text !== '') blocks.push(text)
    line = []
  }
  for (const child of parent.toArray()) {
    if (child instanceof Y.XmlText || (child instanceof Y.XmlElement && child.nodeName === 'hardBreak'))
      line.push(child)
    else if (child instanceof Y.XmlElement) {
      end()
      const block = blockOf(child)
      if (block !== '') blocks.push(block)
    }
  }
  end()
  return blocks
}

function blockOf(node: Y.XmlElement): string {
  const content = () => blocksIn(node).join('\n\n')
  switch (node.nodeName) {
    case 'heading':
      return `${'#'.repeat(whole(attribute(node, 'level'), 1, 6))} ${oneLine(content())}`
    case 'blockquote':
      return content().replace(/^/gm, '> ')
    case 'codeBlock':
      return codeBlock(node)
    case 'bulletList':
      return listOf(node, () => '- ')
    case 'orderedList': {
      const start = whole(attribute(node, 'start'), 1, 999_999_999)
      return listOf(node, (at) => `${start + at}. `)
    }
    case 'horizontalRule':
      return '---'
    default:
      return content()
  }
}

function listOf(list: Y.XmlElement, marker: (at: number) => string): string {
  const items = list.toArray().filter((item) => item instanceof Y.XmlElement)
  return items
    .map((item, at) => {
      const mark = marker(at)
      return (
        mark +
        blocksIn(item)
          .join('\n\n')
          .replace(/\n(?=.)/g, `\n${' '.repeat(mark.length)}`)
      )
    })
    .join('\n')
}

function codeBlock(node: Y.XmlElement): string {
  const texts = node.toArray().filter((child) => child instanceof Y.XmlText)
  const code = withoutControls(texts.map((text) => partsOf(text).map(plain).join('')).join(''))
  const fence = fenceFor(code, 3)
  return `${fence}\n${code}\n${fence}`
}

/** Longer than any row of backticks in the text, which so cannot end it. */
function fenceFor(text: string, least: number): string {
  let longest = 0
  for (const row of text.match(/`+/g) ?? []) longest = Math.max(longest, row.length)
  return '`'.repeat(Math.max(least, longest + 1))
}

function inline(nodes: readonly (Y.XmlText | Y.XmlElement)[]): string {
  const lines = ['']
  for (const node of nodes) {
    if (node instanceof Y.XmlText) lines[lines.length - 1] += partsOf(node).map(partText).join('')
    else lines.push('')
  }
  while (lines.length > 1 && lines.at(-1)?.trim() === '') lines.pop()
  return lines
    .map((line) =>
      line.trim().replace(AT_START, (_, space: string, mark: string) => escapeStart(space, mark)),
    )
    .join('\\\n')
}

function oneLine(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')
}

function escapeStart(space: string, mark: string): string {
  return /^\d/.test(mark) ? `${space}${mark}\\` : `${space}\\${mark}`
}

const partsOf = (text: Y.XmlText): Part[] => text.toDelta() as Part[]
const plain = ({ insert }: Part): string => (typeof insert === 'string' ? insert : '')

/** White space stays outside of marks, where Markdown does not see them otherwise. */
function partText(part: Part): string {
  const text = withoutControls(plain(part)).replace(/\s+/g, ' ')
  const core = text.trim()
  if (core === '') return text
  const [before, after] = [text.slice(0, text.indexOf(core)), text.slice(text.indexOf(core) + core.length)]
  const marks = marksOf(part.attributes ?? {})
  const marked = MARKS.reduce(
    (inner, [name, sign]) => (marks.has(name) ? sign + inner + sign : inner),
    marks.has('code') ? codeSpan(core) : core.replace(ANYWHERE, '\\$&'),
  )
  const href = (marks.get('link') as { readonly href?: unknown } | undefined)?.href
  return before + (isLink(href) ? `[${marked}](<${escapeHref(href)}>)` : marked) + after
}

/** y-prosemirror adds a hash to the names of marks that may overlap with themselves. */
function marksOf(attributes: Attributes): ReadonlyMap<string, unknown> {
  const entries = Object.entries(attributes).filter(([, value]) => value !== null && value !== false)
  return new Map(entries.map(([name, value]) => [name.split('--', 1)[0] as string, value]))
}

function codeSpan(text: string): string {
  const fence = fenceFor(text, 1)
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : ''
  return fence + pad + text + pad + fence
}

function isLink(address: unknown): address is string {
  return typeof address === 'string' && LINK.test(address)
}

function escapeHref(address: string): string {
  return withoutControls(address).replace(/[\s<>\\]/g, (character) => encodeURIComponent(character))
}

function attribute(node: Y.XmlElement, name: string): unknown {
  return (node.getAttributes() as Attributes)[name]
}

function whole(value: unknown, least: number, most: number): number {
  const number = Number(value)
  return Number.isInteger(number) && number >= least && number <= most ? number : least
}
