/** Keys that the operator signs tokens with: one private key in a file of its own, its and its forerunner's public halves. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import * as v from 'valibot'

export const KEY_ALGORITHMS = ['EdDSA', 'ES256'] as const
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number]

/** RFC 8037 and RFC 7518 §6.2: of a key what signing and verifying need. */
const privateKeySchema = v.looseObject({
  kty: v.picklist(['OKP', 'EC']),
  kid: v.pipe(v.string(), v.minLength(1)),
  alg: v.picklist(KEY_ALGORITHMS),
  d: v.string(),
})
export type PrivateKey = v.InferOutput<typeof privateKeySchema> & JWK
const keySetSchema = v.looseObject({ keys: v.array(v.looseObject({ kid: v.string() })) })

export interface KeyFiles {
  readonly privateFile: string
  readonly publicFile: string
}

export function keyFiles(dir: string): KeyFiles {
  return { privateFile: join(dir, 'signing-key.json'), publicFile: join(dir, 'jwks.json') }
}

/** Throws without a word of what the file holds. */
export async function readPrivateKey(file: string): Promise<PrivateKey> {
  return readJson(file, privateKeySchema, 'a private key made by keys new')
}

async function readJson<S extends v.GenericSchema>(
  file: string,
  schema: S,
  what: string,
): Promise<v.InferOutput<S>> {
  const text = await readFile(file, 'utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = null
  }
  const parsed = v.safeParse(schema, value)
  if (!parsed.success) throw new Error(`${file} does not hold ${what}`)
  return parsed.output
}

async function makeKeys(alg: KeyAlgorithm): Promise<{ secret: JWK; shown: JWK }> {
  const pair = await generateKeyPair(alg, { extractable: true })
  const shown = await exportJWK(pair.publicKey)
  const named = { kid: await calculateJwkThumbprint(shown), alg, use: 'sig' }
  return { secret: { ...(await exportJWK(pair.privateKey)), ...named }, shown: { ...shown, ...named } }
}

const text = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

/** Whoever reads the file sees the old text or the new one, whatever fails meanwhile. */
async function replaceFile(file: string, content: string, mode: number): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  try {
    await writeNewFile(temporary, content, mode)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Rejects when the file is there. */
async function writeNewFile(file: string, content: string, mode: number): Promise<void> {
  const handle = await open(file, 'wx', mode)
  try {
    // The mode given to `open` is narrowed by the umask, and must not be wider in any case.
    await handle.chmod(mode)
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Rejects when there are keys already: `keys rotate` replaces them without a break. */
export async function newKeys(dir: string, alg: KeyAlgorithm): Promise<KeyFiles> {
  const files = keyFiles(dir)
  await mkdir(dir, { recursive: true })
  const { secret, shown } = await makeKeys(alg)
  await writeNewFile(files.privateFile, text(secret), 0o600)
  await writeNewFile(files.publicFile, text({ keys: [shown] }), 0o644)
  return files
}

/**
 * Signs with a new key from now on. Tokens of the key before stay good; those of the ones before it no longer are, so that
 * rotating twice withdraws a key that was stolen.
 */
export async function rotateKeys(dir: string, alg?: KeyAlgorithm): Promise<KeyFiles> {
  const files = keyFiles(dir)
  const before = await readPrivateKey(files.privateFile)
  const { keys } = await readJson(files.publicFile, keySetSchema, 'a JSON Web Key Set')
  const { secret, shown } = await makeKeys(alg ?? before.alg)
  // Public first: nobody signs with a key that servers do not know yet.
  const kept = keys.filter(({ kid }) => kid === before.kid)
  await replaceFile(files.publicFile, text({ keys: [shown, ...kept] }), 0o644)
  await replaceFile(files.privateFile, text(secret), 0o600)
  return files
}
