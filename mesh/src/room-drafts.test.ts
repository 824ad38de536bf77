import { type DocName, type DraftFrame, type KeyId, parseDocName, sessionIdOf } from '@parley/protocol'
import { testKey } from '@parley/protocol/testing'
import { expect, it } from 'vitest'
import type { DocumentSync } from './document/document-sync.ts'
import { Journal } from './journal/journal.ts'
import { ENTRY_APPLY_MS } from './limits.ts'
import { RoomDrafts } from './room-drafts.ts'

it('[WK3] what showing a draft took is charged to its author, but for what it usually takes', () => {
  let nowMs = 0
  let tookMs = 0
  const charged: [KeyId, number][] = []
  const handleDraft: DocumentSync['handleDraft'] = () => {
    nowMs += tookMs
  }
  const drafts = new RoomDrafts({
    nowMs: () => nowMs,
    journal: new Journal(),
    rolesOf: () => ['editor'],
    documentOf: () => ({ handleDraft }) as DocumentSync,
    onForbidden: () => undefined,
    onWork: (key, workMs) => void charged.push([key, workMs]),
  })
  const frame: DraftFrame = {
    type: 'draft',
    doc: parseDocName('content/main') as DocName,
    session: sessionIdOf(new Uint8Array(8)),
    update: Uint8Array.of(0, 0),
  }
  const { keyId } = testKey('mallory')
  for (tookMs of [0, ENTRY_APPLY_MS, ENTRY_APPLY_MS + 240]) drafts.handle(keyId, frame)
  expect(charged).toEqual([[keyId, 240]])
})
