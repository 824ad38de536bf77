/** What tests that run in Node and in the browser alike need of an assertion library. */

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

export function assertEqual<T>(actual: T, expected: T, what = 'value'): void {
  assert(Object.is(actual, expected), `${what}: expected ${String(expected)}, got ${String(actual)}`)
}

/** Returns what `call` rejected or threw; fails when it did neither. */
export async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  throw new Error('expected a failure, and there was none')
}
