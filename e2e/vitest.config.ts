import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['src/**/*.test.ts'],
    globalSetup: ['src/build-app.ts'],
    // One browser at a time: the machines that run this have two cores.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Written for bundlers: it imports JSON as they do.
    server: { deps: { inline: ['@actions/workflow-parser', '@actions/expressions'] } },
    expect: { poll: { timeout: 20_000, interval: 50 } },
  },
})
