// The ForgeRock Node agent protects an application: sessions, profiles, policies, access tokens, names and passwords.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const site = JSON.parse(process.env.SITE);
const require = createRequire(import.meta.url);
const { BasicAuthShield, CookieShield, Oauth2Shield, PolicyAgent, PolicyShield } = require('@forgerock/openam-agent');
// The application uses the web framework that the agent brings along.
const express = createRequire(require.resolve('@forgerock/openam-agent'))('express');

// Without privateIP it asks this Node.js for a null header, which is refused.
const am = site.am.replace('127.0.0.1', 'localhost');
const agent = new PolicyAgent({
  serverUrl: am, privateIP: '127.0.0.1', appUrl: 'http://app.example.com', username: site.agent, password: site.agentPassword, realm: '/', logLevel: 'error',
});
const app = express();
const answer = (req, res) => res.json(req.session?.data ?? null);
app.use('/cookie', agent.shield(new CookieShield()), answer);
app.use('/noredirect', agent.shield(new CookieShield({ noRedirect: true })), answer);
app.use('/public', agent.shield(new CookieShield({ passThrough: true })), answer);
app.use('/policy', agent.shield(new PolicyShield('Node')), answer);
app.use('/bearer', agent.shield(new Oauth2Shield('/')), answer);
app.use('/basic', agent.shield(new BasicAuthShield({ realm: '/' })), answer);
const server = app.listen(0, '127.0.0.1');
await new Promise((done) => server.once('listening', done));
test.after(() => { server.close(); server.closeAllConnections?.(); agent.removeAllListeners(); setImmediate(() => process.exit()); });

const get = (path, headers = {}, method = 'GET') => fetch(`http://127.0.0.1:${server.address().port}${path}`, { method, headers, redirect: 'manual' });
const cookie = (token) => ({ cookie: `iPlanetDirectoryPro=${token}` });

test('who has no session is sent to sign in', async () => {
  const r = await get('/cookie/page');
  assert.equal(r.status, 302);
  const to = new URL(r.headers.get('location'));
  assert.equal(to.origin + to.pathname, `${am}/UI/Login`);
  assert.match(to.searchParams.get('goto'), /\/page$/);
  const page = await fetch(to.href.replace('localhost', '127.0.0.1'));
  assert.equal(page.status, 200);
});

test('sessions are validated', async () => {
  const r = await get('/cookie', cookie(site.session));
  assert.equal(r.status, 200);
  const data = await r.json();
  assert.deepEqual({ valid: data.valid, uid: data.uid, realm: data.realm }, { valid: true, uid: 'erin', realm: '/' });
  assert.equal((await get('/noredirect', cookie('unknown'))).status, 401);
  assert.equal((await get('/public', cookie('unknown'))).status, 200);
});

test('profiles are read with the user\'s session', async () => {
  const profile = await agent.getUserProfile('erin', '/', site.session);
  assert.deepEqual(profile.mail, ['erin@example.com']);
});

test('policies decide', async () => {
  const allowed = await get('/policy/open', cookie(site.session));
  assert.equal(allowed.status, 200);
  assert.equal((await allowed.json()).policies[0].actions.GET, true);
  assert.equal((await get('/policy/open', cookie(site.session), 'POST')).status, 403);
  assert.equal((await get('/policy/closed', cookie(site.session))).status, 403);
});

test('access tokens are looked up', async () => {
  const r = await get('/bearer', { authorization: `Bearer ${site.accessToken}` });
  assert.equal(r.status, 200);
  assert.deepEqual((await r.json()).scope, ['read']);
  assert.equal((await get('/bearer', { authorization: 'Bearer unknown' })).status >= 400, true);
  assert.equal((await get('/bearer')).status, 401);
});

test('names and passwords are checked', async () => {
  const basic = (password) => ({ authorization: `Basic ${Buffer.from(`erin:${password}`).toString('base64')}` });
  assert.equal((await get('/basic', basic('Pass-w0rd'))).status, 200);
  assert.equal((await get('/basic', basic('Wrong-w0rd'))).status >= 400, true);
  assert.equal((await get('/basic')).status, 401);
});

test('the agent signs in again when its session has ended', async () => {
  const { tokenId } = await agent.getAgentSession();
  assert.equal((await agent.amClient.logout(tokenId, 'iPlanetDirectoryPro', '/')).result, 'Successfully logged out');
  assert.equal((await agent.amClient.validateSession(tokenId)).valid, false);
  await agent.reRequest(async () => {
    const { tokenId: now } = await agent.getAgentSession();
    return agent.amClient.getPolicyDecision({ resources: ['/policy/open'], application: 'Node', subject: { ssoToken: site.session } }, now, 'iPlanetDirectoryPro', '/');
  }, 2, 'test');
  assert.notEqual((await agent.getAgentSession()).tokenId, tokenId);
});
