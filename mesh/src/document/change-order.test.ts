import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { changesInOrder, type DatedLog } from './change-order.ts'

/** A person who writes in a document of their own and hears of the others when a test says so. */
class Writer {
  readonly doc = new Y.Doc()
  readonly updates: Uint8Array[] = []
  readonly times: number[] = []

  constructor(clientId: number) {
    this.doc.clientID = clientId
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'heard') this.updates.push(update)
    })
  }

  get text(): Y.Text {
    return this.doc.getText('t')
  }

  at(timeMs: number, write: (text: Y.Text) => void): void {
    write(this.text)
    this.times.push(timeMs)
  }

  hear(other: Writer): void {
    Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(other.doc), 'heard')
  }

  get log(): DatedLog {
    return {
      clientId: this.doc.clientID,
      updates: this.updates,
      timeMs: (seq) => this.times[seq - 1] ?? Number.NaN,
    }
  }
}

const inOrder = async (...logs: readonly DatedLog[]) => {
  const changes = await changesInOrder(logs, () => Promise.resolve())
  return changes.map(({ log, seq, timeMs }) => [log, seq, timeMs])
}

describe('the order of changes', () => {
  it('[HI2] is that of the clocks of their authors', async () => {
    const [ada, ben] = [new Writer(1), new Writer(2)]
    ada.at(10, (text) => text.insert(0, 'a'))
    ben.at(5, (text) => text.insert(0, 'b'))
    ben.at(20, (text) => text.insert(1, 'c'))
    expect(await inOrder(ada.log, ben.log)).toEqual([
      [1, 1, 5],
      [0, 1, 10],
      [1, 2, 20],
    ])
  })

  it('[HI2] puts nothing before what it deletes or builds on, however far it is dated back', async () => {
    const [ada, eve] = [new Writer(1), new Writer(2)]
    ada.at(100, (text) => text.insert(0, 'a long text'))
    ada.at(200, (text) => text.insert(0, 'and more '))
    eve.hear(ada)
    eve.at(1, (text) => text.delete(0, text.length))
    eve.at(2, (text) => text.insert(0, 'x'))
    ada.at(300, (text) => text.insert(0, 'later '))
    expect(await inOrder(eve.log, ada.log)).toEqual([
      [1, 1, 100],
      [1, 2, 200],
      [0, 1, 200],
      [0, 2, 200],
      [1, 3, 300],
    ])
  })

  it('[HI2] counts what was written and deleted', async () => {
    const ada = new Writer(1)
    ada.at(1, (text) => text.insert(0, 'four'))
    ada.at(2, (text) => text.format(0, 2, { bold: true }))
    ada.at(3, (text) => text.delete(1, 2))
    const changes = await changesInOrder([ada.log], () => Promise.resolve())
    const counts = changes.map(({ insertedCount, deletedCount }) => [insertedCount, deletedCount])
    expect(counts).toEqual([
      [4, 0],
      [0, 0],
      [0, 2],
    ])
  })

  it('[HI2] ends a log where something cannot be opened or read, and dates what needs what is not here', async () => {
    const [ada, ben] = [new Writer(1), new Writer(2)]
    ada.at(10, (text) => text.insert(0, 'a'))
    ada.at(20, (text) => text.insert(0, 'b'))
    ada.at(30, (text) => text.insert(0, 'c'))
    ben.hear(ada)
    ben.at(15, (text) => text.delete(0, 3))
    const [one, two, three] = ada.updates as [Uint8Array, Uint8Array, Uint8Array]
    for (const unreadable of [null, Uint8Array.of(255, 1)]) {
      const log = { ...ada.log, updates: [one, unreadable, three] }
      expect(await inOrder(log, ben.log)).toEqual([
        [0, 1, 10],
        [1, 1, 15],
      ])
    }
    expect(await inOrder(ben.log)).toEqual([[0, 1, 15]])
    expect(two).toBeInstanceOf(Uint8Array)
  })

  it('[HI2] does not wait for ever for logs that need each other', async () => {
    const [ada, ben] = [new Writer(1), new Writer(2)]
    ada.at(10, (text) => text.insert(0, 'a'))
    ben.hear(ada)
    ben.at(5, (text) => text.delete(0, 1))
    ben.at(6, (text) => text.insert(0, 'b'))
    const circle = { ...ada.log, updates: [ben.updates[0] as Uint8Array] }
    expect(await inOrder(circle, { ...ben.log })).toHaveLength(3)
  })
})
