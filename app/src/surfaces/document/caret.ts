/** Other people's carets. Name and colour come from them, so both are checked and set as text. */
import { limits } from '@parley/protocol'
import { safeColor, textColorOn } from '../../palette.ts'

type User = Readonly<Record<string, unknown>>

function nameOf(user: User): string {
  return typeof user['name'] === 'string' ? [...user['name']].slice(0, limits.NAME_CHARACTERS).join('') : ''
}

export function renderCaret(user: User): HTMLElement {
  const color = safeColor(user['color'])
  const caret = document.createElement('span')
  caret.className = 'caret'
  caret.style.setProperty('--caret', color)
  caret.style.setProperty('--caret-text', textColorOn(color))
  const label = document.createElement('span')
  label.className = 'caret-label'
  label.textContent = nameOf(user)
  // A caret is no part of the text that a screen reader reads; people are listed in the drawer.
  caret.setAttribute('aria-hidden', 'true')
  caret.append(label)
  return caret
}

export function renderSelection(user: User): { nodeName: string; class: string; style: string } {
  return { nodeName: 'span', class: 'remote-selection', style: `--caret: ${safeColor(user['color'])}` }
}
