/**
 * A client of y-webrtc's server without WebRTC, with the frames of the stock client: `announce` to all, from each that
 * answers (it has at most 20 to 34 links, 25 here) an offer and four candidates, and as many back.
 */
import { LoadClient } from './client.ts'

export const THEIR_LINKS = 25
const FRAMES = 5
const PADDING = 'x'.repeat(400)

export class TheirPeer {
  readonly client: LoadClient
  readonly #topic: string
  readonly #name: string

  private constructor(client: LoadClient, topic: string, name: string) {
    this.client = client
    this.#topic = topic
    this.#name = name
  }

  /** Resolves when subscribed. */
  static async join(url: string, topic: string, name: string): Promise<TheirPeer> {
    const client = await LoadClient.connect(url)
    client.send(JSON.stringify({ type: 'subscribe', topics: [topic] }))
    client.send('{"type":"ping"}')
    await client.until(() => client.received === 1)
    client.received = 0
    return new TheirPeer(client, topic, name)
  }

  #publish(data: object): void {
    this.client.send(JSON.stringify({ type: 'publish', topic: this.#topic, data }))
  }

  #signalTo(to: string): void {
    const signal = { type: 'candidate', candidate: PADDING }
    for (let i = 0; i < FRAMES; i++)
      this.#publish({ to, from: this.#name, type: 'signal', token: 1.5, signal })
  }

  /** Offers to whoever announces itself from here on. */
  respond(): void {
    this.client.onText = (text) => {
      const from = /"type":"announce","from":"([^"]+)"/.exec(text)?.[1]
      if (from !== undefined && from !== this.#name) this.#signalTo(from)
    }
  }

  /** Resolves when everybody who answers, `answering` of them, was answered, and all of it was delivered here. */
  async meetAll(answering: number): Promise<void> {
    const heard = new Map<string, number>()
    this.client.onText = (text) => {
      if (!text.includes(`"to":"${this.#name}"`)) return
      const from = /"from":"([^"]+)"/.exec(text)?.[1] ?? ''
      const count = (heard.get(from) ?? 0) + 1
      heard.set(from, count)
      if (count === FRAMES) this.#signalTo(from)
    }
    this.#publish({ type: 'announce', from: this.#name })
    await this.client.until(() => this.client.received === 1 + 2 * FRAMES * answering)
  }
}
