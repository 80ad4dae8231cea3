package oauth2

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"log/slog"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// certificateThumbprint publishes the thumbprint of a client's certificate (RFC 8705
// §3.1) for resolvers that check what a token is bound to.
type certificateThumbprint struct {
	Certificate    expr.Template           `conf:"certificate,required"`
	FailureHandler heap.Ref[chain.Handler] `conf:"failureHandler"`

	log *slog.Logger
}

var certificateThumbprintType = heap.Define("CertificateThumbprintFilter", func(c *certificateThumbprint, env *heap.Env) (chain.Filter, error) {
	c.log = env.Log
	return c, nil
})

var errNotCertificate = errors.New("the expression yields no certificate")

func (c *certificateThumbprint) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	v, err := c.Certificate.EvalErr(x)
	cert, ok := v.(*x509.Certificate)
	if err == nil && (!ok || cert == nil) {
		err = errNotCertificate
	}
	if err != nil {
		c.log.DebugContext(x.Ctx(), "the request has no certificate", "error", err)
		if c.FailureHandler.IsSet() {
			return c.FailureHandler.Get().Handle(x)
		}
		return chain.Fail(403, err), nil
	}
	return next.Handle(x.Push(&chain.MapContext{Name: thumbprintContext, Values: map[string]any{"thumbprint": thumbprintOf(cert)}}))
}

// thumbprintContext is the context that the filter adds.
const thumbprintContext = "certificateThumbprint"

func thumbprintOf(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
