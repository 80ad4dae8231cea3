package clientauth

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/realm"
)

// tlsClientAuth is a TLS certificate beside client_id (RFC 8705 §2): one that an authority vouches for, with the subject
// in the profile, or (self_signed_tls_client_auth) the very one in the profile. The profile chooses.
var tlsClientAuth = oauth.ClientAuth{
	Name: "tls_client_auth",
	Shown: func(c *oauth.Credentials) bool {
		return isAlone(c) && c.Certificate != nil
	},
	Verify: func(ctx context.Context, p *oauth.Provider, c *oauth.Credentials) (*oauth.Caller, error) {
		caller, err := p.Principal(ctx, c.Get("client_id"), c.Endpoint)
		if err != nil {
			return nil, err
		}
		if caller == nil || caller.Client == nil {
			return nil, oauth.ErrClientAuth.Because(oauth.ErrNoClient)
		}
		client := caller.Client
		caller.Method = client.Advanced.TokenEndpointAuthMethod
		switch {
		case client.IsPublic():
			caller.Method = "none"
			return caller, nil
		case caller.Method == "tls_client_auth" && c.CertificateVerified && sameSubject(c.Certificate, client.Keys.MTLSSubjectDN):
			if err := p.CheckRevocation(c); err != nil {
				return nil, oauth.ErrClientAuth.Because(err)
			}
			return caller, nil
		case caller.Method == "self_signed_tls_client_auth" && pinned(ctx, p, client, c.Certificate):
			return caller, nil
		}
		return nil, oauth.ErrClientAuth.Because(errors.New("the certificate is not the one of the profile"))
	},
}

// isAlone tells that client_id is all that the form and headers say about the client.
func isAlone(c *oauth.Credentials) bool {
	return c.Get("client_id") != "" && c.Authorization == "" && !c.Has("client_secret") && !isAssertion(c)
}

// sameSubject compares a certificate's subject with a distinguished name (RFC 4514). Blanks around commas and the case of
// attribute names do not count; the order of the parts does, in either direction, as tools print both.
func sameSubject(cert *x509.Certificate, wanted string) bool {
	if strings.TrimSpace(wanted) == "" {
		return false
	}
	is, want := splitDN(cert.Subject.String()), splitDN(wanted)
	if len(is) != len(want) {
		return false
	}
	forward, backward := true, true
	for i := range is {
		forward = forward && is[i] == want[i]
		backward = backward && is[i] == want[len(want)-1-i]
	}
	return forward || backward
}

// splitDN cuts a name at its unescaped commas, with attribute names in lower case.
func splitDN(dn string) []string {
	var parts []string
	var b strings.Builder
	add := func() {
		name, value, _ := strings.Cut(b.String(), "=")
		parts = append(parts, strings.ToLower(strings.TrimSpace(name))+"="+strings.TrimSpace(value))
		b.Reset()
	}
	escaped := false
	for _, c := range dn {
		if c == ',' && !escaped {
			add()
			continue
		}
		escaped = c == '\\' && !escaped
		b.WriteRune(c)
	}
	add()
	return parts
}

// pinned tells whether the certificate is the one in the profile, or one in the client's key set.
func pinned(ctx context.Context, p *oauth.Provider, c *realm.Client, cert *x509.Certificate) bool {
	if text := c.Keys.MTLSTrustedCert; text != "" {
		own, err := oauth.ParseCertificate(text)
		return err == nil && own.Equal(cert)
	}
	finder, err := p.ClientKeys(c)
	if err != nil {
		return false
	}
	keys, err := finder.All(ctx)
	if err != nil {
		return false
	}
	for _, k := range keys {
		if len(k.Chain) > 0 && k.Chain[0].Equal(cert) {
			return true
		}
	}
	return false
}
