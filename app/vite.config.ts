import { join } from 'node:path'
import { defineConfig } from 'vite'
import { offlineWorker } from './src/offline/build-plugin.ts'

/** The server to which the development server hands signaling over. */
const SIGNALING = 'http://127.0.0.1:8787'

export default defineConfig({
  build: {
    target: 'es2022',
    sourcemap: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: {
        index: join(import.meta.dirname, 'index.html'),
        'offline-worker': join(import.meta.dirname, 'src/offline/offline-worker.ts'),
      },
      output: {
        entryFileNames: ({ name }) => (name === 'offline-worker' ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  plugins: [offlineWorker(join(import.meta.dirname, 'public'))],
  // One Yjs: two copies do not recognise each other's types.
  resolve: { dedupe: ['yjs', 'lib0', 'y-protocols'] },
  server: { proxy: { '/v1': { target: SIGNALING, ws: true } } },
})
