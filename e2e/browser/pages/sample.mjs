// The sample application: its start page, each flow, and that no secret is shown.
const known = ['forgerock', 'Ch4ng31t', 'bXlDbGllbnQ6Zm9yZ2Vyb2Nr'];

export default async function (kit, { base }) {
  await kit.look('sample', base, { expect: '.flows' });
  await kit.look('sample-german', base, { options: { locale: 'de-DE' }, only: (v) => v.width < 800 && v.colorScheme === 'dark' });

  const shown = async (page, flow) => {
    const text = await page.locator('.messages').innerText();
    for (const secret of known) kit.check(!text.includes(secret), `${flow}: shows ${secret}`);
    kit.check(!/eyJ[\w-]{20}/.test(text), `${flow}: shows a JWT`);
    const problem = await page.locator('.alert.bad').allInnerTexts();
    kit.check(problem.length === 0, `${flow}: ${problem}`);
  };
  const page = await kit.visitor({ name: 'flows' });
  const wants = {
    'Client credentials, secret in the form': [/"scope": "write"/],
    'Client credentials, secret in the header': [/Authorization: Basic /, /"scope": "write"/],
    'The gateway gets the token': [/Access granted/, /client_credentials/, /oauth2-protected-resource/],
    'The gateway protects a resource': [/401/, /Www-Authenticate/i, /Access granted/, /introspect/],
    'Introspection and revocation': [/"active": true/, /"active": false/],
    'Resource owner password': [/may_act/, /"user_id": "demo"|"username": "demo"/],
    'Token exchange': [/token-exchange/, /"client_id": "serviceConfidentialClient"/, /"scope": "mail"/],
  };
  for (const [flow, patterns] of Object.entries(wants)) {
    await page.goto(base);
    await page.getByRole('button', { name: `Run ${flow}` }).click();
    await kit.seen(page.locator('.messages'));
    const text = await page.locator('.messages').innerText();
    for (const p of patterns) kit.check(p.test(text), `${flow}: shows nothing like ${p}`);
    await shown(page, flow);
  }

  // Login with OpenID Connect: the browser takes part.
  await page.goto(base);
  await page.getByRole('link', { name: 'Run Login with OpenID Connect' }).click();
  await page.getByLabel('User name').fill('demo');
  await page.getByLabel('Password').fill('Ch4ng31t');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
  await kit.seen(page.locator('.messages'));
  await shown(page, 'login');
  kit.check(/"sub"/.test(await page.locator('pre').last().innerText()), 'login: the claims of the ID token are shown');
  await page.context().close();

  await kit.look('sample-exchange', base, {
    prepare: async (p) => { await p.getByRole('button', { name: 'Run Token exchange' }).click(); await kit.seen(p.locator('.messages')); },
  });
}
