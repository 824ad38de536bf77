/** An owner asks the archivist of the signaling server to keep the room. Rules: docs/spec.md, AR. */
import { type KeyId, NEVER_MS } from '@parley/protocol'
import type { Invite, InviteOptions } from './api.ts'
import { ParleyError } from './errors.ts'
import { KEEP_TIMEOUT_MS } from './limits.ts'
import type { Platform } from './ports.ts'
import { sealLink } from './sealed-link.ts'

export interface AskDeps {
  readonly platform: Pick<Platform, 'cipher' | 'clock' | 'keyring' | 'random'>
  /** X25519 key of the server's archivist, `null` while it is not known to have one. */
  readonly archivist: () => Uint8Array | null
  readonly createInvite: (base: string, options: InviteOptions) => Promise<Invite>
  /** Takes back an invite whose link let somebody read who does not keep the room. */
  readonly withdraw: (key: KeyId) => Promise<void>
  /** Calls `done` once: with the answer, or `null` when the connection was lost before it came. */
  readonly send: (sealed: Uint8Array, done: (accepted: boolean | null) => void) => void
}

/** Throws {@link ParleyError} `not-allowed`, `archivist-unavailable`, `archivist-refused`. */
export async function askArchivist(deps: AskDeps, base: string, sighted: boolean): Promise<void> {
  const agreement = deps.archivist()
  if (!agreement) {
    throw new ParleyError('archivist-unavailable', 'the signaling server offers no archivist')
  }
  const { key, link } = await deps.createInvite(base, { role: 'archivist', notAfterMs: NEVER_MS, sighted })
  const sealed = await sealLink(deps.platform, agreement, link)
  const accepted = await answerTo(deps, sealed)
  if (!accepted && sighted) await deps.withdraw(key)
  if (accepted === null) throw new ParleyError('archivist-unavailable', 'no answer came from the archivist')
  if (!accepted) throw new ParleyError('archivist-refused', 'the archivist does not keep this room')
}

function answerTo({ platform, send }: AskDeps, sealed: Uint8Array): Promise<boolean | null> {
  return new Promise((resolve) => {
    const cancel = platform.clock.after(KEEP_TIMEOUT_MS, () => resolve(null))
    send(sealed, (accepted) => {
      cancel()
      resolve(accepted)
    })
  })
}
