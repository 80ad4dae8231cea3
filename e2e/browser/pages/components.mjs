// Every component, in both layouts, and what the script of all pages does.
export default async function (kit, { base }) {
  await kit.look('components-card', `${base}/card`);
  await kit.look('components-frame', `${base}/frame`);
  await kit.look('components-frame-icons', `${base}/frame?locale=de`, {
    only: (v) => v.width > 800,
    prepare: (page) => page.getByRole('button', { name: 'Nur Symbole' }).click(),
  });
  await kit.look('components-drawer', `${base}/frame`, {
    only: (v) => v.width < 800,
    prepare: (page) => page.getByRole('button', { name: 'Show sections' }).click(),
    expect: '.sidebar.open',
  });
  await kit.look('components-no-script', `${base}/frame`, { options: { javaScriptEnabled: false }, only: (v) => v.colorScheme === 'light' });

  const page = await kit.visitor({ name: 'behaviour' });
  await page.goto(`${base}/frame`);
  kit.check(await page.evaluate(() => document.activeElement.id) === 'ui-errors', 'the errors have the focus after a form was refused');
  await page.keyboard.press('/');
  kit.check(await page.evaluate(() => document.activeElement.id) === 'ui-search', 'the slash focuses the search');
  await page.getByRole('button', { name: 'Light or dark' }).click();
  kit.check(await page.evaluate(() => document.documentElement.dataset.color) === 'dark', 'the switch makes the page dark');
  await page.reload();
  kit.check(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme) === 'dark', 'the colours are remembered');
  kit.check(/15:05/.test(await page.locator('time').first().innerText()), 'times are shown in the zone of the reader');
  await page.goto(`${base}/frame?locale=de`);
  await page.goto(`${base}/frame`);
  kit.check(await page.evaluate(() => document.documentElement.lang) === 'de', 'the language is remembered');
  await page.locator('tr[data-href="/client2"] td').first().click();
  await page.waitForURL('**/client2');
  await page.context().close();
}
