import { createRoom, type DocumentHandle, joinRoom, type Room } from '@parley/mesh'
import { providePage } from './bench-page.ts'

let room: Room | null = null
let handle: DocumentHandle | null = null

providePage({
  async enter({ signaling, invite }) {
    const options = { signaling: [signaling], profile: { name: 'Bench', color: '#3366cc' } }
    room = invite === null ? await createRoom(options) : await joinRoom(invite, options)
    handle = room.document('content/bench')
    await handle.whenLoaded
    if (invite !== null) return invite
    const { link } = await room.createInvite(location.href, {
      role: 'editor',
      notAfterMs: Date.now() + 3_600_000,
    })
    return link
  },
  doc() {
    if (!handle) throw new Error('not in a room')
    return handle.doc
  },
  linkCount() {
    const connection = room?.state.connection
    return connection?.name === 'connected' ? connection.linkCount : 0
  },
  isSaved: () => room?.state.save.device === 'saved',
})
