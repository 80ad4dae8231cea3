// What journeys ask besides names and passwords: security questions, terms, other providers.
export default async function (kit, { base }) {
  const join = `${base}/XUI/?realm=/&service=Join`;
  await kit.look('journey-join', join, { expect: 'select' });
  await kit.look('journey-join-german', `${join}&locale=de`, { expect: 'text=Seien Sie nett.', only: (v) => v.width < 800 && v.colorScheme === 'light' });
  await kit.look('journey-providers', `${base}/XUI/?realm=/&service=Select`, { expect: 'text=Limetree Ltd.' });

  // The keyboard is enough, with scripts and without.
  for (const javaScriptEnabled of [true, false]) {
    const page = await kit.visitor({ name: `scripts ${javaScriptEnabled}`, javaScriptEnabled });
    await page.goto(join);
    if (!javaScriptEnabled) await page.locator('input[name=IDToken1]').focus();
    await page.keyboard.type(javaScriptEnabled ? 'kim' : 'pat');
    await page.keyboard.press('Tab'); // the first question, from the list
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Blue');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab'); // the second is one of one's own
    await page.keyboard.type('Name of my cat?');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Tom');
    await page.keyboard.press('Tab'); // the terms
    kit.check(await page.evaluate(() => document.activeElement.getAttribute('role')) === 'region', 'the terms can be scrolled by keyboard');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await kit.seen(page.getByLabel(/favorite color|Name of my cat/));
    const asked = await page.locator('label').first().innerText();
    kit.check(await page.locator('input[type=password]').getAttribute('autocomplete') === 'off', 'no password is filled in for an answer');
    await page.getByLabel(/favorite color|Name of my cat/).fill(asked.includes('cat') ? 'tom' : 'BLUE');
    if (javaScriptEnabled) await page.screenshot({ path: new URL('../screens/journey-verify.png', import.meta.url).pathname });
    await page.keyboard.press('Enter');
    await page.waitForURL('**/account?**');
    await page.context().close();
  }
}
