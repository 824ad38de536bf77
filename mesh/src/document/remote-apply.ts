/** How updates from elsewhere enter a document: without Yjs answering them with clean-up of its own. */
import * as Y from 'yjs'
import { forgetPositions, holdsBack, isInTransaction } from './yjs-internals.ts'

/** The origin of every transaction that brings in others' updates; observers tell by it, not by `local`. */
export const REMOTE: unique symbol = Symbol('parley-remote')

/** Something reached Yjs that a gate should have held: the document is to be thrown away. */
export class UngatedUpdateError extends Error {
  override readonly name = 'UngatedUpdateError'
}

function applyChecked(doc: Y.Doc, update: Uint8Array): void {
  Y.applyUpdate(doc, update, REMOTE)
  if (holdsBack(doc))
    throw new UngatedUpdateError('Yjs keeps parts of an update back: a dependency is missing')
}

/**
 * One transaction for all updates that `run` applies. Receivers of formatting would otherwise delete superfluous marks
 * in transactions of their own, N² of them in a room of N; a transaction that says it is local is spared that. It is
 * spared the forgetting of index positions too, which therefore happens here.
 * Throws what Yjs, an observer or {@link UngatedUpdateError} throws; the document is then in an unknown state.
 */
export function inRemoteTransaction(doc: Y.Doc, run: (apply: (update: Uint8Array) => void) => void): void {
  if (isInTransaction(doc)) throw new Error('remote updates need a transaction of their own')
  doc.transact((transaction) => {
    run((update) => applyChecked(doc, update))
    transaction.local = true
    forgetPositions(transaction)
  }, REMOTE)
}

/** One update that passed the gate. Throws as {@link inRemoteTransaction} does. */
export function applyRemote(doc: Y.Doc, update: Uint8Array): void {
  inRemoteTransaction(doc, (apply) => apply(update))
}
