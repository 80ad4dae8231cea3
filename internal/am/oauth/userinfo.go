package oauth

import (
	"encoding/json"
	"net/http"
	"strings"

	"gatehouse/internal/am/realm"
)

// userInfo is GET and POST /userinfo (OIDC Core §5.3).
func (q *request) userInfo() error {
	ctx := q.r.Context()
	var form *Form
	if q.r.Method == http.MethodPost && isForm(q.r.Header.Get("Content-Type")) {
		var err error
		if form, err = readForm(q.r); err != nil {
			return err
		}
	}
	f, err := q.ownBearer(form)
	if err != nil {
		return err
	}
	if err := q.needScope(f, "openid"); err != nil {
		return err
	}
	client, err := q.Realm.Client(ctx, f.ClientID)
	if err != nil {
		return ErrToken.Because(err) // the client is gone, and so is what it got
	}
	set := client.Effective(q.Settings)
	in := &ScriptInput{Realm: q.Realm, Client: client, Subject: f.Subject, Scopes: f.Scopes, RequestURI: q.Issuer + "/userinfo", Headers: q.r.Header}
	claims, err := q.claimsAbout(ctx, client, &set, in, f.Scopes, f.Claims, "userinfo")
	if err != nil {
		return err
	}
	return q.tellUser(client, claims)
}

// needScope refuses a token without the scope (RFC 6750 §3.1).
func (p *Provider) needScope(f *Found, scope string) error {
	if contains(f.Scopes, scope) {
		return nil
	}
	e := Refuse("insufficient_scope", "The resource requested requires scope: "+scope)
	e.Challenge = `Bearer realm="` + quotable(p.Realm.Path) + `", error="insufficient_scope", scope="` + quotable(scope) + `"`
	return e
}

func (q *request) tellUser(c *realm.Client, claims map[string]any) error {
	signs, encrypts := false, false
	switch format := strings.ToUpper(c.Keys.UserInfoFormat); format {
	case "", "JSON":
		return writeValue(q.w, http.StatusOK, claims)
	case "SIGNED_JWT":
		signs = true
	case "ENCRYPTED_JWT":
		encrypts = true
	case "SIGNED_THEN_ENCRYPTED_JWT":
		signs, encrypts = true, true
	default:
		return Unsupported("server_error", "userinfoResponseFormat "+format)
	}
	claims["iss"], claims["aud"] = q.Issuer, c.ID
	payload, err := json.Marshal(claims)
	if err != nil {
		return internal("write claims", err)
	}
	ctx, k := q.r.Context(), &c.Keys
	raw := string(payload)
	if signs {
		if raw, err = q.signTyped(ctx, c, orText(k.UserInfoSigningAlg, "RS256"), "", payload); err != nil {
			return err
		}
	}
	if encrypts {
		if raw, err = q.encryptFor(ctx, c, raw, k.UserInfoEncryptionAlg, k.UserInfoEncryptionEnc, ""); err != nil {
			return err
		}
	}
	writeText(q.w, "application/jwt", raw)
	return nil
}
