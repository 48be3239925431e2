import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

/** The server that `npm run dev` speaks to; the built console is served by the platform itself. */
const SERVER = process.env.FENGTAI_SERVER ?? 'http://127.0.0.1:8080'

/**
 * What nearly every page is made of comes with the frame, in one file: a page is then its own file and its question, not
 * twenty small files. Map, pictures and players are not among it: they are loaded when first needed.
 */
const FRAME =
  /src[\\/](main\.ts|(shell|session|theme)[\\/]|parts[\\/](AgeText|AlarmRow|AsOf|FieldRow|FormDrawer|PageFrame|PresenceMark|PriorityMark|ProblemNote|ReasonDialog|SearchField|use\w+)\.)/

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
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'frame', test: FRAME }] } } },
  },
})
