/** Everything that can go wrong for a user of the mesh, as one documented union. */
export type ParleyErrorKind =
  /** The link is not a Parley link, or bytes of it are missing. */
  | 'link-damaged'
  /** The link's grants do not lead to this room's root key, or give more than they may. */
  | 'link-refused'
  /** The invite or grant ended before now. */
  | 'link-expired'
  /** No room with this id is kept on this device, and no link was given. */
  | 'room-unknown'
  /** This browser lacks Ed25519, X25519, WebRTC or IndexedDB, or the page is not a secure context. */
  | 'unsupported'
  /** Storage refused: no quota, deleted under us, another version in another tab. */
  | 'storage-failed'
  /** One value is larger than an entry may be; the document was put back without it. */
  | 'value-too-large'
  /** The role does not allow it. */
  | 'not-allowed'
  /** The recovery file is damaged, or the passphrase is wrong. */
  | 'recovery-refused'
  /** The room file is no room file, was cut short or altered. */
  | 'file-damaged'
  /** The room file was written by another version. */
  | 'file-version'
  /** What is in the room file is not what people of this room signed. */
  | 'file-refused'
  /** The room file holds no key to read it with, and this device has none. */
  | 'file-sealed'
  /** The archivist asked, or its server, will not keep the room. */
  | 'archivist-refused'
  /** No archivist can be asked now: the server offers none, cannot be reached, or did not answer. */
  | 'archivist-unavailable'
  /** The room was closed while the call ran. */
  | 'closed'

export class ParleyError extends Error {
  override readonly name = 'ParleyError'
  readonly kind: ParleyErrorKind
  /** What the error is about and the user would lose otherwise, e.g. the value that was too large. */
  readonly kept: unknown

  constructor(kind: ParleyErrorKind, message: string, options: { cause?: unknown; kept?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.kind = kind
    this.kept = options.kept
  }
}
