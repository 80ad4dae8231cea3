package oauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/internal/am/outgoing"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// logoutTokenLife is short: the token is used at once (OIDC Back-Channel Logout §2.4 advises two minutes at most).
const logoutTokenLife = 2 * time.Minute

// errLogoutRefused is the answer of a client that understood and would not: asking again helps nobody (§2.8).
var errLogoutRefused = errors.New("the client refused the logout token")

// tellLogout posts a logout token to the client (OIDC Back-Channel Logout §2.5).
func (p *Provider) tellLogout(ctx context.Context, c *realm.Client, f *store.Followup) error {
	u, err := url.Parse(c.OIDC.BackchannelLogoutURI)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("%w: backchannel_logout_uri is no http or https URL", errLogoutRefused)
	}
	token, err := p.logoutToken(ctx, c, f)
	if err != nil {
		return err
	}
	body := url.Values{"logout_token": {token}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := outgoing.Client(!p.reach(c).takes(u))
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		return nil
	case resp.StatusCode == http.StatusBadRequest:
		return errLogoutRefused
	}
	return fmt.Errorf("status %d", resp.StatusCode)
}

// logoutToken says that the session has ended (§2.4). It is signed, and encrypted, as the client's ID tokens are.
func (p *Provider) logoutToken(ctx context.Context, c *realm.Client, f *store.Followup) (string, error) {
	now := p.Now()
	o := newObject()
	o.text("iss", f.Issuer)
	o.text("sub", p.subjectFor(c, f.Subject))
	o.text("aud", c.ID)
	o.number("iat", now.Unix())
	o.number("exp", now.Add(logoutTokenLife).Unix())
	o.text("jti", store.NewID())
	o.text("sid", sidOf(cmp.Or(f.First, f.SessionID)))
	o.raw("events", []byte(`{"http://schemas.openid.net/event/backchannel-logout":{}}`))
	raw, err := p.signTyped(ctx, c, c.Keys.IDTokenSigningAlg, "logout+jwt", o.end())
	if err != nil || !c.Keys.IDTokenEncryption {
		return raw, err
	}
	k := &c.Keys
	return p.encryptFor(ctx, c, raw, k.IDTokenEncryptionAlg, k.IDTokenEncryptionEnc, k.IDTokenEncryptionKey)
}
