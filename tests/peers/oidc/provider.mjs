/**
 * A real OpenID Connect provider (npm `oidc-provider`) for the tests. Its people and its client come as JSON in the
 * variable SITE; it says `ready` when it listens. A line on standard input tells it to rotate its keys or to stop.
 */
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'

const site = JSON.parse(process.env.SITE)

async function signingKeys(kid) {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return { keys: [{ ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' }] }
}

async function provider(kid) {
  const made = new Provider(site.issuer, {
    clients: site.clients,
    jwks: await signingKeys(kid),
    cookies: { keys: ['only for tests'] },
    claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, sub) => {
      const person = site.people[sub]
      return person && { accountId: sub, claims: () => ({ sub, ...person }) }
    },
  })
  return made.callback()
}

let answer = await provider('first')
const server = createServer((request, response) => answer(request, response))
server.listen(site.port, '127.0.0.1', () => console.log('ready'))
createInterface({ input: process.stdin }).on('line', async (line) => {
  if (line === 'rotate') {
    answer = await provider('second')
    console.log('rotated')
  }
}).on('close', () => process.exit(0))
