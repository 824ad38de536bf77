/** A WebSocket client for load: text frames in and out, and waiting for a count of them. */
import { WebSocket } from 'ws'

export class LoadClient {
  readonly #socket: WebSocket
  /** Frames that came, those handled by `onText` included. */
  received = 0
  onText: ((text: string) => void) | null = null
  #wake: (() => void) | null = null
  #ended = false

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => {
      this.received++
      this.onText?.(String(data))
      this.#wake?.()
    })
    socket.on('close', () => {
      this.#ended = true
      this.#wake?.()
    })
  }

  static connect(url: string): Promise<LoadClient> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, { perMessageDeflate: false })
      const client = new LoadClient(socket)
      socket.once('open', () => resolve(client))
      socket.once('error', reject)
    })
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  /** Resolves when `isDone`, which is asked again after every frame. Rejects when the connection ends before. */
  async until(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      if (this.#ended) throw new Error('the server closed a connection')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Resolves when the other side has closed too. */
  async close(): Promise<void> {
    this.#socket.close()
    while (!this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

/** Runs `task` for 0 to `count - 1`, so many at a time. */
export async function inParallel<T>(
  count: number,
  atOnce: number,
  task: (i: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) {
      const i = next++
      results[i] = await task(i)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work))
  return results
}
