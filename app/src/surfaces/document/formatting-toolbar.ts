import type { ChainedCommands, Editor } from '@tiptap/core'
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit'
import { type IconName, icon } from '../../elements/icon.ts'
import { LightElement } from '../../elements/light-element.ts'
import { type UiKey, word } from '../../words.ts'

interface Tool {
  readonly name: UiKey
  readonly icon: IconName
  readonly shortcut: string
  readonly run: (chain: ChainedCommands) => ChainedCommands
  /** What is pressed: absent for tools that act once. */
  readonly active?: (editor: Editor) => boolean
}

const TOOLS: readonly (readonly Tool[])[] = [
  [
    { name: 'undo', icon: 'undo', shortcut: 'Control+Z', run: (chain) => chain.undo() },
    { name: 'redo', icon: 'redo', shortcut: 'Control+Shift+Z', run: (chain) => chain.redo() },
  ],
  [
    {
      name: 'heading',
      icon: 'heading',
      shortcut: 'Control+Alt+1',
      run: (chain) => chain.toggleHeading({ level: 1 }),
      active: (editor) => editor.isActive('heading', { level: 1 }),
    },
    {
      name: 'subheading',
      icon: 'subheading',
      shortcut: 'Control+Alt+2',
      run: (chain) => chain.toggleHeading({ level: 2 }),
      active: (editor) => editor.isActive('heading', { level: 2 }),
    },
  ],
  [
    {
      name: 'bold',
      icon: 'bold',
      shortcut: 'Control+B',
      run: (chain) => chain.toggleBold(),
      active: (editor) => editor.isActive('bold'),
    },
    {
      name: 'italic',
      icon: 'italic',
      shortcut: 'Control+I',
      run: (chain) => chain.toggleItalic(),
      active: (editor) => editor.isActive('italic'),
    },
    {
      name: 'code',
      icon: 'code',
      shortcut: 'Control+E',
      run: (chain) => chain.toggleCode(),
      active: (editor) => editor.isActive('code'),
    },
  ],
  [
    {
      name: 'bulletList',
      icon: 'bullets',
      shortcut: 'Control+Shift+8',
      run: (chain) => chain.toggleBulletList(),
      active: (editor) => editor.isActive('bulletList'),
    },
    {
      name: 'numberedList',
      icon: 'numbers',
      shortcut: 'Control+Shift+7',
      run: (chain) => chain.toggleOrderedList(),
      active: (editor) => editor.isActive('orderedList'),
    },
    {
      name: 'quote',
      icon: 'quote',
      shortcut: 'Control+Shift+B',
      run: (chain) => chain.toggleBlockquote(),
      active: (editor) => editor.isActive('blockquote'),
    },
  ],
]

const STEPS: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowRight: (at, count) => (at + 1) % count,
  ArrowLeft: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
}

/** One stop in the tab order; arrows move inside (ARIA Authoring Practices, toolbar). */
export class FormattingToolbar extends LightElement {
  static override properties = { editor: { attribute: false }, current: { state: true } }
  declare editor: Editor | null
  declare current: number
  readonly #draw = (): void => this.requestUpdate()

  constructor() {
    super()
    this.editor = null
    this.current = 0
  }

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has('editor')) return
    changed.get('editor')?.off('transaction', this.#draw)
    this.editor?.on('transaction', this.#draw)
  }

  override render(): TemplateResult {
    let index = 0
    return html`<div class="toolbar" role="toolbar" aria-label=${word('formatting')} @keydown=${this.#moved}>
      ${TOOLS.map(
        (group) => html`<span class="tool-group">${group.map((tool) => this.#button(tool, index++))}</span>`,
      )}
    </div>`
  }

  #button(tool: Tool, index: number): TemplateResult {
    const { editor } = this
    const once = tool.active === undefined
    const idle = !editor || editor.isDestroyed || (once && !tool.run(editor.can().chain()).run())
    const pressed = !once && editor && !editor.isDestroyed ? String(tool.active?.(editor)) : null
    // Disabled buttons stay reachable, so that arrows do not skip about while one types.
    return html`<button
      type="button"
      class="icon-button tool"
      aria-label=${word(tool.name)}
      title="${word(tool.name)} (${tool.shortcut.replaceAll('Control', 'Ctrl')})"
      aria-keyshortcuts=${tool.shortcut}
      aria-disabled=${idle ? 'true' : 'false'}
      aria-pressed=${pressed ?? nothing}
      tabindex=${index === this.current ? 0 : -1}
      @mousedown=${(event: MouseEvent) => event.preventDefault()}
      @focus=${() => {
        this.current = index
      }}
      @click=${() => {
        if (editor && !idle) tool.run(editor.chain().focus()).run()
      }}
    >
      ${icon(tool.icon)}
    </button>`
  }

  #moved(event: KeyboardEvent): void {
    const step = STEPS[event.key]
    if (!step) return
    event.preventDefault()
    const buttons = [...this.querySelectorAll<HTMLElement>('button')]
    buttons[step(this.current, buttons.length)]?.focus()
  }
}
