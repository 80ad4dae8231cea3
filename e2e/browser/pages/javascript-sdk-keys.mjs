// A page of another origin registers a security key with the ForgeRock JavaScript SDK and signs in with it: twice, with
// data and with the script of older journeys.
export default async function (kit, { app, am }) {
  for (const form of ['Data', 'Script']) {
    const page = await kit.visitor({ name: form, allow: [/Failed to load resource/] });
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    await cdp.send('WebAuthn.addVirtualAuthenticator', { options: {
      protocol: 'ctap2', transport: 'usb', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
    } });
    await page.goto(app);
    const found = await page.evaluate(async ({ am, form }) => {
      const { CallbackType, Config, FRAuth, FRRecoveryCodes, FRWebAuthn, StepType } = await import('/npm/@forgerock/javascript-sdk/dist/index.js');
      Config.set({ realmPath: 'root', tree: `Add${form}`, serverConfig: { baseUrl: `${am}/`, timeout: 10000 } });
      const out = {};
      const named = async () => {
        const step = await FRAuth.start();
        step.getCallbackOfType(CallbackType.NameCallback).setName(`erin-${form}`);
        return FRAuth.next(step);
      };
      const toKey = async () => {
        const step = await named();
        step.getCallbackOfType(CallbackType.PasswordCallback).setPassword('Pass-w0rd');
        return FRAuth.next(step);
      };
      let step = await toKey();
      out.registration = FRWebAuthn.getWebAuthnStepType(step);
      step = await FRAuth.next(await FRWebAuthn.register(step, 'My phone'));
      out.codes = [FRRecoveryCodes.isDisplayStep(step), FRRecoveryCodes.getCodes(step).length, FRRecoveryCodes.getDeviceName(step)];
      out.registered = (await FRAuth.next(step)).type === StepType.LoginSuccess;
      await fetch(`${am}/json/sessions?_action=logout`, { method: 'POST', credentials: 'include', headers: { 'Accept-API-Version': 'resource=3.1' } });
      // The same key is not registered twice.
      out.again = await FRWebAuthn.register(await toKey()).then(() => 'registered', (e) => e.name);
      Config.set({ realmPath: 'root', tree: `Key${form}`, serverConfig: { baseUrl: `${am}/`, timeout: 10000 } });
      step = await named();
      out.authentication = FRWebAuthn.getWebAuthnStepType(step);
      out.signedIn = (await FRAuth.next(await FRWebAuthn.authenticate(step))).type === StepType.LoginSuccess;
      return out;
    }, { am, form });
    const expected = { registration: 2, codes: [true, 10, 'My phone'], registered: true, again: 'InvalidStateError', authentication: 1, signedIn: true };
    for (const [name, want] of Object.entries(expected)) {
      kit.check(JSON.stringify(found[name]) === JSON.stringify(want), `${form}: ${name}: ${JSON.stringify(found[name])}, want ${JSON.stringify(want)}`);
    }
    await page.context().close();
  }
}
