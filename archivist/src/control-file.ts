/** How commands find the archivist that runs on a folder: a file in it that its user alone can read. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { isAbsent, writeWhole } from './small-file.ts'

export const CONTROL_FILE = 'control.json'

const schema = v.strictObject({
  url: v.pipe(v.string(), v.regex(/^http:\/\/\S+$/)),
  /** Whoever shows it may do what a command may. */
  token: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/)),
})
export type Control = v.InferOutput<typeof schema>

export async function writeControl(dir: string, control: Control): Promise<void> {
  await writeWhole(join(dir, CONTROL_FILE), `${JSON.stringify(control)}\n`)
}

/** `null` when none runs, or did not end well enough to say so and left something else. */
export async function readControl(dir: string): Promise<Control | null> {
  try {
    const result = v.safeParse(schema, JSON.parse(await readFile(join(dir, CONTROL_FILE), 'utf8')))
    return result.success ? result.output : null
  } catch (error) {
    if (isAbsent(error) || error instanceof SyntaxError) return null
    throw error
  }
}

export async function removeControl(dir: string): Promise<void> {
  await rm(join(dir, CONTROL_FILE), { force: true })
}
