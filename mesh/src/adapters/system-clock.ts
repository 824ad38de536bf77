import type { Clock } from '../ports.ts'

/**
 * A message to oneself is a task of its own: unlike a timer it is not slowed down to 4 ms by nesting, nor to 1 s in a
 * background tab (HTML, timer initialisation steps), and unlike a microtask it lets input and painting have their turn.
 */
function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs)
    return () => clearTimeout(timer)
  },
  yieldToHost: macrotask,
}
