import { Editor, getSchema } from '@tiptap/core'
import { Collaboration } from '@tiptap/extension-collaboration'
import type { DocumentHandle } from '../../mesh-types.ts'
import { word } from '../../words.ts'
import { carets } from './carets.ts'
import { allowClipboardHtml } from './clipboard-html.ts'
import { keepForeignOut } from './foreign-content.ts'
import { PAGE_FIELD, RESTORED } from './page-field.ts'
import { strictKit } from './strict-kit.ts'
import { WholeCharacters } from './whole-characters.ts'

function extensions(handle: DocumentHandle) {
  return [
    strictKit,
    WholeCharacters,
    Collaboration.configure({
      document: handle.doc,
      field: PAGE_FIELD,
      yUndoOptions: { trackedOrigins: [RESTORED] },
    }),
    carets(handle.awareness, PAGE_FIELD),
  ]
}

/** To the toolbar, from where Tab goes on; readers have none and their Tab is free. */
function leave(editorElement: HTMLElement): boolean {
  const page = editorElement.closest('document-surface')
  const tool = page?.querySelector<HTMLElement>('[role="toolbar"] [tabindex="0"]')
  tool?.focus()
  return tool instanceof HTMLElement
}

/** `host` must be in light DOM: ProseMirror's collaboration fails in shadow roots. */
export function createDocumentEditor(options: {
  readonly host: HTMLElement
  readonly handle: DocumentHandle
  readonly writable: boolean
}): Editor {
  const { host, handle, writable } = options
  const showEmptiness = ({ editor }: { editor: Editor }): void => {
    host.toggleAttribute('data-empty', editor.isEmpty)
  }
  const schema = getSchema([strictKit])
  const letIn = keepForeignOut(handle.doc, PAGE_FIELD, schema)
  return new Editor({
    element: host,
    editable: writable,
    injectCSS: false,
    // What shows until the Y.Doc's content does. As a node: a string would be parsed, which Trusted Types forbid.
    content: { type: 'doc', content: [{ type: 'paragraph' }] },
    extensions: extensions(handle),
    editorProps: {
      attributes: {
        role: 'textbox',
        'aria-multiline': 'true',
        'aria-label': word('document'),
        'aria-readonly': String(!writable),
        ...(writable ? { 'aria-description': word('leaveEditor') } : {}),
        class: 'prose',
        dir: 'auto',
        // Readers reach and scroll it by keyboard too.
        tabindex: '0',
      },
      // In a list Tab indents, so there has to be another way out by keyboard (WCAG 2.2, 2.1.2).
      handleKeyDown: (view, event) => event.key === 'Escape' && leave(view.dom),
      transformPastedHTML: allowClipboardHtml,
    },
    onCreate: showEmptiness,
    onTransaction: showEmptiness,
    onDestroy: letIn,
  })
}
