// What tests of pages use: look() opens a page as its readers do and checks what holds for every page.
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const npm = createRequire(new URL('../node/package.json', import.meta.url));
const { chromium } = npm('playwright-core');
const axe = readFileSync(npm.resolve('axe-core/axe.min.js'), 'utf8');
const screens = fileURLToPath(new URL('screens/', import.meta.url));

const variants = [
  { width: 1280, height: 800, colorScheme: 'light' },
  { width: 1280, height: 800, colorScheme: 'dark' },
  { width: 390, height: 844, colorScheme: 'light' },
  { width: 390, height: 844, colorScheme: 'dark' },
];

/** open starts Chromium. resolve maps host names to addresses, as curl's --resolve does. */
export async function open({ resolve = {} } = {}) {
  const rules = Object.entries(resolve).map(([host, to]) => `MAP ${host} ${to}`).join(', ');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', ...(rules ? [`--host-resolver-rules=${rules}`] : [])],
  });
  return new Kit(browser);
}

export class Kit {
  problems = [];
  constructor(browser) { this.browser = browser; }

  /** problem notes what is wrong; the test fails with all of it. */
  problem(text) { this.problems.push(text); }

  /** check notes a problem unless ok holds. */
  check(ok, text) { if (!ok) this.problem(text); return ok; }

  /** visitor is a browser of its own. Console errors, failed scripts and blocked content are problems. */
  async visitor(options = {}) {
    const { allow = [], name = 'visitor', ...rest } = options;
    const context = await this.browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-GB', timezoneId: 'Europe/Berlin', viewport: { width: 1280, height: 800 }, ...rest });
    context.setDefaultTimeout(15000);
    const page = await context.newPage();
    this.listen(page, name, allow);
    return page;
  }

  listen(page, name, allow = []) {
    const report = (kind, text) => { if (!allow.some((a) => text.match(a))) this.problem(`${name}: ${kind}: ${text}`); };
    // Chromium says so of every status from 400; pages that answer one are meant to.
    page.on('console', (m) => { if (m.type() === 'error' && !/^Failed to load resource: the server responded with a status of/.test(m.text())) report('console', m.text()); });
    page.on('pageerror', (e) => report('script', e.message));
    page.on('requestfailed', (r) => { if (!/ERR_ABORTED/.test(r.failure()?.errorText ?? '')) report('request', `${r.url()} ${r.failure()?.errorText}`); });
    page.on('response', (r) => { if (r.status() >= 400 && r.request().resourceType() !== 'document' && r.request().resourceType() !== 'fetch') report('request', `${r.url()} ${r.status()}`); });
  }

  /**
   * look opens url at 1280 and 390 px, light and dark, and checks: nothing on the console, no horizontal scroll, Tab
   * reaches everything in order with visible focus, axe finds nothing serious. It stores a picture of each.
   *   as        storage state of a signed-in visitor (await page.context().storageState())
   *   prepare   async (page) => …: what happens between opening and looking; it may go elsewhere
   *   expect    selector or text that has to be there
   *   options   of the browser context (locale, javaScriptEnabled …)
   *   allow     patterns of console messages that are meant
   */
  async look(name, url, { as, prepare, expect, options = {}, allow, only } = {}) {
    mkdirSync(screens, { recursive: true });
    for (const v of variants) {
      if (only && !only(v)) continue;
      const label = `${name} ${v.width}px ${v.colorScheme}`;
      const page = await this.visitor({ name: label, allow, viewport: { width: v.width, height: v.height }, colorScheme: v.colorScheme, storageState: as, ...options });
      try {
        await page.goto(url);
        if (prepare) await prepare(page);
        await page.waitForLoadState('load');
        if (expect) await this.seen(page.locator(expect).first());
        await this.layout(page, label);
        await this.axe(page, label);
        await page.screenshot({ path: `${screens}${name}-${v.width}-${v.colorScheme}.png`, fullPage: true, animations: 'disabled' });
        await this.tabs(page, label);
      } catch (e) {
        this.problem(`${label}: ${e.message}`);
        await page.screenshot({ path: `${screens}${name}-${v.width}-${v.colorScheme}-failed.png`, fullPage: true }).catch(() => {});
      } finally {
        await page.context().close();
      }
    }
  }

  /** seen waits until a page shows something, and then for the rest of that page, which may still be on its way. */
  async seen(what) {
    await what.waitFor();
    await what.page().waitForLoadState('load');
  }

  /** each uses what is on a list, two at a time: a page is waited for half of the time. */
  async each(list, use) {
    const left = [...list];
    await Promise.all(Array.from({ length: 2 }, async () => { while (left.length) await use(left.shift()); }));
  }

  async layout(page, label) {
    const found = await page.evaluate(() => {
      const wide = document.documentElement.clientWidth;
      const out = [...document.querySelectorAll('body *')].filter((el) => {
        const box = el.getBoundingClientRect();
        return box.right > wide + 1 && box.width > 0 && box.height > 0;
      }).slice(-3).map((el) => el.outerHTML.slice(0, 120));
      return { scroll: document.scrollingElement.scrollWidth - wide, out, lang: document.documentElement.lang, title: document.title, h1: document.querySelectorAll('h1').length, tab: document.querySelector('.tabs [aria-current="page"]')?.getBoundingClientRect().right > wide + 1, missing: document.body.innerText.match(/⟦[^⟧]*⟧|ZgotmplZ|<no value>/)?.[0] };
    });
    this.check(found.scroll <= 0, `${label}: scrolls sideways by ${found.scroll}px: ${found.out.join(' | ')}`);
    this.check(found.lang && found.title, `${label}: the page has no language or no title`);
    this.check(found.h1 === 1, `${label}: ${found.h1} headings of the first level`);
    this.check(!found.tab, `${label}: the tab of the page is out of view`);
    this.check(!found.missing, `${label}: shows ${found.missing}`);
  }

  async axe(page, label) {
    if (page.context()._options?.javaScriptEnabled === false) return;
    await page.evaluate(axe).catch(() => {});
    const result = await page.evaluate(() => window.axe ? window.axe.run(document, { resultTypes: ['violations'] }) : null);
    for (const v of result?.violations ?? []) {
      if (v.impact !== 'serious' && v.impact !== 'critical') continue;
      for (const n of v.nodes) this.problem(`${label}: axe ${v.id}: ${v.help}: ${n.html.slice(0, 160)} ${n.any.map((a) => a.message).join('; ').slice(0, 200)}`);
    }
  }

  /** tabs walks the page with the Tab key: everything that can be used is reached, in the order of the document, and shows it. */
  async tabs(page, label) {
    const count = await page.evaluate(() => {
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
      const usable = (el) => !el.disabled && el.tabIndex >= 0 && el.type !== 'hidden' && el.checkVisibility({ visibilityProperty: true }) && !el.closest('[inert]') &&
        (el.tagName !== 'SUMMARY' || el.parentElement.tagName === 'DETAILS');
      window.kitRadios = new Set();
      window.kitTargets = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter(usable).filter((el) => {
        if (el.type !== 'radio') return true; // one stop a group
        const key = `${el.form?.id} ${el.name}`;
        if (window.kitRadios.has(key)) return false;
        return window.kitRadios.add(key);
      });
      scrollTo(0, 0);
      return window.kitTargets.length;
    });
    // From the top, wherever the page put the cursor.
    await page.evaluate(() => { document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex'); });
    const seen = new Set();
    let last = -1;
    for (let i = 0; i < count + 3; i++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const el = document.activeElement;
        if (!el || el === document.body) return { index: -2 };
        let index = window.kitTargets.indexOf(el);
        if (index < 0 && el.type === 'radio') index = window.kitTargets.findIndex((t) => t.type === 'radio' && t.name === el.name);
        const s = getComputedStyle(el), box = el.getBoundingClientRect();
        return { index, html: el.outerHTML.slice(0, 100), ring: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none',
          inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth && box.width > 0, positive: el.tabIndex > 0 };
      });
      if (at.index === -2) break;
      if (at.index < 0) continue; // what the browser makes reachable by itself: areas that scroll
      if (seen.has(at.index)) break;
      seen.add(at.index);
      this.check(at.ring, `${label}: no visible focus on ${at.html}`);
      this.check(at.inView, `${label}: the focus is out of sight on ${at.html}`);
      this.check(!at.positive, `${label}: a positive tabindex on ${at.html}`);
      this.check(at.index > last, `${label}: Tab goes back to ${at.html}`);
      last = at.index;
    }
    if (seen.size < count) {
      const missed = await page.evaluate((have) => window.kitTargets.filter((_, i) => !have.includes(i)).map((el) => el.outerHTML.slice(0, 100)), [...seen]);
      this.problem(`${label}: Tab does not reach ${missed.slice(0, 5).join(' | ')}`);
    }
  }

  async close() { await this.browser.close(); }
}
