/** Where y-prosemirror keeps its nodes in the Y.Doc; changing it would hide every text written so far. */
export const PAGE_FIELD = 'prosemirror'

/** Origin of the change that brings an earlier state back: undone like what one types. */
export const RESTORED = 'parley-restored'
