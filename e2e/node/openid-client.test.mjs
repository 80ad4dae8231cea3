// openid-client, as its documentation says to use it, against the authorization server.
import assert from 'node:assert/strict'
import { SignJWT, decodeJwt, decodeProtectedHeader } from 'jose'
import * as client from 'openid-client'
import { check, privateKey, sentTo, site, visit } from './site.mjs'

const server = new URL(site.issuer)
const secrets = { client_secret: site.secret }
const options = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] }
const basic = (id = 'basic', metadata = secrets) =>
  client.discovery(server, id, metadata, client.ClientSecretBasic(site.secret), options)
const signed = (metadata = {}) => privateKey().then((key) =>
  client.discovery(server, 'signed', metadata, client.PrivateKeyJwt({ key, kid: site.key.kid }), options))

// login is the authorization code flow with all checks that the library has; build makes the address for the browser.
async function login(config, more = {}, build = client.buildAuthorizationUrl, grant = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState(), expectedNonce = client.randomNonce()
  const address = await build(config, {
    redirect_uri: site.redirect,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...more,
  })
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }
  return client.authorizationCodeGrant(config, await sentTo(address), checks, {}, grant)
}

check('discovery, OpenID Connect and RFC 8414', async () => {
  for (const algorithm of ['oidc', 'oauth2']) {
    const config = await client.discovery(server, 'basic', secrets, undefined, { ...options, algorithm })
    const m = config.serverMetadata()
    assert.equal(m.issuer, site.issuer)
    assert.ok(m.supportsPKCE())
    for (const member of ['authorization_endpoint', 'token_endpoint', 'jwks_uri']) assert.ok(m[member].startsWith(site.issuer))
  }
})

check('code flow with PKCE, user info', async () => {
  const config = await basic()
  const tokens = await login(config)
  const claims = tokens.claims()
  assert.equal(claims.aud, 'basic')
  assert.equal(tokens.token_type, 'bearer')
  const user = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
  assert.equal(user.email, 'erin@example.com')
  await assert.rejects(client.fetchUserInfo(config, 'x' + tokens.access_token, claims.sub), { status: 401 })
})

check('code flow of a public client', async () => {
  const config = await client.discovery(server, 'public', undefined, client.None(), options)
  assert.ok((await login(config)).access_token)
})

check('code flow, form of the other methods with secrets', async () => {
  for (const [id, method] of [['post', client.ClientSecretPost(site.secret)], ['hmac', client.ClientSecretJwt(site.secret)]]) {
    const config = await client.discovery(server, id, secrets, method, options)
    assert.ok((await login(config)).access_token, id)
  }
})

check('code flow, private_key_jwt', async () => {
  assert.equal((await login(await signed())).claims().aud, 'signed')
})

check('a code is good once; the error is the protocol\'s', async () => {
  const config = await basic()
  const address = client.buildAuthorizationUrl(config, { redirect_uri: site.redirect, scope: 'openid' })
  const back = await sentTo(address)
  await client.authorizationCodeGrant(config, back)
  await assert.rejects(client.authorizationCodeGrant(config, back), { error: 'invalid_grant', status: 400 })
})

check('errors come back to the client', async () => {
  const config = await basic()
  const state = client.randomState()
  const address = client.buildAuthorizationUrl(config, { redirect_uri: site.redirect, scope: 'openid magic', state })
  await assert.rejects(client.authorizationCodeGrant(config, await sentTo(address), { expectedState: state }),
    (e) => e instanceof client.AuthorizationResponseError && e.error === 'invalid_scope')
})

check('client credentials, introspection, revocation', async () => {
  const config = await basic()
  const tokens = await client.clientCredentialsGrant(config, { scope: 'read' })
  assert.equal(tokens.scope, 'read')
  assert.ok(tokens.expiresIn() > 3000)
  const before = await client.tokenIntrospection(config, tokens.access_token)
  assert.equal(before.active, true)
  assert.equal(before.client_id, 'basic')
  assert.equal(before.iss, site.issuer)
  await client.tokenRevocation(config, tokens.access_token)
  assert.deepEqual(await client.tokenIntrospection(config, tokens.access_token), { active: false })
})

check('a wrong secret is a challenge', async () => {
  const config = await client.discovery(server, 'basic', undefined, client.ClientSecretBasic('wrong'), options)
  await assert.rejects(client.clientCredentialsGrant(config), (e) =>
    e instanceof client.WWWAuthenticateChallengeError && e.status === 401 && e.cause[0].scheme === 'basic')
})

check('introspection as a signed JWT', async () => {
  const config = await basic('jwt-answers', { ...secrets, introspection_signed_response_alg: 'RS256' })
  const tokens = await client.clientCredentialsGrant(config, { scope: 'read' })
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true)
})

check('user info as a signed JWT', async () => {
  const config = await basic('jwt-answers', { ...secrets, userinfo_signed_response_alg: 'RS256' })
  const tokens = await login(config)
  assert.equal((await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)).email, 'erin@example.com')
})

check('refresh', async () => {
  const config = await basic()
  const first = await login(config)
  const second = await client.refreshTokenGrant(config, first.refresh_token)
  assert.notEqual(second.access_token, first.access_token)
  assert.equal(second.claims().sub, first.claims().sub)
  await assert.rejects(client.refreshTokenGrant(config, first.refresh_token), { error: 'invalid_grant' })
})

check('device flow', async () => {
  const config = await client.discovery(server, 'public', undefined, client.None(), options)
  const device = await client.initiateDeviceAuthorization(config, { scope: 'openid read' })
  assert.ok(device.verification_uri_complete.includes(device.user_code))
  const polled = client.pollDeviceAuthorizationGrant(config, device)
  const done = await visit(device.verification_uri, { user_code: device.user_code, decision: 'allow', csrf: site.session })
  assert.equal(done.status, 200)
  assert.equal((await polled).scope, 'openid read')

  const refused = await client.initiateDeviceAuthorization(config, { scope: 'read' })
  await visit(refused.verification_uri, { user_code: refused.user_code, decision: 'deny', csrf: site.session })
  await assert.rejects(client.pollDeviceAuthorizationGrant(config, refused), client.ResponseBodyError)
})

check('pushed authorization request', async () => {
  assert.ok((await login(await basic(), {}, client.buildAuthorizationUrlWithPAR)).access_token)
})

check('request object, and one that is pushed', async () => {
  const config = await signed()
  const key = { key: await privateKey(), kid: site.key.kid }
  const build = (c, parameters) => client.buildAuthorizationUrlWithJAR(c, parameters, key)
  assert.ok((await login(config, {}, build)).access_token)
  const pushed = async (c, parameters) => client.buildAuthorizationUrlWithPAR(c, (await build(c, parameters)).searchParams)
  assert.ok((await login(config, {}, pushed)).access_token)
})

check('DPoP', async () => {
  const config = await basic()
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
  const tokens = await login(config, {}, client.buildAuthorizationUrl, { DPoP })
  assert.equal(tokens.token_type, 'dpop')
  const { sub } = tokens.claims()
  assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })).sub, sub)
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, sub), { status: 401 })
  const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, sub, { DPoP: other }), { status: 401 })
  const again = await client.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP })
  assert.equal(again.token_type, 'dpop')
  assert.ok((await client.tokenIntrospection(config, again.access_token)).cnf.jkt)
  const machine = await client.clientCredentialsGrant(config, { scope: 'read' }, { DPoP })
  assert.equal(machine.token_type, 'dpop')
})

check('DPoP with a pushed request binds the code', async () => {
  const config = await basic()
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
  const build = (c, parameters) => client.buildAuthorizationUrlWithPAR(c, parameters, { DPoP })
  assert.equal((await login(config, {}, build, { DPoP })).token_type, 'dpop')
  await assert.rejects(login(config, {}, build), { error: 'invalid_grant' })
})

check('JARM', async () => {
  const config = await basic()
  client.useJwtResponseMode(config)
  assert.ok((await login(config)).access_token)
})

check('hybrid flow', async () => {
  const config = await basic()
  client.useCodeIdTokenResponseType(config)
  const expectedState = client.randomState(), expectedNonce = client.randomNonce()
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: site.redirect, scope: 'openid', state: expectedState, nonce: expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256',
  })
  const tokens = await client.authorizationCodeGrant(config, await sentTo(address), { expectedState, expectedNonce, pkceCodeVerifier })
  assert.ok(tokens.id_token)
})

check('implicit flow', async () => {
  const config = await basic()
  client.useIdTokenResponseType(config)
  const state = client.randomState(), nonce = client.randomNonce()
  const address = client.buildAuthorizationUrl(config, { redirect_uri: site.redirect, scope: 'openid', state, nonce })
  const claims = await client.implicitAuthentication(config, await sentTo(address), nonce, { expectedState: state })
  assert.equal(claims.nonce, nonce)
})

check('max_age', async () => {
  const config = await basic()
  const state = client.randomState()
  const address = client.buildAuthorizationUrl(config, { redirect_uri: site.redirect, scope: 'openid', state, max_age: '1000' })
  const tokens = await client.authorizationCodeGrant(config, await sentTo(address), { expectedState: state, maxAge: 1000 })
  assert.ok(tokens.claims().auth_time)
})

// The server takes signed requests only, so the parameters are in one.
async function ask(more) {
  const request = await new SignJWT({ scope: 'openid read', login_hint: 'erin', ...more })
    .setProtectedHeader({ alg: 'ES256', kid: site.key.kid }).setIssuer('signed').setAudience(site.issuer)
    .setIssuedAt().setNotBefore('0 s').setExpirationTime('2 min').setJti(client.randomState()).sign(await privateKey())
  return { request }
}

check('back channel (CIBA)', async () => {
  const config = await signed()
  const asked = await client.initiateBackchannelAuthentication(config, await ask({ binding_message: 'W4SCT' }))
  const polled = client.pollBackchannelAuthenticationGrant(config, asked)
  const user = `${site.issuer}/bc-authorize/user`
  const list = await fetch(user, { headers: { accept: 'application/json', cookie: `iPlanetDirectoryPro=${site.session}` } })
  const { requests, csrf } = await list.json()
  assert.equal(requests[0].bindingMessage, 'W4SCT')
  assert.equal((await visit(user, { id: requests[0].id, decision: 'allow', csrf })).status, 200)
  const tokens = await polled
  assert.equal(tokens.claims().aud, 'signed')
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true)
})

check('token exchange', async () => {
  const config = await basic()
  const subject = await login(config, { scope: 'openid read' })
  const access = 'urn:ietf:params:oauth:token-type:access_token'
  const swapped = await client.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:token-exchange', {
    subject_token: subject.access_token, subject_token_type: access, requested_token_type: access, scope: 'read',
  })
  assert.equal(swapped.issued_token_type, access)
  assert.equal((await client.tokenIntrospection(config, swapped.access_token)).sub, subject.claims().sub)
})

check('password, by the generic grant', async () => {
  const tokens = await client.genericGrantRequest(await basic(), 'password', { username: 'erin', password: 'Pass-w0rd', scope: 'read' })
  assert.ok(tokens.access_token)
})

check('JWT bearer, by the generic grant', async () => {
  const assertion = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: site.key.kid }).setIssuer('https://issuer.example.com')
    .setSubject('erin').setAudience(`${site.issuer}/access_token`).setExpirationTime('2 min').setJti(client.randomState()).sign(await privateKey())
  const tokens = await client.genericGrantRequest(await basic(), 'urn:ietf:params:oauth:grant-type:jwt-bearer', { assertion, scope: 'read' })
  assert.equal(tokens.scope, 'read')
})

check('dynamic registration, and the client that came of it', async () => {
  const config = await client.dynamicClientRegistration(server, {
    redirect_uris: [site.redirect], client_name: 'Made by itself', scope: 'openid profile email',
    grant_types: ['authorization_code'], response_types: ['code'], token_endpoint_auth_method: 'client_secret_post',
  }, undefined, options)
  assert.ok(config.clientMetadata().registration_access_token)
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: site.redirect, scope: 'openid',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256',
  })
  const back = await sentTo(address, { decision: 'allow', csrf: site.session })
  assert.equal((await client.authorizationCodeGrant(config, back, { pkceCodeVerifier })).claims().aud, config.clientMetadata().client_id)
})

check('JWT access tokens', async () => {
  const tokens = await client.clientCredentialsGrant(await basic('stateless'), { scope: 'read' })
  assert.equal(decodeProtectedHeader(tokens.access_token).typ, 'at+jwt')
  assert.equal(decodeJwt(tokens.access_token).client_id, 'stateless')
})

check('logout at the provider', async () => {
  const config = await basic()
  const address = client.buildEndSessionUrl(config, { post_logout_redirect_uri: site.redirect, id_token_hint: (await login(config)).id_token, state: 'bye' })
  assert.equal(address.searchParams.get('client_id'), 'basic')
  const answer = await fetch(address, { redirect: 'manual' }) // without the session's cookie: the hint names it
  assert.equal(new URL(answer.headers.get('location')).searchParams.get('state'), 'bye')
})
