// Asks the browser for a security key or passkey, with what stands in data-key, and sends what it says with the form.
// Without this file the form is sent as it stands: the journey is told that there is no key.
(() => {
  'use strict';
  const box = document.querySelector('[data-key]');
  if (!box) return;
  const form = box.closest('form'), outcome = document.getElementById('webAuthnOutcome');
  const status = box.querySelector('[role="status"]'), start = box.querySelector('[data-key-start]');
  const data = JSON.parse(box.dataset.key);
  const adds = data._action === 'webauthn_registration';

  const say = (kind, text) => {
    status.className = `alert ${kind}`;
    status.firstElementChild.textContent = text;
    status.hidden = false;
  };
  const text = (buffer) => new TextDecoder().decode(buffer);
  const bytes = (buffer) => new Int8Array(buffer).toString();
  const known = (list) => (list || []).map((c) => ({ type: c.type, id: new Int8Array(c.id) }));
  const challenge = () => Uint8Array.from(atob(data.challenge), (c) => c.charCodeAt(0));

  const create = async () => {
    const made = await navigator.credentials.create({ publicKey: {
      challenge: challenge(),
      rp: { name: data.relyingPartyName, ...(data._relyingPartyId && { id: data._relyingPartyId }) },
      user: { id: new TextEncoder().encode(data.userId), name: data.userName, displayName: data.displayName },
      pubKeyCredParams: data._pubKeyCredParams,
      authenticatorSelection: data._authenticatorSelection,
      attestation: data.attestationPreference,
      excludeCredentials: known(data._excludeCredentials),
      timeout: Number(data.timeout),
    } });
    const name = document.getElementById('key-name').value.trim();
    const parts = [text(made.response.clientDataJSON), bytes(made.response.attestationObject), made.id];
    return [made, name ? [...parts, name] : parts];
  };
  const get = async () => {
    const allowed = known(data._allowCredentials);
    const shown = await navigator.credentials.get({ publicKey: {
      challenge: challenge(),
      userVerification: data.userVerification,
      timeout: Number(data.timeout),
      ...(allowed.length && { allowCredentials: allowed }),
      ...(data._relyingPartyId && { rpId: data._relyingPartyId }),
    } });
    const r = shown.response;
    const parts = [text(r.clientDataJSON), bytes(r.authenticatorData), bytes(r.signature), shown.id];
    return [shown, r.userHandle ? [...parts, text(r.userHandle)] : parts];
  };

  const ask = async () => {
    start.disabled = true;
    say('', status.dataset.keyWaiting);
    try {
      const [credential, parts] = await (adds ? create() : get());
      outcome.value = JSON.stringify({ authenticatorAttachment: credential.authenticatorAttachment, legacyData: parts.join('::') });
      form.submit();
    } catch (e) {
      outcome.value = `ERROR::${e.name}:${e.message}`;
      start.disabled = false;
      say('warn', e.name === 'InvalidStateError' ? status.dataset.keyKnown : status.dataset.keyFailed);
      start.focus();
    }
  };

  if (!window.PublicKeyCredential) { // not over plain http, and not in old browsers
    form.submit();
    return;
  }
  outcome.value = 'ERROR::NotAllowedError:No key was used';
  start.addEventListener('click', ask);
  document.getElementById('key-name')?.addEventListener('keydown', (e) => {
    if (e.key === 'Enter') { e.preventDefault(); ask(); }
  });
  box.hidden = false;
  if (adds) document.getElementById('key-name').focus(); else ask();
})();
