/** A headless peer that keeps rooms when nobody is there. */
export {
  type DiskOptions,
  type DiskStorages,
  type StorageAlarm,
  StorageError,
  type StorageFault,
  type StorageHealth,
} from './storage/api.ts'
export { diskStorages } from './storage/disk-storages.ts'
