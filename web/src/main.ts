import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { listen } from './api/ask'
import { learnServerDate } from './session/clock'
import './session/preferences'
import { useSession } from './session/session'
import App from './shell/App.vue'
import { fetchPage } from './shell/pages'
import { makeRouter } from './shell/router'
import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import './theme/tokens.css'
import './theme/element-plus.css'
import './theme/ground.css'
import './theme/print.css'
import { keptLanguage, speak, words } from './words'

/** The words, who sits here and the page at this address do not wait for each other. */
async function begin(): Promise<void> {
  const app = createApp(App)
  app.use(createPinia())
  app.use(words)
  const session = useSession()
  listen({ signedOut: () => session.expire(), serverDate: learnServerDate })
  fetchPage(location.pathname)
  await Promise.all([speak(keptLanguage()), session.recall()])
  app.use(makeRouter())
  app.mount('#app')
}

void begin()
