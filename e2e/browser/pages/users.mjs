// Pages for users. erin signs in, decides, and looks after her account.
export default async function (kit, { base, userCode }) {
  const signIn = async (page, password = 'Pass-w0rd') => {
    await page.getByLabel(/^(User name|Benutzername)$/).fill('erin');
    await page.getByLabel(/^(Password|Passwort)$/).fill(password);
    await page.getByRole('button', { name: /^(Sign in|Anmelden)$/ }).click();
  };
  const login = `${base}/XUI/?realm=/`;

  await kit.each([
    ['login', login, { expect: 'input[name=IDToken1]' }],
    ['login-theme', `${base}/XUI/?realm=/alpha&locale=de`, { expect: 'img[alt=Limetree]' }],
    ['login-failed', login, { prepare: (page) => signIn(page, 'wrong'), expect: '.alert.bad', only: (v) => v.colorScheme === 'light' }],
    ['login-missing', `${base}/XUI/nothing`, { only: (v) => v.width < 800 && v.colorScheme === 'dark' }],
  ], (page) => kit.look(...page));

  // Without JavaScript: the whole way to the account.
  const plain = await kit.visitor({ name: 'no script', javaScriptEnabled: false, locale: 'de-DE' });
  await plain.goto(login);
  await signIn(plain);
  await plain.waitForURL('**/account?**');
  kit.check(await plain.getByRole('heading', { level: 1, name: 'Ihr Konto' }).count() === 1, 'without JavaScript the account is reached, in German');
  await plain.context().close();

  const page = await kit.visitor({ name: 'erin' });
  await page.goto(login);
  kit.check(await page.evaluate(() => document.activeElement.name) === 'IDToken1', 'the cursor is in the first field');
  await page.keyboard.type('erin');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Pass-w0rd');
  await page.keyboard.press('Enter'); // the keyboard is enough
  await page.waitForURL('**/account?**');
  const as = await page.context().storageState();

  const query = new URLSearchParams({ client_id: 'photos', redirect_uri: 'https://photos.example.com/callback', response_type: 'code', scope: 'openid profile email', state: 's' });
  await kit.each([
    ['consent', `${base}/oauth2/authorize?${query}`, { as, expect: 'button[value=allow]' }],
    ['consent-german', `${base}/oauth2/authorize?${query}&ui_locales=de`, { as, expect: 'text=Ihren Namen sehen', only: (v) => v.width < 800 && v.colorScheme === 'light' }],
    ['device', `${base}/oauth2/device/user`, { as, expect: 'input[name=user_code]', only: (v) => v.colorScheme === 'light' }],
    ['device-decision', `${base}/oauth2/device/user?user_code=${encodeURIComponent(userCode)}`, { as, expect: 'button[value=allow]', only: (v) => v.colorScheme === 'dark' }],
    ['oauth-error', `${base}/oauth2/authorize?client_id=nobody&response_type=code`, { expect: 'code', only: (v) => v.colorScheme === 'light' }],
    ['signed-in', login, { as, expect: 'text=Signed in as erin', only: (v) => v.width > 800 && v.colorScheme === 'light' }],
    ['account', `${base}/account?realm=/`, { as, expect: 'text=Photo prints' }],
  ], (page) => kit.look(...page));

  // What the account page does.
  await page.goto(`${base}/account?realm=/`);
  const rows = page.locator('section[aria-labelledby=sessions] li');
  const before = await rows.count();
  kit.check(before >= 2, `the account shows ${before} sessions, want this one and others`);
  await page.getByRole('button', { name: /^End \(Signed in/ }).first().click();
  await kit.seen(page.locator('.alert.ok'));
  kit.check(await rows.count() === before - 1, 'a session that is ended is gone');
  await page.getByRole('button', { name: 'Revoke' }).first().click();
  await kit.seen(page.getByText('The application has no access any more.'));
  kit.check(await page.getByText('No application holds a token').count() === 1, 'a revoked application is gone');
  const change = async (current, next, again) => {
    await page.getByLabel('Current password').fill(current);
    await page.getByLabel('New password', { exact: true }).fill(next);
    await page.getByLabel('New password, once more').fill(again);
    await page.getByRole('button', { name: 'Change password' }).click();
    await kit.seen(page.locator('.alert').first());
  };
  await change('wrong-one', 'New-pass-w0rd', 'New-pass-w0rd');
  kit.check(await page.locator('#current[aria-invalid=true]').count() === 1, 'a wrong current password is told at its field');
  await change('Pass-w0rd', 'New-pass-w0rd', 'another');
  kit.check(await page.locator('#again[aria-invalid=true]').count() === 1, 'two different new passwords are told');
  await change('Pass-w0rd', 'New-pass-w0rd', 'New-pass-w0rd');
  kit.check(await page.getByText('The password was changed.').count() === 1, 'the password is changed');
  await page.goto(`${base}/UI/Logout`);
  await kit.seen(page.getByText('You are signed out'));
  await page.goto(`${base}/account?realm=/`);
  await page.waitForURL('**/XUI/**');
  await page.context().close();
  await kit.look('signed-out', `${base}/UI/Logout`, { only: (v) => v.width < 800 });
}
