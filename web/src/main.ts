import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { listen } from './api/ask'
import { learnServerDate } from './session/clock'
import './session/preferences'
import { useSession } from './session/session'
import App from './shell/App.vue'
import { makeRouter } from './shell/router'
import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import './theme/tokens.css'
import './theme/element-plus.css'
import './theme/ground.css'
import { keptLanguage, speak, words } from './words'

async function begin(): Promise<void> {
  await speak(keptLanguage())
  const app = createApp(App)
  app.use(createPinia())
  app.use(words)
  const session = useSession()
  listen({ signedOut: () => session.expire(), serverDate: learnServerDate })
  await session.recall()
  app.use(makeRouter())
  app.mount('#app')
}

void begin()
