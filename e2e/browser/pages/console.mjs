// The administrators' console: the way of the documents' console steps, then each page as its readers see it.
export default async function (kit, { base, user, password }) {
  const at = (path) => `${base}/console/${path}`;
  const page = await kit.visitor({ name: 'console' });

  // Sign in: the console leads to the sign-in page and back.
  await page.goto(at('applications?realm=/alpha'));
  await page.locator('[name="IDToken1"]').fill(user);
  await page.locator('[name="IDToken2"]').fill(password);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/console/applications**');
  await kit.seen(page.getByRole('heading', { name: 'Applications' }));
  const as = await page.context().storageState();

  // + Custom Application, with the keyboard where it is quicker.
  await page.getByRole('link', { name: '+ Custom Application' }).click();
  await page.getByLabel('OIDC - OpenId Connect').check();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Web').check();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Name').fill('myClient');
  await page.getByLabel('Owners').fill('demo');
  await page.keyboard.press('Enter');
  kit.check(await page.getByLabel('Client ID').inputValue() === 'myClient', 'the client ID is the name, unless another is typed');
  await page.getByLabel('Client secret').fill('forgerock');
  await page.getByRole('button', { name: 'Create Application' }).click();
  await kit.seen(page.getByText('The application myClient was created.'));
  await page.getByLabel('Sign-in URLs').fill('https://www.example.com:443/callback');
  await page.getByLabel('Scopes', { exact: true }).fill('write');
  await page.getByRole('checkbox', { name: 'Client Credentials' }).check(); // as the documents call it
  await page.getByRole('button', { name: 'Save' }).click();
  await kit.seen(page.getByText('The settings were saved.'));
  const answer = await page.request.post(`${base}/oauth2/realms/root/realms/alpha/access_token`, {
    form: { grant_type: 'client_credentials', scope: 'write', client_id: 'myClient' }, headers: { authorization: '' },
  });
  kit.check(answer.status() === 401, `a client without its secret gets ${answer.status()}`);
  const basic = await page.request.post(`${base}/oauth2/realms/root/realms/alpha/access_token`, {
    form: { grant_type: 'client_credentials', scope: 'write' }, headers: { authorization: 'Basic ' + Buffer.from('myClient:forgerock').toString('base64') },
  });
  kit.check(basic.status() === 200, `the application gets a token: ${basic.status()} ${await basic.text()}`);

  // The search of settings goes through all tabs; the slash leads to the search of the console.
  await page.getByRole('link', { name: 'All settings' }).click();
  kit.check(await page.locator('#settings > section:visible').count() === 1, 'one tab is shown');
  await page.getByLabel('Find a setting').fill('mtls');
  const titles = await page.locator('#settings .setting:visible label').allInnerTexts();
  kit.check(titles.length >= 3 && titles.every((t) => /mTLS|Certificate/i.test(t)), `the search for mtls shows ${titles}`);
  await page.getByLabel('Find a setting').press('Escape');
  await page.getByRole('link', { name: 'OpenID Connect' }).click();
  kit.check(await page.locator('#tab-coreOpenIDClientConfig').isVisible(), 'a tab opens');
  await page.locator('main').focus();
  await page.keyboard.press('/');
  await page.keyboard.type('accessTokenLifetime');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: /Access Token Lifetime/ }).first().click();
  kit.check(await page.evaluate(() => document.activeElement.name) === 'coreOAuth2Config.accessTokenLifetime', 'a setting that was found has the focus');

  // The button of what destroys stays off until the name is typed.
  await page.goto(at('applications/myClient/danger?realm=/alpha'));
  const remove = page.getByRole('button', { name: 'Delete' });
  kit.check(await remove.isDisabled(), 'delete is off');
  await page.getByLabel('Type myClient to confirm').fill('myClient');
  kit.check(await remove.isEnabled(), 'delete is on once the name is typed');
  await page.context().close();

  // As people paste over what is there; fill() writes into the editor's page elements, which are no text.
  const write = async (p, text) => {
    await p.getByLabel('Script', { exact: true }).focus();
    await p.keyboard.press('ControlOrMeta+a');
    await p.keyboard.press('Delete');
    await p.keyboard.insertText(text);
  };
  const script = 'scripts/c735de08-f8f2-4e69-aa4a-2d8d3d438323?realm=/alpha';
  const still = (p) => p.locator('[data-live-pause]').click(); // figures that come anew would change the page under the look
  const few = { only: (v) => (v.width > 800) === (v.colorScheme === 'light') }; // wide in light, narrow in dark
  await kit.each([
    ['dashboard', '?realm=/alpha', { prepare: still, expect: '.chart svg' }],
    ['realms', 'realms', few],
    ['realm-new', 'realms/new', few],
    ['applications', 'applications?realm=/alpha'],
    ['applications-none', 'applications?realm=/bravo', few],
    ['application-new', 'applications/new?realm=/alpha&method=oidc'],
    ['application-new-last', 'applications/new?realm=/alpha&method=oidc&type=web&name=x', few],
    ['application', 'applications/myClient?realm=/alpha'],
    ['application-advanced', 'applications/myClient/advanced?realm=/alpha', few],
    ['application-request', 'applications/myClient/request?realm=/alpha&grant=client_credentials', {
      ...few,
      prepare: async (p) => {
        await p.getByLabel('Client secret').fill('forgerock');
        await p.getByRole('button', { name: 'Run' }).click();
      },
      expect: '#answer .badge.ok',
    }],
    ['application-request-code', 'applications/myClient/request?realm=/alpha&grant=authorization_code', few],
    ['application-credentials', 'applications/myClient/credentials?realm=/alpha'],
    ['application-delete', 'applications/myClient/danger?realm=/alpha', few],
    ['services', 'services?realm=/alpha', few],
    ['provider', 'services/oauth-oidc?realm=/alpha', few],
    ['validation', 'services/validation?realm=/alpha', few],
    ['scripts', 'scripts?realm=/alpha', few],
    ['script', script, few],
    ['script-mistakes', script, {
      ...few,
      prepare: async (p) => {
        await write(p, 'def a = 1\n\ndef b = = 2\n');
        await p.getByRole('button', { name: 'Validate' }).click();
        await p.getByRole('link', { name: /Line 3/ }).click();
        const editor = p.locator('#source-editor');
        kit.check(await editor.locator('.cm-activeLine').innerText() === 'def b = = 2', 'a mistake leads to its line');
        kit.check(await editor.locator('.cm-lintRange-error').count() === 1, 'the mistake is marked in the text');
        kit.check(await p.evaluate(() => document.activeElement.id) === 'source-editor', 'the editor has the focus');
      },
    }],
    ['script-trial', script, {
      ...few,
      prepare: async (p) => {
        await write(p, "import org.forgerock.json.JsonValue\nlogger.error('may act for {}', identity)\ntoken.setMayAct(JsonValue.json(JsonValue.object(\n    JsonValue.field('client_id', 'serviceConfidentialClient'))))\n");
        await p.locator('#user').fill('demo');
        await p.locator('#scopes').fill('mail');
        await p.getByRole('button', { name: 'Run on a sample token' }).click();
      },
      expect: 'ins',
    }],
    ['script-new', 'scripts/new?realm=/alpha', few],
    ['journeys', 'journeys?realm=/alpha', few],
    ['journey-new', 'journeys/new?realm=/alpha', few],
    ['journey', 'journeys/ldapService?realm=/alpha', few],
    ['journey-node', 'journeys/ldapService/nodes/PageNode/a1d3e6b4-52f7-4c88-b7c1-2e6f8a90d201?realm=/alpha', few],
    ['identities', 'identities?realm=/alpha', few],
    ['identity', 'identities/demo?realm=/alpha', few],
    ['identity-new', 'identities/new?realm=/alpha', few],
    ['agents', 'agents?realm=/alpha', few],
    ['agent', 'agents/IdentityGatewayAgent/ig_agent?realm=/alpha', few],
    ['agent-new', 'agents/new?realm=/alpha', few],
    ['agent-groups', 'agent-groups?realm=/alpha', few],
    ['agent-group', 'agent-groups/OAuth2Client/services?realm=/alpha', few],
    ['application-in-group', 'applications/reporting?realm=/alpha', {
      ...few,
      prepare: async (p) => {
        const from = p.locator('input[name="coreOAuth2ClientConfig.scopes.inherited"]');
        kit.check(await from.isChecked(), 'the scopes are the group\'s');
        await p.getByLabel('Scopes', { exact: true }).fill('read\nown');
        kit.check(!(await from.isChecked()), 'what is typed is the client\'s own');
      },
    }],
    ['sessions', 'sessions?realm=/', few],
    ['tokens', 'tokens?realm=/alpha&client=myClient', few],
    ['keys', 'keys?realm=/alpha', few],
    ['keystore', 'keys/stores/default-keystore?realm=/alpha', few],
    ['audit', 'audit?realm=/alpha'],
    ['audit-event', 'audit?realm=/alpha&topic=config', {
      ...few,
      prepare: async (p) => {
        await p.getByLabel('Find in events').fill('UPDATE myClient');
        await p.getByRole('button', { name: 'Filter' }).click();
        await p.waitForURL(/q=UPDATE/);
        await p.getByRole('link', { name: 'AM-CONFIG-CHANGE' }).first().click();
      },
      expect: 'h2:text("Changed")',
    }],
    ['audit-none', 'audit?realm=/alpha&q=nothing-like-this', few],
    ['search', 'search?realm=/alpha&q=lifetime', few],
    ['curl', 'services/validation?realm=/alpha', { prepare: (p) => p.getByText('Show as curl').click() }],
    ['missing', 'nothing-here', few],
  ], ([name, path, more]) => kit.look(`console-${name}`, at(path), { as, ...more }));
  await kit.each([['application', 'applications/myClient?realm=/alpha'], ['keys', 'keys?realm=/alpha'], ['dashboard', '?realm=/alpha', { prepare: still }], ['audit', 'audit?realm=/alpha']],
    ([name, path, more]) => kit.look(`console-german-${name}`, `${at(path)}&locale=de`, { as, ...few, ...more }));
}
