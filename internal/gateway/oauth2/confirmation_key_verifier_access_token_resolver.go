package oauth2

import (
	"crypto/subtle"
	"errors"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
)

// confirmation checks that whoever sends a token bound to a certificate also has that
// certificate (RFC 8705 §3).
type confirmation struct {
	Delegate heap.Ref[AccessTokenResolver] `conf:"delegate,required"`
}

var confirmationType = heap.Define("ConfirmationKeyVerifierAccessTokenResolver", func(c *confirmation, _ *heap.Env) (AccessTokenResolver, error) {
	return c, nil
})

var (
	errConfirmation  = errors.New("the access token is bound to another certificate")
	errNoCertificate = errors.New("the access token is bound to a certificate and the request has none")
	errMethod        = errors.New("the access token is bound in a way that is not supported")
)

func (c *confirmation) Resolve(x *chain.Exchange, text string) (*AccessToken, error) {
	t, err := c.Delegate.Get().Resolve(x, text)
	if err != nil || !t.Info.Has("cnf") {
		return t, err
	}
	bound := *t // t may be shared
	bound.Check = confirm
	if err := confirm(x, &bound); err != nil {
		return nil, &token.Unconfirmed{Token: &bound, Err: err}
	}
	return &bound, nil
}

// confirm compares what the token is bound to with the certificate of the request.
func confirm(x *chain.Exchange, t *AccessToken) error {
	cnf, there := t.Info.Get("cnf")
	if !there || cnf == nil {
		return nil
	}
	methods, _ := cnf.(*token.Info)
	if methods == nil {
		return errMethod
	}
	want, ok := methods.Text("x5t#S256")
	if !ok || len(methods.Keys()) != 1 {
		return errMethod
	}
	got := thumbprint(x)
	switch {
	case got == "":
		return errNoCertificate
	case subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1:
		return errConfirmation
	}
	return nil
}

// thumbprint is that of the certificate which a CertificateThumbprintFilter published,
// else of the one that the TLS client showed.
func thumbprint(x *chain.Exchange) string {
	if c := chain.Named(x.Context, thumbprintContext); c != nil {
		v, _ := c.Get("thumbprint")
		text, _ := v.(string)
		return text
	}
	if c := chain.Find[*chain.ClientContext](x.Context); c != nil && len(c.Certificates) > 0 {
		return thumbprintOf(c.Certificates[0])
	}
	return ""
}
