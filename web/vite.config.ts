import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

/** The server that `npm run dev` speaks to; the built console is served by the platform itself. */
const SERVER = process.env.FENGTAI_SERVER ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { proxy: { '/api': { target: SERVER } } },
  build: {
    target: 'es2022',
    // A content security policy without inline scripts: no preload polyfill, no small file put into the page.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    manifest: 'manifest.json',
    chunkSizeWarningLimit: 1200,
  },
})
