// The ForgeRock JavaScript SDK registers somebody with a security question and terms, and shows its device.
export default async function (kit, { app, am }) {
  const page = await kit.visitor({ name: 'application', allow: [/Failed to load resource/] });
  await page.goto(app);
  const found = await page.evaluate(async (site) => {
    const { CallbackType, Config, FRAuth, FRDevice, SessionManager, StepType } = await import('/npm/@forgerock/javascript-sdk/dist/index.js');
    Config.set({ realmPath: 'root', serverConfig: { baseUrl: `${site.am}/`, timeout: 10000 } });
    const out = {};
    let step = await FRAuth.start({ tree: 'Join' });
    step.getCallbackOfType(CallbackType.ValidatedCreateUsernameCallback).setName('kim');
    step = await FRAuth.next(step);
    step.getCallbackOfType(CallbackType.ValidatedCreatePasswordCallback).setPassword('longer-than-8');
    step = await FRAuth.next(step);
    const question = step.getCallbackOfType(CallbackType.KbaCreateCallback);
    out.question = [question.getPrompt(), question.getPredefinedQuestions()];
    question.setQuestion('Name of my cat?');
    question.setAnswer('Tom');
    step = await FRAuth.next(step);
    const terms = step.getCallbackOfType(CallbackType.TermsAndConditionsCallback);
    out.terms = [terms.getTerms(), terms.getVersion(), terms.getCreateDate().getUTCFullYear()];
    terms.setAccepted();
    step = await FRAuth.next(step);
    const answer = step.getCallbackOfType(CallbackType.PasswordCallback);
    out.asked = answer.getPrompt();
    answer.setPassword('tom');
    step = await FRAuth.next(step);
    out.joined = step.type === StepType.LoginSuccess;
    await SessionManager.logout();

    const show = async (step) => {
      const device = step.getCallbackOfType(CallbackType.DeviceProfileCallback);
      const wanted = { location: device.isLocationRequired(), metadata: device.isMetadataRequired() };
      device.setProfile(await new FRDevice().getProfile(wanted));
      return [wanted, await FRAuth.next(step)];
    };
    const match = async () => {
      const step = await FRAuth.start({ tree: 'Match' });
      step.getCallbackOfType(CallbackType.NameCallback).setName('kim');
      const [, end] = await show(await FRAuth.next(step));
      if (end.type === StepType.LoginSuccess) await SessionManager.logout();
      return end.type;
    };
    out.stranger = await match();
    step = await FRAuth.start({ tree: 'Trust' });
    step.getCallbackOfType(CallbackType.NameCallback).setName('kim');
    step = await FRAuth.next(step);
    step.getCallbackOfType(CallbackType.PasswordCallback).setPassword('longer-than-8');
    const [wanted, trusted] = await show(await FRAuth.next(step));
    out.wanted = wanted;
    out.trusted = trusted.type === StepType.LoginSuccess;
    await SessionManager.logout();
    out.known = await match();
    return out;
  }, { app, am });
  const expected = {
    question: ['Question', ["What's your favorite color?", 'Who was your first employer?']], terms: ['Be kind.', '1', 2026], asked: 'Name of my cat?', joined: true,
    stranger: 'LoginFailure', wanted: { location: false, metadata: true }, trusted: true, known: 'LoginSuccess',
  };
  for (const [name, want] of Object.entries(expected)) {
    kit.check(JSON.stringify(found[name]) === JSON.stringify(want), `${name} = ${JSON.stringify(found[name])}, want ${JSON.stringify(want)}`);
  }
}
