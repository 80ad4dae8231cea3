// What pages do by themselves. Everything works through event delegation, so parts that htmx brings in are covered.
// Without this file pages still read and send; it only makes them kinder.
(() => {
  'use strict';
  const root = document.documentElement;
  root.classList.add('js');

  const remember = (name, value) => {
    const secure = location.protocol === 'https:' ? '; Secure' : '';
    document.cookie = `${name}=${value}; Path=/; SameSite=Lax; Max-Age=${value ? 31536000 : 0}${secure}`;
  };
  const say = (text) => {
    const live = document.getElementById('ui-live');
    if (live) live.textContent = text;
  };

  // Light, dark, or as the system has it.
  const isDark = () => root.dataset.color ? root.dataset.color === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const switchColor = () => {
    const next = isDark() ? 'light' : 'dark';
    const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
    if (next === system) delete root.dataset.color; else root.dataset.color = next;
    remember('ui_color', next === system ? '' : next);
  };

  // The drawer of narrow windows.
  const drawer = (open) => {
    const side = document.getElementById('sidebar');
    const button = document.querySelector('[data-drawer]');
    if (!side || !button) return;
    side.classList.toggle('open', open);
    button.setAttribute('aria-expanded', String(open));
    for (const el of document.querySelectorAll('.topbar, .content')) el.inert = open;
    const veil = document.getElementById('veil');
    if (veil) veil.hidden = !open;
    if (open) side.querySelector('button, a, summary').focus(); else button.focus();
  };
  const drawerOpen = () => document.getElementById('sidebar')?.classList.contains('open');

  const copy = async (button) => {
    const target = document.getElementById(button.dataset.copy);
    if (!target) return;
    const text = 'value' in target ? target.value : target.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no permission, or no TLS: select it, so that the keyboard can copy
      getSelection().selectAllChildren(target);
      return;
    }
    const label = button.querySelector('.label') || button;
    const before = button.dataset.label || (button.dataset.label = label.textContent);
    label.textContent = button.dataset.copied;
    say(button.dataset.copied);
    setTimeout(() => { label.textContent = before; }, 2000);
  };

  document.addEventListener('click', (e) => {
    const on = (selector) => e.target.closest(selector);
    let el;
    if (on('[data-color-switch]')) switchColor();
    else if (on('[data-drawer]')) drawer(!drawerOpen());
    else if (on('[data-drawer-close], #veil')) drawer(false);
    else if (on('[data-collapse]')) {
      const icons = root.dataset.nav !== 'icons';
      if (icons) root.dataset.nav = 'icons'; else delete root.dataset.nav;
      remember('ui_nav', icons ? 'icons' : '');
    } else if ((el = on('[data-copy]'))) copy(el);
    else if ((el = on('tr[data-href]')) && !on('a, button, input, label, summary') && !String(getSelection())) location.assign(el.dataset.href);
    for (const menu of document.querySelectorAll('details.switcher[open], details.person[open]')) {
      if (!menu.contains(e.target)) menu.open = false;
    }
  });

  document.addEventListener('keydown', (e) => {
    if (e.key === 'Escape') {
      if (drawerOpen()) drawer(false);
      for (const menu of document.querySelectorAll('details.switcher[open], details.person[open]')) {
        menu.open = false;
        menu.querySelector('summary').focus();
      }
    }
    if (e.key === '/' && !e.ctrlKey && !e.metaKey && !e.altKey && !e.target.closest('input, textarea, select, [contenteditable]')) {
      const search = document.querySelector('.topbar .search input[type="search"]');
      if (search) { e.preventDefault(); search.focus(); search.select(); }
    }
  });

  // Destructive actions ask for the object's name: the button stays off until it is typed.
  document.addEventListener('input', (e) => {
    const name = e.target.dataset.confirm;
    if (name === undefined) return;
    const button = e.target.form?.querySelector('[type="submit"]');
    if (button) button.disabled = e.target.value !== name;
  });

  // Forms with data-guard warn before what was typed is lost.
  let dirty = false;
  document.addEventListener('input', (e) => { if (e.target.form?.hasAttribute('data-guard')) dirty = true; });
  document.addEventListener('submit', (e) => {
    if (e.target.hasAttribute('data-guard')) dirty = false;
    const again = e.target.querySelectorAll('[data-once]'); // one click sends once
    setTimeout(() => again.forEach((b) => { b.disabled = true; }));
  });
  addEventListener('beforeunload', (e) => { if (dirty) e.preventDefault(); });
  addEventListener('pageshow', (e) => { if (e.persisted) document.querySelectorAll('[data-once]').forEach((b) => { b.disabled = false; }); });

  // Times in the reader's zone, relative in the title.
  const times = (within) => {
    const own = navigator.languages.find((l) => l.split('-')[0] === root.lang) || root.lang;
    const absolute = new Intl.DateTimeFormat(own, { dateStyle: 'medium', timeStyle: 'short' });
    const precise = new Intl.DateTimeFormat(own, { dateStyle: 'medium', timeStyle: 'medium' });
    const relative = new Intl.RelativeTimeFormat(root.lang, { numeric: 'auto' });
    for (const el of within.querySelectorAll('time[datetime]')) {
      const at = new Date(el.dateTime);
      if (isNaN(at)) continue;
      const seconds = (at - Date.now()) / 1000;
      const [unit, size] = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]].find(([, n]) => Math.abs(seconds) >= n) || ['second', 1];
      el.textContent = (el.dataset.seconds === undefined ? absolute : precise).format(at);
      el.title = relative.format(Math.round(seconds / size), unit);
    }
  };
  document.addEventListener('DOMContentLoaded', () => {
    times(document);
    for (const el of document.querySelectorAll('[data-js]')) el.hidden = false;
    document.querySelectorAll('[data-confirm]').forEach((el) => el.dispatchEvent(new Event('input', { bubbles: true })));
    // Rows of tabs that are wider than the window begin where the reader is.
    document.querySelector('.tabs [aria-current="page"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    document.getElementById('ui-errors')?.focus();
    document.querySelector('form[data-submit]')?.submit();
    for (const form of document.querySelectorAll('form[data-submit-after]')) setTimeout(() => form.requestSubmit(), Number(form.dataset.submitAfter));
  });
  document.addEventListener('htmx:afterSwap', (e) => times(e.target));
  document.addEventListener('ui:times', (e) => times(e.detail));
})();
