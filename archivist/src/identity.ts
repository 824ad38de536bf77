/**
 * Who this archivist is: one X25519 key pair (RFC 7748), to which owners seal the links they hand over. It opens no room:
 * a stolen one lets a thief read links that are sealed from then on, and a lost one only makes them ask again.
 */
import { generateKeyPairSync } from 'node:crypto'
import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromBase64Url } from '@parley/protocol'
import * as v from 'valibot'
import { isAbsent, writeWhole } from './small-file.ts'

export interface ArchivistIdentity {
  /** 32 bytes. */
  readonly agreementSeed: Uint8Array
  /** The public key, 43 characters of base64url. */
  readonly agreement: string
}

export const IDENTITY_FILE = 'identity.json'
const key = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/))
const schema = v.strictObject({ version: v.literal(1), privateKey: key, publicKey: key })

/** Makes one where there is none. Throws when the file is there and is not an identity: a new one must be decided by a person. */
export async function loadIdentity(dir: string): Promise<ArchivistIdentity> {
  const path = join(dir, IDENTITY_FILE)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isAbsent(error)) return null
    throw error
  })
  if (text === null) return makeIdentity(path)
  await chmod(path, 0o600)
  return parseIdentity(text, path)
}

function parseIdentity(text: string, path: string): ArchivistIdentity {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Told below, in one sentence with everything else that an identity is not.
    value = null
  }
  const result = v.safeParse(schema, value)
  const agreementSeed = result.success ? fromBase64Url(result.output.privateKey) : null
  if (!result.success || agreementSeed?.length !== 32) {
    throw new Error(
      `${path} is not an archivist's identity; restore it from a backup, or delete it to start with a new one`,
    )
  }
  return { agreementSeed, agreement: result.output.publicKey }
}

async function makeIdentity(path: string): Promise<ArchivistIdentity> {
  const { d, x } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' })
  if (!d || !x) throw new Error('the new key pair could not be exported')
  await writeWhole(path, `${JSON.stringify({ version: 1, privateKey: d, publicKey: x })}\n`)
  return parseIdentity(JSON.stringify({ version: 1, privateKey: d, publicKey: x }), path)
}
