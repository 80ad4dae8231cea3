// Security keys and passkeys: erin registers one, signs in with it, and takes it away again.
export default async function (kit, { base, number }) {
  const at = (tree, lang = 'en') => `${base}/XUI/?realm=/&service=${tree}&ForceAuth=true&locale=${lang}`;

  const plugIn = async (page, { verified = true, present = true } = {}) => {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: {
      protocol: 'ctap2', transport: 'usb', hasResidentKey: true, hasUserVerification: true, isUserVerified: verified, automaticPresenceSimulation: present,
    } });
    return {
      credentials: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
      add: (credential) => cdp.send('WebAuthn.addCredential', { authenticatorId, credential }),
      remove: (credentialId) => cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId }),
      close: () => cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }),
    };
  };
  const password = async (page) => {
    await page.getByLabel(/^(User name|Benutzername)$/).fill('erin');
    await page.getByLabel(/^(Password|Passwort)$/).fill('Pass-w0rd');
    await page.getByRole('button', { name: /^(Sign in|Anmelden)$/ }).click();
  };
  const name = async (page) => {
    await page.getByLabel(/^(User name|Benutzername)$/).fill('erin');
    await page.keyboard.press('Enter');
  };
  const reached = (page) => page.waitForURL('**/account?**');

  await kit.look('key-add', at('AddKey'), { prepare: password, expect: 'button:has-text("Add key")' });
  await kit.look('key-add-german', at('AddKey', 'de'), { prepare: password, expect: 'button:has-text("Schlüssel hinzufügen")', only: (v) => v.width < 800 && v.colorScheme === 'light' });

  const page = await kit.visitor({ name: 'erin' });
  const key = await plugIn(page);
  await page.goto(at('AddKey'));
  await password(page);
  await kit.seen(page.getByLabel('Name of the key'));
  kit.check(await page.evaluate(() => document.activeElement.id) === 'key-name', 'the cursor is in the name of the key');
  await page.keyboard.type('Blue key');
  await page.keyboard.press('Enter');
  await kit.seen(page.getByRole('heading', { name: 'Your recovery codes' }));
  const codes = (await page.locator('#codes').innerText()).match(/^[A-Z2-7]{10}$/gm) ?? [];
  kit.check(codes.length === 10, `the page shows ${codes.length} recovery codes`);
  await page.screenshot({ path: new URL('../screens/key-codes.png', import.meta.url).pathname, fullPage: true });
  await page.getByRole('button', { name: 'Continue' }).click();
  await reached(page);
  const [made] = await key.credentials();
  kit.check(made?.isResidentCredential && made.rpId === 'localhost', `the key holds ${JSON.stringify(made)}`);
  const as = await page.context().storageState();
  await kit.look('account-keys', `${base}/account?realm=/`, { as, expect: 'text=Blue key' });

  // The same key again is told before anything is sent.
  await page.goto(at('AddKey'));
  await password(page);
  await page.getByRole('button', { name: 'Add key' }).click();
  await kit.seen(page.getByText('This key is registered already.'));
  await page.getByRole('button', { name: 'Continue without a key' }).click();
  await kit.seen(page.getByText('Then without a key.'));

  // Out, and in again: the page asks for the key by itself.
  await page.goto(`${base}/UI/Logout`);
  await page.goto(at('Key'));
  await name(page);
  await reached(page);
  kit.check(await page.getByText('Signed in as erin.').count() === 1, 'the key signs erin in');

  // Without a name.
  await page.goto(`${base}/UI/Logout`);
  await page.goto(at('Nameless'));
  await reached(page);
  kit.check(await page.getByText('Signed in as erin.').count() === 1, 'the key says who she is');

  // A page that the node does not know.
  await page.goto(`${base}/UI/Logout`);
  await page.goto(at('Elsewhere'));
  await name(page);
  await kit.seen(page.locator('.alert.bad'));

  // A copy of the key, made before the last sign-in.
  const [now] = await key.credentials();
  await page.goto(at('Key'));
  await name(page);
  await reached(page);
  await key.remove(now.credentialId);
  await key.add({ ...now, signCount: 1 });
  await page.goto(at('Key'));
  await name(page);
  await kit.seen(page.locator('.alert.bad'));
  kit.check(page.url().includes('/XUI/'), 'a copy of the key does not sign in');

  // No key is plugged in: the page says so, and offers what else there is.
  await key.close();
  const absent = await plugIn(page);
  await page.goto(at('Key'));
  await name(page);
  await kit.seen(page.getByText('That did not work'));
  await page.getByRole('button', { name: 'Use Recovery Code' }).click();
  await page.getByLabel('Recovery Code').fill(codes[0]);
  await page.keyboard.press('Enter');
  await reached(page);
  await absent.close();

  // Taken away.
  await page.getByRole('button', { name: 'Remove Blue key' }).click();
  await kit.seen(page.getByText('It was removed'));
  kit.check(await page.getByText('There is no security key').count() === 1, 'no key is left');
  await page.context().close();

  // Without JavaScript the step says what it needs, and goes on without a key.
  const plain = await kit.visitor({ name: 'no script', javaScriptEnabled: false });
  await plain.goto(at('AddKey'));
  await password(plain);
  await kit.seen(plain.getByText('Keys need JavaScript'));
  await plain.screenshot({ path: new URL('../screens/key-noscript.png', import.meta.url).pathname, fullPage: true });
  kit.check(await plain.getByRole('button', { name: 'Add key' }).count() === 0, 'without JavaScript there is no button that does nothing');
  await plain.getByRole('button', { name: 'Continue without a key' }).click();
  await kit.seen(plain.getByText('Then without a key.'));
  await plain.context().close();

  // At an address that keys cannot belong to.
  const bare = await kit.visitor({ name: 'number' });
  await bare.goto(at('AddKey').replace(base, number));
  await password(bare);
  await bare.getByRole('button', { name: 'Add key' }).click();
  await kit.seen(bare.getByText('That did not work'));
  await bare.context().close();
}
