// A page of another origin signs a user in with the ForgeRock JavaScript SDK, gets tokens and ends it all again.
export default async function (kit, { app, am, client, username, password }) {
  // What is refused on purpose is reported on the console by the browser.
  const page = await kit.visitor({ name: 'application', allow: [/Failed to load resource/] });
  await page.goto(app);
  const found = await page.evaluate(async (site) => {
    const sdk = await import('/npm/@forgerock/javascript-sdk/dist/index.js');
    const { CallbackType, Config, FRAuth, FRUser, HttpClient, OAuth2Client, SessionManager, StepType, TokenManager, TokenStorage, UserManager } = sdk;
    Config.set({
      clientId: site.client, redirectUri: `${site.app}callback`, scope: 'openid profile email', realmPath: 'root', tree: 'Login',
      serverConfig: { baseUrl: `${site.am}/`, timeout: 10000 },
    });
    const out = {};
    const signIn = async (password) => {
      const step = await FRAuth.start();
      step.getCallbackOfType(CallbackType.NameCallback).setName(site.username);
      step.getCallbackOfType(CallbackType.PasswordCallback).setPassword(password);
      return FRAuth.next(step);
    };
    const fails = (promise) => promise.then(() => 'nothing was refused', (e) => e.message ?? String(e));

    const wrong = await signIn('Wrong-w0rd');
    out.wrong = [wrong.type === StepType.LoginFailure, wrong.getCode(), wrong.getMessage()];
    out.tokensOfNobody = await fails(TokenManager.getTokens());

    const right = await signIn(site.password);
    out.right = [right.type === StepType.LoginSuccess, typeof right.getSessionToken(), right.getRealm()];
    // Somebody with a session is asked nothing.
    out.again = (await FRAuth.start()).type === StepType.LoginSuccess;
    const tokens = await TokenManager.getTokens();
    out.tokens = Object.fromEntries(['accessToken', 'idToken', 'refreshToken'].map((name) => [name, typeof tokens[name]]));
    out.cached = (await TokenManager.getTokens()).accessToken === tokens.accessToken;
    out.user = await UserManager.getCurrentUser();
    const renewed = await TokenManager.getTokens({ forceRenew: true });
    out.renewed = renewed.accessToken !== tokens.accessToken;
    const seen = await (await HttpClient.request({ url: `${site.app}echo`, init: { method: 'GET' }, timeout: 5000 })).json();
    out.bearer = seen.authorization === `Bearer ${renewed.accessToken}`;

    await OAuth2Client.revokeToken();
    out.revoked = await fails(UserManager.getCurrentUser());
    await TokenStorage.remove();
    await TokenManager.getTokens();
    out.userAgain = (await UserManager.getCurrentUser()).sub;
    await FRUser.logout();
    out.loggedOut = [await fails(TokenManager.getTokens()), (await FRAuth.start()).type];

    await signIn(site.password);
    await SessionManager.logout();
    out.sessionEnded = (await FRAuth.start()).type;
    await signIn(site.password);
    await TokenManager.getTokens();
    await OAuth2Client.endSession();
    await TokenStorage.remove();
    out.ended = await fails(TokenManager.getTokens());
    return out;
  }, { app, am, client, username, password });
  const none = 'The request requires some interaction that is not allowed.';
  const expected = {
    wrong: [true, 401, 'Login failure'], tokensOfNobody: none,
    right: [true, 'string', '/'], again: true,
    tokens: { accessToken: 'string', idToken: 'string', refreshToken: 'string' }, cached: true, renewed: true, bearer: true,
    revoked: 'Failed to get user info; received 401', userAgain: '(usr!erin)', loggedOut: [none, 'Step'], sessionEnded: 'Step', ended: none,
  };
  for (const [name, want] of Object.entries(expected)) {
    kit.check(JSON.stringify(found[name]) === JSON.stringify(want), `${name}: ${JSON.stringify(found[name])}, want ${JSON.stringify(want)}`);
  }
  for (const [claim, want] of Object.entries({ sub: '(usr!erin)', name: 'Erin Example', email: 'erin@example.com' })) {
    kit.check(found.user[claim] === want, `${claim} of the user: ${found.user[claim]}, want ${want}`);
  }

  // The browser keeps answers from an origin that the service does not name.
  const stranger = await kit.visitor({ name: 'stranger', allow: [/CORS policy/, /Failed to load resource/, /ERR_FAILED/] });
  await stranger.goto(app.replace('localhost', '127.0.0.1'));
  const read = await stranger.evaluate((url) => fetch(url).then((r) => r.status, (e) => e.message), `${am}/json/serverinfo/*`);
  kit.check(read === 'Failed to fetch', `another origin reads ${read}`);
}
