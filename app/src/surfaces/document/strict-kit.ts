/**
 * What pages are made of. Attributes come from other people's entries as they please, so those that would reach beyond the
 * text are not taken: where a link opens, and classes, which would borrow the looks of the app.
 */
import type { AnyExtension, Mark, Node } from '@tiptap/core'
import { Plugin } from '@tiptap/pm/state'
import { StarterKit } from '@tiptap/starter-kit'
import { isAllowedLink } from './link-policy.ts'

const LINK_ATTRIBUTES = { rel: 'noopener noreferrer nofollow', target: '_blank' }

/** Where one writes, a click places the caret first: the page is opened by hand, without a way back to this one. */
function openLink(view: { readonly editable: boolean }, event: MouseEvent): boolean {
  const link = event.target instanceof Element ? event.target.closest('a') : null
  const address = link?.getAttribute('href')
  if (!view.editable || event.button !== 0 || !address || !isAllowedLink(address)) return false
  window.open(address, '_blank', 'noopener,noreferrer')
  return true
}

function strictLink(link: Mark): Mark {
  return link.extend({
    addAttributes: () => ({ href: { default: null } }),
    renderHTML: ({ HTMLAttributes: { href } }: { HTMLAttributes: Record<string, unknown> }) => [
      'a',
      isAllowedLink(href) ? { ...LINK_ATTRIBUTES, href } : {},
      0,
    ],
    addProseMirrorPlugins() {
      const click = new Plugin({ props: { handleClick: (view, _at, event) => openLink(view, event) } })
      return [click, ...(this.parent?.() ?? [])]
    },
  })
}

function plainCodeBlock(codeBlock: Node): Node {
  return codeBlock.extend({
    addAttributes: () => ({}),
    renderHTML: () => ['pre', ['code', 0]],
  })
}

function strict(extension: AnyExtension): AnyExtension {
  if (extension.name === 'link') return strictLink(extension as Mark)
  return extension.name === 'codeBlock' ? plainCodeBlock(extension as Node) : extension
}

const StrictKit = StarterKit.extend({
  addExtensions() {
    return (this.parent?.() ?? []).map(strict)
  },
})

export const strictKit: AnyExtension = StrictKit.configure({
  // Undo is per person and comes with Collaboration.
  undoRedo: false,
  // It would write a paragraph into the document when somebody merely opens it.
  trailingNode: false,
  heading: { levels: [1, 2, 3] },
  link: {
    defaultProtocol: 'https',
    openOnClick: false,
    isAllowedUri: (url) => isAllowedLink(url),
    shouldAutoLink: isAllowedLink,
  },
})
