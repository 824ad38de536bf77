/** How other people's carets look. Name and colour come from them, so both are checked and set as text. */
import { limits } from '@parley/protocol'
import type { DocumentHandle } from '../../mesh-types.ts'
import { safeColor, textColorOn } from '../../palette.ts'

type DocumentAwareness = DocumentHandle['awareness']
type AwarenessChange = { readonly updated: readonly number[]; readonly removed: readonly number[] }
type User = Readonly<Record<string, unknown>>

function nameOf(user: User): string {
  return typeof user['name'] === 'string' ? [...user['name']].slice(0, limits.NAME_CHARACTERS).join('') : ''
}

function makeCaret(): HTMLElement {
  const caret = document.createElement('span')
  caret.className = 'caret'
  const label = document.createElement('span')
  label.className = 'caret-label'
  // A caret is no part of the text that a screen reader reads; people are listed in the drawer.
  caret.setAttribute('aria-hidden', 'true')
  caret.append(label)
  return caret
}

function fill(caret: HTMLElement, user: User): void {
  const color = safeColor(user['color'])
  caret.style.setProperty('--caret', color)
  caret.style.setProperty('--caret-text', textColorOn(color))
  for (const label of caret.children) label.textContent = nameOf(user)
}

/** ProseMirror keeps the element of a caret as long as there is one: who changes their name gets it put into that. */
export class CaretElements {
  readonly #awareness: DocumentAwareness
  readonly #elements = new Map<number, HTMLElement>()

  constructor(awareness: DocumentAwareness) {
    this.#awareness = awareness
    awareness.on('change', this.#changed)
  }

  readonly render = (user: User, clientId: number): HTMLElement => {
    const caret = makeCaret()
    fill(caret, user)
    this.#elements.set(clientId, caret)
    return caret
  }

  destroy(): void {
    this.#awareness.off('change', this.#changed)
    this.#elements.clear()
  }

  readonly #changed = ({ updated, removed }: AwarenessChange): void => {
    for (const clientId of removed) this.#elements.delete(clientId)
    for (const clientId of updated) {
      const caret = this.#elements.get(clientId)
      const user = this.#awareness.states.get(clientId)?.['user']
      if (caret && typeof user === 'object' && user !== null) fill(caret, user as User)
    }
  }
}

export function renderSelection(user: User): { nodeName: string; class: string; style: string } {
  return { nodeName: 'span', class: 'remote-selection', style: `--caret: ${safeColor(user['color'])}` }
}
