/** The parts of Mocha's BDD interface that browser tests use; the test runner puts them into the global scope. */
export interface Mocha {
  describe(name: string, define: () => void): void
  it(name: string, run: () => void | Promise<void>): void
  beforeEach(run: () => void | Promise<void>): void
  afterEach(run: () => void | Promise<void>): void
}

export const { describe, it, beforeEach, afterEach } = globalThis as unknown as Mocha
