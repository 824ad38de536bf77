/** The app with rooms that live in memory: `npm run dev -w app`, then `/src/testing/demo.html`. */
import { provideMesh } from '../mesh.ts'
import { checkSupport, createRoom, joinRoom, removeRoom, reopenRoom } from './fake-room.ts'

provideMesh({ checkSupport, createRoom, joinRoom, removeRoom, reopenRoom })
await import('../main.ts')
