// The guide to logins, as its reader sees it.
export default async function (kit, { base, user, password }) {
  const page = await kit.visitor({ name: 'reader', allow: [/favicon/, /Cross-Origin-Opener-Policy/] }); // the latter has no effect over http
  const context = page.context();
  const seen = [];
  const watch = (p) => p.on('request', (r) => seen.push(r.url()));
  watch(page);
  const shown = (p) => p.locator('body').innerText();
  const ours = async () => Object.fromEntries((await context.cookies(base)).map((c) => [c.name, c]));
  const signIn = async (p) => {
    await p.locator('[name="IDToken1"]').fill(user);
    await p.locator('[name="IDToken2"]').fill(password);
    await p.keyboard.press('Enter');
  };

  // The way leads over pages that go on by themselves, so that a navigation that ends early is no failure.
  const arrived = (p, shelf) => kit.seen(p.getByText(`GET /reading-room/${shelf}`));

  // Two tabs begin a login each; both end where they began.
  await page.goto(`${base}/novels`);
  kit.check(page.url().startsWith('http://am.example.com:8088/'), `the gateway leads to ${page.url()}`);
  const before = await ours();
  const second = await context.newPage();
  watch(second);
  await second.goto(`${base}/maps`);
  await signIn(second);
  await arrived(second, 'maps');
  const text = await shown(second);
  kit.check(/X-Reader:?\s+\(usr!ada\)/.test(text) && /X-Mail:?\s+ada@library\.example/.test(text), `the application got ${text}`);
  kit.check(!/^(Cookie|Authorization)\b/im.test(text), `the application got credentials: ${text}`);
  await page.reload(); // the server knows the reader by now
  await arrived(page, 'novels');
  kit.check(/GET \/reading-room\/novels/.test(await shown(page)), 'the first tab ends where it began');

  // The session's cookie is another one after the login, and no script can read it.
  const after = await ours();
  for (const [name, c] of Object.entries(after)) {
    kit.check(before[name]?.value !== c.value, `the session ${name} is the same as before the login`);
    kit.check(c.httpOnly, `scripts can read ${name}`);
  }
  kit.check(Object.keys(after).length > 0, 'there is no session');

  // The session answers without another look at the server.
  seen.length = 0;
  await page.goto(`${base}/maps`);
  kit.check(!seen.some((u) => u.includes('am.example.com')), `the browser went to ${seen}`);

  // A callback that nobody waits for is refused, and the login stands.
  const refused = await page.goto(`${base}/callback?code=made-up&state=made-up`);
  kit.check(refused.status() === 403 && /No login: invalid_request/.test(await shown(page)), `a made-up callback: ${refused.status()}`);
  await page.goto(`${base}/maps`);
  kit.check(page.url() === `${base}/maps`, `the login is gone: ${page.url()}`);

  // A page elsewhere cannot use the callback to lead on.
  const elsewhere = await page.goto(`${base}/logout?goto=${encodeURIComponent('https://evil.example/')}`);
  kit.check(elsewhere.status() === 403, `goto leads elsewhere: ${elsewhere.status()} ${page.url()}`);

  // Logout ends the login here; the server still knows the reader and signs in again without a form.
  seen.length = 0;
  kit.check((await page.goto(`${base}/logout`)).status() === 200, 'logout fails');
  await page.goto(`${base}/maps`);
  await arrived(page, 'maps');
  kit.check(seen.some((u) => u.includes('am.example.com')), 'after the logout nobody was asked');
  kit.check(/X-Reader:?\s+\(usr!ada\)/.test(await shown(page)), 'the reader is not signed in again');

  // Tokens are in no address.
  for (const u of seen) kit.check(!/access_token|id_token=|refresh_token/.test(u), `a token is in ${u}`);
  await context.close();
}
