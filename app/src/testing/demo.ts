/** The app with rooms that live in memory: `npm run dev -w app`, then `/src/testing/demo.html`. */
import { provideMesh } from '../mesh.ts'
import {
  checkSupport,
  copyRoom,
  createRoom,
  importRoom,
  inspectRoomFile,
  joinRoom,
  recoverRoom,
  removeRoom,
  reopenRoom,
  restoreContent,
} from './fake-room.ts'

const opening = { createRoom, joinRoom, reopenRoom, importRoom, recoverRoom, copyRoom }
provideMesh({ ...opening, checkSupport, removeRoom, inspectRoomFile, restoreContent })
await import('../main.ts')
