// Settings of administrators' pages: one tab at a time, and a search through all of them. Without this file all
// settings stand below one another.
(() => {
  'use strict';
  const settings = document.getElementById('settings');
  if (!settings || !document.querySelector('[data-filter="settings"]')) return; // none, or one tab alone
  const tabs = document.querySelector('[data-tabs="settings"]');
  const search = document.querySelector('[data-filter="settings"]');
  const count = document.querySelector('[data-filter-count]');
  const sections = [...settings.children];
  const fields = [...settings.querySelectorAll('.setting')];

  // The tab of the address: its own, or that of the setting that the address names.
  const wanted = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    return sections.find((s) => target && s.contains(target)) || sections.find((s) => s.querySelector('[aria-invalid="true"]')) || sections[0];
  };
  const show = () => {
    const words = search.value.trim().toLowerCase();
    const open = wanted();
    let found = 0;
    for (const f of fields) {
      f.hidden = words !== '' && !f.dataset.words.includes(words);
      if (!f.hidden) found++;
    }
    for (const s of sections) s.hidden = words === '' ? s !== open : !s.querySelector('.setting:not([hidden])');
    for (const a of tabs.querySelectorAll('a')) {
      const mine = document.getElementById(a.hash.slice(1));
      if (words === '' && mine === open) a.setAttribute('aria-current', 'true'); else a.removeAttribute('aria-current');
    }
    count.textContent = words === '' ? '' : count.dataset.found.replace('%d', found);
  };
  search.addEventListener('input', show);
  search.addEventListener('keydown', (e) => {
    if (e.key === 'Enter') e.preventDefault(); // it filters already; the form is for saving
    if (e.key === 'Escape') { search.value = ''; show(); }
  });
  addEventListener('hashchange', () => { search.value = ''; show(); });
  tabs.addEventListener('click', (e) => {
    const a = e.target.closest('a');
    if (!a) return;
    e.preventDefault();
    history.replaceState(null, '', a.hash);
    search.value = '';
    show();
  });
  show();
  const target = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  if (target?.closest('.setting')) { target.scrollIntoView({ block: 'center' }); target.focus(); }
})();

// The editor: line numbers beside the text, Tab indents, Escape lets Tab leave, and mistakes lead to their place.
(() => {
  'use strict';
  const area = document.querySelector('textarea[data-editor]');
  if (!area) return;
  const box = document.createElement('div');
  const lines = document.createElement('pre');
  box.className = 'editor-box';
  lines.className = 'editor-lines';
  lines.setAttribute('aria-hidden', 'true');
  area.before(box);
  box.append(lines, area);
  const marked = new Map([...document.querySelectorAll('[data-line]')].map((a) => [Number(a.dataset.line), a.parentElement.textContent]));
  let shown = 0;
  const number = () => {
    const n = area.value.split('\n').length;
    if (n === shown) return;
    shown = n;
    lines.replaceChildren(...Array.from({ length: n }, (_, i) => {
      const line = document.createElement('span');
      line.textContent = i + 1;
      if (marked.has(i + 1)) { line.className = 'bad'; line.title = marked.get(i + 1); }
      return line;
    }));
  };
  const follow = () => { lines.style.height = area.offsetHeight + 'px'; lines.scrollTop = area.scrollTop; };
  area.addEventListener('input', () => { number(); follow(); });
  area.addEventListener('scroll', follow);
  new ResizeObserver(follow).observe(area);

  // Who only passes through with Tab passes; who types, indents with it until Escape.
  let leaving = true;
  area.addEventListener('blur', () => { leaving = true; });
  area.addEventListener('input', () => { leaving = false; });
  area.addEventListener('keydown', (e) => {
    if (e.key === 'Escape') { leaving = true; return; }
    if ((e.key === 's' || e.key === 'S') && (e.ctrlKey || e.metaKey)) { e.preventDefault(); area.form.requestSubmit(); return; }
    if (e.key !== 'Tab' || leaving || e.ctrlKey || e.altKey || e.metaKey || area.selectionStart === area.selectionEnd && e.shiftKey) return;
    e.preventDefault();
    const from = area.value.lastIndexOf('\n', area.selectionStart - 1) + 1;
    if (area.selectionStart === area.selectionEnd) { area.setRangeText('    ', area.selectionStart, area.selectionEnd, 'end'); }
    else {
      const part = area.value.slice(from, area.selectionEnd);
      area.setRangeText(e.shiftKey ? part.replace(/^ {1,4}/gm, '') : part.replace(/^/gm, '    '), from, area.selectionEnd, 'select');
    }
    area.dispatchEvent(new Event('input', { bubbles: true }));
  });

  const goTo = (line, column) => {
    const before = area.value.split('\n').slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
    const at = Math.min(before + Math.max(0, column - 1), area.value.length);
    area.focus();
    area.setSelectionRange(at, at);
    area.scrollTop = Math.max(0, (line - 5) * 20);
  };
  document.addEventListener('click', (e) => {
    const a = e.target.closest('[data-line]');
    if (!a) return;
    e.preventDefault();
    goTo(Number(a.dataset.line), Number(a.dataset.column) || 1);
  });
  number();
  follow();
})();

// The dashboard's figures come anew every five seconds, while somebody looks and has not paused them.
(() => {
  'use strict';
  const area = document.querySelector('[data-live]');
  if (!area) return;
  const dot = document.querySelector('[data-live-dot]');
  const text = document.querySelector('[data-live-text]');
  const button = document.querySelector('[data-live-pause]');
  let paused = false;
  const state = (name) => {
    dot.className = `dot ${{ on: 'ok', off: '', lost: 'bad' }[name]}`;
    text.textContent = text.dataset[name];
  };
  const renew = async () => {
    if (paused || document.hidden || area.contains(document.activeElement) || !getSelection().isCollapsed) return;
    try {
      const answer = await fetch(area.dataset.live, { headers: { 'HX-Request': 'true' }, redirect: 'manual' });
      if (answer.status === 401) { location.reload(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      if (paused) return;
      area.innerHTML = html;
      document.dispatchEvent(new CustomEvent('ui:times', { detail: area }));
      state('on');
    } catch { state('lost'); }
  };
  button.addEventListener('click', () => {
    paused = !paused;
    button.textContent = paused ? button.dataset.off : button.dataset.on;
    state(paused ? 'off' : 'on');
    renew();
  });
  setInterval(renew, 5000);
})();
