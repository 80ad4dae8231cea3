// The server under test and the user who is signed in, as the Go test describes them.
import { test } from 'node:test'

/** @type {{issuer: string, session: string, redirect: string, secret: string, key: JsonWebKey}} */
export const site = JSON.parse(process.env.SITE)

/** visit does what the user's browser does with an address, without following redirects. */
export function visit(address, form) {
  const headers = { accept: 'text/html', cookie: `iPlanetDirectoryPro=${site.session}` }
  return fetch(address, { method: form ? 'POST' : 'GET', body: form && new URLSearchParams(form), headers, redirect: 'manual' })
}

/** sentTo is where the browser is sent. */
export async function sentTo(address, form) {
  const answer = await visit(address, form)
  const to = answer.headers.get('location')
  if (!to) throw new Error(`${address} answers ${answer.status}: ${(await answer.text()).slice(0, 500)}`)
  return new URL(to)
}

export const privateKey = () =>
  crypto.subtle.importKey('jwk', site.key, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])

/** check is a test whose failure says what the server answered. */
export const check = (name, run) => test(name, async () => {
  try {
    await run()
  } catch (e) {
    if (e.error) e.message += `: ${e.error}: ${e.error_description}`
    throw e
  }
})
