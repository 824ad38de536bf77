import { defineConfig } from 'vite'

/** The server to which the development server hands signaling over. */
const SIGNALING = 'http://127.0.0.1:8787'

export default defineConfig({
  build: { target: 'es2022', sourcemap: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  // One Yjs: two copies do not recognise each other's types.
  resolve: { dedupe: ['yjs', 'lib0', 'y-protocols'] },
  server: { proxy: { '/v1': { target: SIGNALING, ws: true } } },
})
