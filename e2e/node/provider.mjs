// node-oidc-provider as an authorization server with its default pages, in memory. Prints its port. PROVIDER is JSON: the
// host name of its issuer and the gateway's redirection URIs. POST /rotate replaces its signing keys, the old ones with
// them, as a server does in an emergency.
import { createServer } from 'node:http'
import { randomUUID } from 'node:crypto'
import * as jose from 'jose'
import Provider from 'oidc-provider'

const { host, redirects, logouts, secret } = JSON.parse(process.env.PROVIDER)
let current

const server = createServer(async (request, response) => {
  if (request.method === 'POST' && request.url === '/rotate') {
    current = await provider()
    response.end()
    return
  }
  current(request, response)
})

async function provider() {
  const { privateKey } = await jose.generateKeyPair('RS256', { extractable: true })
  const key = { ...await jose.exportJWK(privateKey), kid: randomUUID(), alg: 'RS256', use: 'sig' }
  const machine = (client_id, more) => ({ client_id, client_secret: secret, redirect_uris: [], response_types: [], grant_types: ['client_credentials'], ...more })
  return new Provider(`http://${host}:${server.address().port}`, {
    jwks: { keys: [key] },
    cookies: { keys: ['test'] },
    clients: [
      { client_id: 'gateway', client_secret: secret, redirect_uris: redirects, post_logout_redirect_uris: logouts, grant_types: ['authorization_code', 'refresh_token'] },
      machine('job'),
      machine('job-jwt'),
      machine('resource-server', { grant_types: [] }),
    ],
    scopes: ['openid', 'profile', 'email', 'read'],
    claims: { profile: ['name'], email: ['email'] },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, name: 'Demo User', email: `${sub}@example.com` }) }),
    issueRefreshToken: () => true,
    pkce: { required: () => true, methods: ['S256'] },
    ttl: { AccessToken: 3, ClientCredentials: 600, Session: 600, Grant: 600, Interaction: 600, IdToken: 600 },
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_, client) => client.clientId === 'job-jwt' ? 'https://api.example.com' : undefined,
        getResourceServerInfo: () => ({ scope: 'read', audience: 'https://api.example.com', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
      },
    },
  }).callback()
}

server.listen(0, '127.0.0.1', async () => {
  current = await provider()
  console.log(server.address().port)
})
