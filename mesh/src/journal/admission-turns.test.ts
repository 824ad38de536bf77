import { describe, expect, it } from 'vitest'
import { ADMIT_BATCH, ADMIT_BATCH_MS, CLOCK_AHEAD_MS, LINK_WASTE, WORK_COSTS } from '../limits.ts'
import { SealedRoom, WRITTEN_MS } from '../testing/sealed-room.ts'
import { Admission } from './admission.ts'
import { chainCostMs, entryCostMs, frameCostMs, workOf } from './work-costs.ts'

const [FLOOD, TYPIST] = [{ name: 'flood' }, { name: 'typist' }]

async function makeGate(seed: string) {
  const house = new SealedRoom(seed)
  const ada = await house.room.device('owner', 'ada')
  const ben = await house.room.device('editor', 'ben')
  for (const member of [ada, ben]) await house.authors.learn(member.chainBytes)
  const admitted: object[] = []
  const wasted: { from: object; workMs: number }[] = []
  const told: string[] = []
  /** Called before each signature check. */
  let onVerify: (count: number) => void = () => undefined
  const seal = {
    message: house.seal.message.bind(house.seal),
    hash: house.seal.hash.bind(house.seal),
    open: house.seal.open.bind(house.seal),
    verify: (...args: Parameters<typeof house.seal.verify>) => {
      onVerify(house.verifyCount)
      return house.seal.verify(...args)
    },
  }
  const gate = new Admission(
    {
      ...{ journal: house.journal, authors: house.authors, seal, nowMs: () => WRITTEN_MS },
      ...{ cutOf: () => null, hasLost: () => false, isWanted: () => false, isOpen: () => false },
    },
    {
      admitted: (entries) => void admitted.push(...entries.map(({ from }) => from)),
      duplicate: () => void told.push('duplicate'),
      fork: () => void told.push('fork'),
      gap: () => void told.push('gap'),
      blameLink: (from, reason) => {
        told.push(`link: ${reason}`)
        gate.forget(from)
      },
      blameAuthor: (_author, reason) => void told.push(`author: ${reason}`),
      dropped: (why) => void told.push(why),
      consumed: () => void told.push('consumed'),
      wasted: (from, workMs) => void wasted.push({ from, workMs }),
    },
  )
  house.verifyCount = 0
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  const atVerify = (call: (count: number) => void) => {
    onVerify = call
  }
  return { house, ada, ben, gate, admitted, wasted, told, settled, atVerify }
}

describe('links take turns', () => {
  it('[WK2] a keystroke waits for the batch under way, however many entries of another link wait', async () => {
    const { house, ada, ben, gate, admitted, settled, atVerify } = await makeGate('turns')
    const flood = await house.writeLog(ada, 1_000)
    const keystroke = await house.write(ben, 'x')
    let before = -1
    atVerify((count) => {
      if (count !== 500) return
      before = admitted.length
      gate.receive(TYPIST, keystroke.entry.bytes, false, 0)
    })
    for (const { entry } of flood) gate.receive(FLOOD, entry.bytes, false, 0)
    await settled()
    expect(admitted.length).toBe(1_001)
    expect(before).toBeGreaterThan(0)
    const others = admitted.indexOf(TYPIST) - before
    expect(others).toBeGreaterThan(0)
    expect(others).toBeLessThanOrEqual(ADMIT_BATCH)
  })

  it('[WK2] one behind chains of five waits for a batch that is short by what they cost', async () => {
    const { house, ben, gate, admitted, settled } = await makeGate('chains')
    const keystroke = await house.write(ben, 'x')
    const chain = new Uint8Array(33 + 5 * 145)
    const learned: number[] = []
    const learning = Array.from({ length: 500 }, (_, i) => {
      chain[40] = i & 255
      chain[41] = i >> 8
      return gate.learn(FLOOD, chain.slice()).then(() => learned.push(admitted.length))
    })
    await Promise.resolve()
    gate.receive(TYPIST, keystroke.entry.bytes, false, 0)
    await Promise.all(learning)
    await settled()
    const before = learned.filter((count) => count === 0).length
    // The chain that was under way, the batch with the keystroke, and no more.
    expect(before).toBeLessThanOrEqual(1 + Math.ceil(ADMIT_BATCH_MS / chainCostMs(chain.length)))
    expect(before).toBeLessThan(ADMIT_BATCH / 2)
  })

  it('[WK6] tells how much of a link waits', async () => {
    const { house, ada, gate, settled } = await makeGate('bytes')
    const written = await house.writeLog(ada, 20)
    const bytes = written.reduce((sum, { entry }) => sum + entry.bytes.length, 0)
    for (const { entry } of written) gate.receive(FLOOD, entry.bytes, false, 0)
    expect(gate.waitingBytesOf(FLOOD)).toBeGreaterThan(bytes)
    expect(gate.waitingBytesOf(TYPIST)).toBe(0)
    await settled()
    expect(gate.waitingBytesOf(FLOOD)).toBe(0)
  })

  it('[WK7] nothing more of a link that broke a rule is looked at, what others sent is', async () => {
    const { house, ada, ben, gate, admitted, told, settled } = await makeGate('blamed')
    const written = await house.writeLog(ada, 500)
    const broken = written.map(({ entry }) => {
      const bytes = entry.bytes.slice()
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
      return bytes
    })
    for (const bytes of broken) gate.receive(FLOOD, bytes, false, 0)
    const learned = gate.learn(FLOOD, new Uint8Array(200))
    gate.receive(TYPIST, (await house.write(ben, 'x')).entry.bytes, false, 0)
    await learned
    await settled()
    expect(admitted).toEqual([TYPIST])
    expect(house.verifyCount).toBeLessThanOrEqual(2 * ADMIT_BATCH)
    expect(told).toContain('link: malformed')
  })
})

describe('work in vain', () => {
  it('[WK5] is what was not asked for and is of no use: by its cost, with a signature or without', async () => {
    const { house, ada, ben, gate, wasted, told, settled } = await makeGate('vain')
    const stranger = await house.room.device('editor', 'stranger')
    const ended = await house.room.device('editor', 'ended', { notAfterMs: WRITTEN_MS - 1 })
    const vera = await house.room.device('viewer', 'vera')
    for (const member of [ended, vera]) await house.authors.learn(member.chainBytes)
    const [first, second] = await house.writeLog(ada, 2)
    const fork = await house.write(ada, 'other')
    const back = await house.write(ada, 'b', { seq: 2, prev: first?.hash as Uint8Array, timeMs: 1 })
    const ahead = await house.write(ben, 'x', { timeMs: WRITTEN_MS + CLOCK_AHEAD_MS + 1 })
    const gap = await house.write(ben, 'x', { seq: 9, prev: new Uint8Array(32).fill(1) })
    const cases = [
      { name: 'news', entry: first?.entry, cost: null },
      { name: 'a double', entry: first?.entry, cost: frameCostMs },
      { name: 'a stranger’s', entry: (await house.write(stranger, 'x')).entry, cost: frameCostMs },
      { name: 'after a grant', entry: (await house.write(ended, 'x')).entry, cost: frameCostMs },
      { name: 'a viewer’s', entry: (await house.write(vera, 'x')).entry, cost: entryCostMs },
      { name: 'for a taken place', entry: fork.entry, cost: entryCostMs },
      { name: 'time back', entry: back.entry, cost: entryCostMs },
      { name: 'ahead of time', entry: ahead.entry, cost: null },
      { name: 'behind a gap', entry: gap.entry, cost: null },
      { name: 'the next', entry: second?.entry, cost: null },
    ]
    for (const wanted of [false, true]) {
      for (const { name, entry, cost } of cases) {
        const bytes = entry?.bytes as Uint8Array
        gate.receive(FLOOD, bytes, wanted, 0)
        await settled()
        const isDouble = told.includes('duplicate')
        const expected = wanted || !cost ? [] : [{ from: FLOOD, workMs: cost(bytes.length) }]
        expect({ name, wanted, wasted: wasted.splice(0) }).toEqual({ name, wanted, wasted: expected })
        expect({ name, isDouble }).toEqual({ name, isDouble: !wanted && name === 'a double' })
        told.length = 0
      }
    }
  })

  it('[WK5] doubles that were verified at once cost the signature as well', async () => {
    const { house, ada, gate, wasted, settled } = await makeGate('doubles')
    const { entry } = await house.write(ada, 'x')
    const filler = await house.writeLog(ada, 2, { session: 2 })
    // Under way alone: the two that follow are in one batch.
    gate.receive(TYPIST, filler[0]?.entry.bytes as Uint8Array, false, 0)
    for (const from of [TYPIST, FLOOD]) gate.receive(from, entry.bytes, false, 0)
    await settled()
    expect(wasted).toHaveLength(1)
    expect(wasted[0]?.workMs).toBe(entryCostMs(entry.bytes.length))
  })

  it('[WK5] broken chains count whoever asked, chains that hold never', async () => {
    const { house, gate, wasted } = await makeGate('broken chains')
    const nina = await house.room.device('editor', 'nina')
    const broken = nina.chainBytes.slice()
    broken[broken.length - 1] = (broken.at(-1) as number) ^ 1
    for (let i = 0; i < 3; i++) await gate.learn(FLOOD, nina.chainBytes)
    expect(wasted).toEqual([])
    for (let i = 0; i < 3; i++) await gate.learn(FLOOD, broken)
    const workMs = chainCostMs(broken.length)
    expect(wasted).toEqual(Array.from({ length: 3 }, () => ({ from: FLOOD, workMs })))
    expect(LINK_WASTE.burstMs / workMs).toBeLessThan(2_500)
  })
})

describe('the table of costs', () => {
  it('[WK1] has a price for every frame, and more for what is verified', () => {
    const { frameMs, signatureMs, openMs } = WORK_COSTS
    expect(workOf('digest', 0)).toBe(frameMs)
    expect(workOf('entry', 0)).toBeCloseTo(frameMs + signatureMs + openMs)
    expect(workOf('presence', 0)).toBeCloseTo(frameMs + signatureMs + openMs)
    expect(workOf('proof', 0)).toBeCloseTo(frameMs + 2 * signatureMs)
    expect(workOf('entry', 256 * 1024)).toBeGreaterThan(2.8)
    for (const grants of [1, 2, 3, 4, 5]) {
      const bytes = 33 + grants * 145
      expect(workOf('author', bytes) - frameCostMs(bytes)).toBeCloseTo(grants * signatureMs)
    }
    // What only says that it has more is refused by its number of grants.
    expect(workOf('author', 2_048)).toBeLessThan(frameCostMs(2_048) + 5.1 * signatureMs)
  })
})
