/**
 * Half of a surrogate pair is no character: Yjs shows it to its author alone, since UTF-8 has no way to say it. It becomes
 * U+FFFD before it is written, so that everybody reads the same.
 */
import { Extension } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import { type EditorState, Plugin, type Transaction } from '@tiptap/pm/state'

/** With the flag `u` whole pairs do not match. */
const HALF = /\p{Surrogate}/gu
const REPLACEMENT = '\ufffd'

/** Places of halves among the direct children of a text block. */
function halvesIn(block: Node, start: number): number[] {
  const found: number[] = []
  block.forEach((child, offset) => {
    for (const { index } of child.text?.matchAll(HALF) ?? []) found.push(start + offset + index)
  })
  return found
}

/** Text blocks that may have changed, by where their content starts. */
function changedBlocks(transactions: readonly Transaction[], { doc }: EditorState): Map<number, Node> {
  const blocks = new Map<number, Node>()
  for (const [i, transaction] of transactions.entries()) {
    for (const [j, map] of transaction.mapping.maps.entries()) {
      map.forEach((_from, _to, newFrom, newTo) => {
        const later = [
          transaction.mapping.slice(j + 1),
          ...transactions.slice(i + 1).map((each) => each.mapping),
        ]
        const [from, to] = [newFrom, newTo].map((at, side) =>
          later.reduce((place, mapping) => mapping.map(place, side === 0 ? -1 : 1), at),
        ) as [number, number]
        doc.nodesBetween(Math.max(0, from - 1), Math.min(doc.content.size, to + 1), (node, at) => {
          if (node.isTextblock) blocks.set(at + 1, node)
          return !node.isTextblock
        })
      })
    }
  }
  return blocks
}

export const WholeCharacters = Extension.create({
  name: 'wholeCharacters',
  addProseMirrorPlugins: () => [
    new Plugin({
      appendTransaction(transactions, _before, state) {
        if (!transactions.some(({ docChanged }) => docChanged)) return null
        const places = [...changedBlocks(transactions, state)].flatMap(([start, block]) =>
          halvesIn(block, start),
        )
        if (places.length === 0) return null
        const fix = state.tr
        for (const at of places)
          fix.replaceWith(at, at + 1, state.schema.text(REPLACEMENT, fix.doc.nodeAt(at)?.marks))
        return fix
      },
    }),
  ],
})
