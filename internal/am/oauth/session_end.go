package oauth

import (
	"errors"
	"net/http"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/jose"
)

// endSession is /connect/endSession (OIDC RP-Initiated Logout): ends the session that the ID token in the hint rests
// on, and sends the browser on where the client registered that.
func (q *request) endSession() error {
	if !q.Settings.AdvancedOIDC.SessionManagement {
		return errNotFound
	}
	form, err := ParseForm(q.r.URL.RawQuery)
	if err == nil && q.r.Method == http.MethodPost {
		form, err = readForm(q.r)
	}
	if err != nil {
		return q.show(err)
	}
	hint := form.Get("id_token_hint")
	if hint == "" {
		return q.show(Refuse("bad_request", "The endSession endpoint requires an id_token_hint parameter"))
	}
	claims, client, err := q.openIDToken(q.r.Context(), hint, form.Get("client_id"))
	if err != nil {
		return q.show(err)
	}
	target := form.Get("post_logout_redirect_uri")
	if target != "" && !contains(client.OIDC.PostLogoutRedirectURIs, target) {
		return q.show(errRedirect)
	}
	if id := form.Get("client_id"); id != "" && id != client.ID {
		return q.show(Refuse("bad_request", "client_id does not match the id_token_hint").Because(errors.New(client.ID)))
	}
	if err := q.endOf(claims, client); err != nil {
		return err
	}
	if target == "" {
		protect(q.w.Header())
		q.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	out := &params{}
	out.some("state", form.Get("state"))
	a := &authorization{request: q, redirect: target, mode: "query"}
	if len(out.names) == 0 {
		a.go302(target)
		return nil
	}
	return a.send(out)
}

// endOf ends the session named in an ID token. A token sealed with the client's own secret proves nothing about which
// session it was issued for, unless the browser shows that session itself.
func (q *request) endOf(claims *jose.Claims, client *realm.Client) error {
	id, _ := claims.Values[opsClaim].(string)
	if id == "" {
		return nil
	}
	if jose.Algorithm(client.Keys.IDTokenSigningAlg).Symmetric() {
		sess, _, err := q.Login.Session(q.r)
		if err != nil || sess.ID() != id {
			return nil //nolint:nilerr // no session of its own to end
		}
	}
	return q.Login.End(q.r.Context(), id)
}

// checkSession is /connect/checkSession (OIDC Session Management §3.2).
//
// Deviation: the page that PingAM serves watches a cookie from within a frame, which browsers no longer allow for other
// sites. This one answers every question with "changed", upon which clients ask /authorize with prompt=none, as the
// standard has it.
func (q *request) checkSession() error {
	if !q.Settings.AdvancedOIDC.SessionManagement {
		return errNotFound
	}
	writeFrame(q.w, "default-src 'none'; script-src "+checkDigest+"; base-uri 'none'", checkPage)
	return nil
}

var checkDigest = digestOf(checkScript)

const (
	checkScript = `addEventListener("message",function(e){if(e.source&&e.origin!=="null")e.source.postMessage(/^\S+ \S+$/.test(e.data)?"changed":"error",e.origin)})`
	checkPage   = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Session</title></head><body><script>` + checkScript + `</script></body></html>
`
)
