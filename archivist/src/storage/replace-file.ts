import { join } from 'node:path'
import type { FileSystem } from './file-system.ts'

/** Written beside, made durable, put in place, its name made durable: after a power cut there is the old or the new one. */
export async function replaceFile(
  fs: FileSystem,
  folder: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const beside = join(folder, `${name}.new`)
  const file = await fs.open(beside)
  try {
    await file.truncate(0)
    await file.write(bytes, 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await fs.rename(beside, join(folder, name))
  await fs.syncFolder(folder)
}
