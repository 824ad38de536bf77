import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{protocol,mesh,turn,signaling,archivist,app}/src/**/*.test.ts', 'scripts/*.test.mjs'],
    exclude: ['**/*.browser.test.ts', '**/node_modules/**'],
    testTimeout: 30_000,
  },
})
