import { type Damage, StorageError, type StorageFault } from './api.ts'
import { hasCode } from './file-system.ts'

function faultOf(error: unknown): StorageFault {
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) return 'disk-full'
  return hasCode(error, 'EROFS', 'EACCES', 'EPERM') ? 'not-writable' : 'io'
}

const SENTENCES: Partial<Record<StorageFault, string>> = {
  'disk-full': 'the disk is full',
  'not-writable': 'the folder may not be written',
}

export function asStorageError(error: unknown, doing: string): StorageError {
  if (error instanceof StorageError) return error
  const fault = faultOf(error)
  const reason = SENTENCES[fault] ?? (error instanceof Error ? error.message : String(error))
  return new StorageError(fault, `${doing}: ${reason}`, error)
}

export function damagedError({ file, atByte, what }: Damage): StorageError {
  return new StorageError('damaged', `${file} at byte ${atByte}: ${what}`)
}
