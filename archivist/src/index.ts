/** A headless peer that keeps rooms when nobody is there. */
export {
  type Damage,
  type DiskOptions,
  type DiskStorages,
  type StorageAlarm,
  StorageError,
  type StorageFault,
  type StorageHealth,
} from './storage/api.ts'
export { type BackupResult, backup } from './storage/backup.ts'
export type { RoomBackup } from './storage/backup-room.ts'
export { diskStorages } from './storage/disk-storages.ts'
export { listRooms, type RoomOnDisk } from './storage/list-rooms.ts'
export { type PruneOptions, type PruneResult, prune } from './storage/prune.ts'
export { type FolderOptions, removeRoom } from './storage/remove-room.ts'
export { type RestoreResult, restore } from './storage/restore-rooms.ts'
export { type RoomVerdict, verifyRoom } from './storage/verify-room.ts'
