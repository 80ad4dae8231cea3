// oauth4webapi, the calls below openid-client, one by one, against the authorization server.
import assert from 'node:assert/strict'
import * as oauth from 'oauth4webapi'
import { check, privateKey, sentTo, site, visit } from './site.mjs'

const http = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(site.issuer)
const as = await oauth.discoveryRequest(issuer, { ...http, algorithm: 'oauth2' }).then((r) => oauth.processDiscoveryResponse(issuer, r))
const basic = { client_id: 'basic' }, secret = oauth.ClientSecretBasic(site.secret)
const keyed = { client_id: 'signed' }, assertion = oauth.PrivateKeyJwt({ key: await privateKey(), kid: site.key.kid })

// code asks for a code with PKCE, by pushing the request first or not, and returns what came back with the verifier.
async function code(client, auth, { push = {}, more = {} } = {}) {
  const verifier = oauth.generateRandomCodeVerifier(), state = oauth.generateRandomState()
  const parameters = new URLSearchParams({
    client_id: client.client_id, redirect_uri: site.redirect, response_type: 'code', scope: 'openid email', state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more,
  })
  const address = new URL(as.authorization_endpoint)
  address.search = parameters
  if (push) {
    const pushed = await oauth.pushedAuthorizationRequest(as, client, auth, parameters, { ...http, ...push })
    const { request_uri } = await oauth.processPushedAuthorizationResponse(as, client, pushed)
    address.search = new URLSearchParams({ client_id: client.client_id, request_uri })
  }
  return { back: await sentTo(address), state, verifier }
}

async function redeem(client, auth, callback, verifier, more = {}) {
  const answer = await oauth.authorizationCodeGrantRequest(as, client, auth, callback, site.redirect, verifier, { ...http, ...more })
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, { requireIdToken: true })
  await oauth.validateApplicationLevelSignature(as, answer, http)
  return tokens
}

const describe = async (client, auth, token) => oauth.processIntrospectionResponse(as, client,
  await oauth.introspectionRequest(as, client, auth, token, http))

check('pushed request, code with PKCE, user info', async () => {
  const { back, state, verifier } = await code(basic, secret)
  const tokens = await redeem(basic, secret, oauth.validateAuthResponse(as, basic, back, state), verifier)
  const claims = oauth.getValidatedIdTokenClaims(tokens)
  const user = await oauth.processUserInfoResponse(as, basic, claims.sub, await oauth.userInfoRequest(as, basic, tokens.access_token, http))
  assert.equal(user.email, 'erin@example.com')
})

check('the whole with private_key_jwt, DPoP and the issuer\'s check', async () => {
  const DPoP = oauth.DPoP(keyed, await oauth.generateKeyPair('ES256'))
  const { back, state, verifier } = await code(keyed, assertion, { push: { DPoP } })
  assert.equal(back.searchParams.get('iss'), as.issuer)
  const tokens = await redeem(keyed, assertion, oauth.validateAuthResponse(as, keyed, back, state), verifier, { DPoP })
  assert.equal(tokens.token_type, 'dpop')
  const answer = await oauth.protectedResourceRequest(tokens.access_token, 'GET', new URL(as.userinfo_endpoint), new Headers(), null, { ...http, DPoP })
  assert.equal(answer.status, 200)
  const refreshed = await oauth.processRefreshTokenResponse(as, keyed,
    await oauth.refreshTokenGrantRequest(as, keyed, assertion, tokens.refresh_token, { ...http, DPoP }))
  assert.equal(refreshed.token_type, 'dpop')
})

check('another server\'s answer is noticed (mix-up)', async () => {
  const { back, state } = await code(basic, secret, { push: null })
  const elsewhere = { ...as, issuer: 'https://other.example.com' }
  assert.throws(() => oauth.validateAuthResponse(elsewhere, basic, back, state))
})

check('JARM', async () => {
  const { back, state, verifier } = await code(basic, secret, { push: null, more: { response_mode: 'jwt' } })
  const callback = await oauth.validateJwtAuthResponse(as, basic, back, state, http)
  assert.ok((await redeem(basic, secret, callback, verifier)).access_token)
})

check('client credentials, introspection, revocation', async () => {
  const ask = () => oauth.clientCredentialsGrantRequest(as, basic, secret, { scope: 'read' }, http)
  const tokens = await oauth.processClientCredentialsResponse(as, basic, await ask())
  assert.equal((await describe(basic, secret, tokens.access_token)).active, true)
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, basic, secret, tokens.access_token, http))
  assert.equal((await describe(basic, secret, tokens.access_token)).active, false)
})

check('a JWT access token passes the resource server\'s check (RFC 9068), bound to a key or not', async () => {
  const client = { client_id: 'stateless' }
  for (const DPoP of [undefined, oauth.DPoP(client, await oauth.generateKeyPair('ES256'))]) {
    const tokens = await oauth.processClientCredentialsResponse(as, client,
      await oauth.clientCredentialsGrantRequest(as, client, secret, { scope: 'read' }, { ...http, DPoP }))
    const resource = 'https://api.example.com/orders'
    let request
    const keep = async (url, init) => { request = new Request(url, init); return new Response() }
    await oauth.protectedResourceRequest(tokens.access_token, 'GET', new URL(resource), new Headers(), null, { DPoP, [oauth.customFetch]: keep })
    const claims = await oauth.validateJwtAccessToken(as, request, as.issuer, { ...http, requireDPoP: !!DPoP })
    assert.equal(claims.client_id, 'stateless')
    assert.equal(claims.scope, 'read')
  }
})

check('device flow', async () => {
  const client = { client_id: 'public' }
  const device = await oauth.processDeviceAuthorizationResponse(as, client,
    await oauth.deviceAuthorizationRequest(as, client, oauth.None(), { scope: 'openid' }, http))
  await visit(device.verification_uri, { user_code: device.user_code, decision: 'allow', csrf: site.session })
  const tokens = await oauth.processDeviceCodeResponse(as, client,
    await oauth.deviceCodeGrantRequest(as, client, oauth.None(), device.device_code, http))
  assert.equal(oauth.getValidatedIdTokenClaims(tokens).aud, 'public')
})

check('registration', async () => {
  const made = await oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(as,
    { redirect_uris: [site.redirect], token_endpoint_auth_method: 'private_key_jwt', grant_types: ['client_credentials'], scope: 'read',
      jwks: { keys: [{ ...site.key, d: undefined }] }, token_endpoint_auth_signing_alg: 'ES256' }, http))
  const tokens = await oauth.processClientCredentialsResponse(as, made,
    await oauth.clientCredentialsGrantRequest(as, made, assertion, { scope: 'read' }, http))
  assert.ok(tokens.access_token)
})
