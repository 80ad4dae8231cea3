package filters

import "gatehouse/internal/gateway/chain"

// authRedirect lets a filter take part in the redirect of a login filter behind it.
type authRedirect struct {
	chain.Link
	// extend may change the URI to which the user comes back; nil for none.
	extend func(back *chain.URI)
	// redirected says that the response sends the user to log in.
	redirected bool
}

// ContextName is that of the product.
func (*authRedirect) ContextName() string { return "AuthRedirectContext" }

// Get returns a property; there are none of its own.
func (c *authRedirect) Get(name string) (any, bool) { return chain.Common(c, name) }

// Redirect is called by a login filter when it sends the user to log in, with the URI to
// which the user comes back.
func (c *authRedirect) Redirect(back *chain.URI) {
	c.redirected = true
	if c.extend != nil {
		c.extend(back)
	}
	if outer := chain.Find[*authRedirect](c.Parent()); outer != nil {
		outer.Redirect(back)
	}
}

// announceRedirect tells the filters before a login filter.
func announceRedirect(x *chain.Exchange, back *chain.URI) {
	if c := chain.Find[*authRedirect](x.Context); c != nil {
		c.Redirect(back)
	}
}
