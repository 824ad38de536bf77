/**
 * Other people's carets. Where they are and what they are called comes from others, viewers included: places are checked
 * before the binding reads them, since it throws at what is none; names and colours are checked and set as text.
 */
import { Extension } from '@tiptap/core'
import { yCursorPlugin } from '@tiptap/y-tiptap'
import type { DocumentHandle } from '../../mesh-types.ts'
import { CaretElements, renderSelection } from './caret.ts'
import { isCursor } from './caret-place.ts'

export function carets(awareness: DocumentHandle['awareness'], field: string): Extension {
  const elements = new CaretElements(awareness)
  return Extension.create({
    name: 'carets',
    addProseMirrorPlugins: () => [
      // Of y-protocols' awareness it uses what this one has too.
      yCursorPlugin(awareness as unknown as Parameters<typeof yCursorPlugin>[0], {
        awarenessStateFilter: (own: number, of: number, state: { cursor?: unknown } | null) =>
          own !== of && isCursor(state?.cursor, field),
        cursorBuilder: elements.render,
        selectionBuilder: renderSelection,
      }),
    ],
    onDestroy: () => elements.destroy(),
  })
}
