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

// What is typed over a value of the group is the profile's own.
document.addEventListener('input', (e) => {
  const inherit = e.target.closest('.setting')?.querySelector('[data-inherit]');
  if (inherit && inherit !== e.target) inherit.checked = false;
});

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
  const busy = () => paused || document.hidden || area.contains(document.activeElement) || !getSelection().isCollapsed;
  const renew = async () => {
    if (busy()) return;
    try {
      const answer = await fetch(area.dataset.live, { headers: { 'HX-Request': 'true' }, redirect: 'manual' });
      if (answer.status === 401) { location.reload(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      if (busy()) return; // somebody has come to it meanwhile
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
