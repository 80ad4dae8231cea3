package chain

import (
	"crypto/x509"
	"maps"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Context is one link of what is known about an exchange. Implementations embed
// Link and are attached by Exchange.Push.
type Context interface {
	// ContextName is the name under contexts, for example "oauth2".
	ContextName() string
	// Parent is the next outer context, nil at the root.
	Parent() Context
	// Get returns a property as expressions see it.
	Get(name string) (any, bool)
	attach(parent Context)
}

// Link joins a context to its parent; contexts embed it.
type Link struct{ parent Context }

// Parent returns the next outer context.
func (l *Link) Parent() Context { return l.parent }

func (l *Link) attach(parent Context) { l.parent = parent }

// Find returns the innermost context of type T, or the zero T.
func Find[T Context](c Context) T {
	for ; c != nil; c = c.Parent() {
		if t, ok := c.(T); ok {
			return t
		}
	}
	var zero T
	return zero
}

// Named returns the innermost context of that name, or nil.
func Named(c Context, name string) Context {
	for ; c != nil; c = c.Parent() {
		if c.ContextName() == name {
			return c
		}
	}
	return nil
}

// Contexts is the map of contexts by name that expressions and scripts see.
type Contexts struct{ Leaf Context }

// Get returns the innermost context of that name.
func (c Contexts) Get(name string) (any, bool) {
	if found := Named(c.Leaf, name); found != nil {
		return found, true
	}
	return nil, false
}

// Keys lists the names, innermost first, each once.
func (c Contexts) Keys() []string {
	var names []string
	seen := map[string]bool{}
	for l := c.Leaf; l != nil; l = l.Parent() {
		if n := l.ContextName(); !seen[n] {
			seen[n] = true
			names = append(names, n)
		}
	}
	return names
}

func (c Contexts) String() string { return "[" + strings.Join(c.Keys(), ", ") + "]" }

// Common answers the properties that every context has.
func Common(c Context, name string) (any, bool) {
	switch name {
	case "contextName":
		return c.ContextName(), true
	case "parent":
		if p := c.Parent(); p != nil {
			return p, true
		}
		return nil, true
	case "rootContext":
		if r := Find[*RootContext](c); r != nil {
			return r, true
		}
		return nil, true
	case "id":
		if r := Find[*RootContext](c); r != nil {
			return r.ID, true
		}
		return nil, true
	}
	return nil, false
}

// RootContext is the outermost context.
type RootContext struct {
	Link
	ID string // exchange id
}

// ContextName is "root".
func (*RootContext) ContextName() string { return "root" }

// Get returns a property.
func (c *RootContext) Get(name string) (any, bool) {
	if name == "id" {
		return c.ID, true
	}
	return Common(c, name)
}

// TransactionContext names the transaction that a request belongs to.
type TransactionContext struct {
	Link
	Value string
	calls atomic.Int64
}

// ContextName is "transactionId".
func (*TransactionContext) ContextName() string { return "transactionId" }

// Next returns the id for the next outgoing call: the value, "/", a counter from 0.
func (c *TransactionContext) Next() string {
	return c.Value + "/" + strconv.FormatInt(c.calls.Add(1)-1, 10)
}

// Get returns a property.
func (c *TransactionContext) Get(name string) (any, bool) {
	if name == "transactionId" {
		return map[string]any{"value": c.Value}, true
	}
	return Common(c, name)
}

// AuditContext is what the access audit knows about the request.
type AuditContext struct {
	Link
	Received time.Time
	UserID   string
	// TrackingIDs are the ids of tokens and sessions that were used.
	TrackingIDs []string
}

// ContextName is "requestAudit".
func (*AuditContext) ContextName() string { return "requestAudit" }

// Get returns a property.
func (c *AuditContext) Get(name string) (any, bool) {
	switch name {
	case "requestReceivedTime":
		return c.Received.UnixMilli(), true
	case "userId", "auditUserId":
		if c.UserID == "" {
			return nil, true
		}
		return c.UserID, true
	}
	return Common(c, name)
}

// Set changes the user id.
func (c *AuditContext) Set(name string, v any) error {
	if name != "userId" && name != "auditUserId" {
		return ErrReadOnly
	}
	c.UserID, _ = v.(string)
	return nil
}

// ClientContext describes the peer that sent the request.
type ClientContext struct {
	Link
	RemoteAddr, LocalAddr string // host:port
	Secure                bool   // the request came over TLS
	UserAgent             string
	Certificates          []*x509.Certificate // verified client certificates, leaf first
}

// ContextName is "client".
func (*ClientContext) ContextName() string { return "client" }

// Get returns a property.
func (c *ClientContext) Get(name string) (any, bool) {
	switch name {
	case "certificates":
		list := make([]any, len(c.Certificates))
		for i, cert := range c.Certificates {
			list[i] = cert
		}
		return list, true
	case "isExternal", "external":
		return true, true
	case "isSecure", "secure":
		return c.Secure, true
	case "remoteAddress", "remoteHost":
		h, _ := hostPort(c.RemoteAddr)
		return h, true
	case "remotePort":
		_, p := hostPort(c.RemoteAddr)
		return int64(p), true
	case "localAddress", "localName":
		h, _ := hostPort(c.LocalAddr)
		return h, true
	case "localPort":
		_, p := hostPort(c.LocalAddr)
		return int64(p), true
	case "remoteUser":
		return "", true
	case "userAgent":
		return c.UserAgent, true
	}
	return Common(c, name)
}

func hostPort(addr string) (host string, port int) {
	i := strings.LastIndexByte(addr, ':')
	if i < 0 {
		return addr, -1
	}
	port, err := strconv.Atoi(addr[i+1:])
	if err != nil {
		return addr, -1
	}
	return strings.Trim(addr[:i], "[]"), port
}

// RouterContext keeps the URI as the client sent it, and what a router matched.
type RouterContext struct {
	Link
	// OriginalURI is never changed once the context is pushed.
	OriginalURI *URI
	MatchedURI  string
	Remaining   string
}

// OriginalURI is the URI as the client sent it, else that of the request. It must not be
// changed.
func OriginalURI(x *Exchange) *URI {
	if r := Find[*RouterContext](x.Context); r != nil && r.OriginalURI != nil {
		return r.OriginalURI
	}
	return x.Request.URI
}

// ContextName is "router".
func (*RouterContext) ContextName() string { return "router" }

// Get returns a property.
func (c *RouterContext) Get(name string) (any, bool) {
	switch name {
	case "originalUri":
		return c.OriginalURI, true
	case "matchedUri", "baseUri":
		return c.MatchedURI, true
	case "remainingUri":
		return c.Remaining, true
	case "uriTemplateVariables":
		return map[string]any{}, true
	}
	return Common(c, name)
}

// AttributesContext carries values that filters leave for those after them.
type AttributesContext struct {
	Link
	m map[string]any
}

// ContextName is "attributes".
func (*AttributesContext) ContextName() string { return "attributes" }

// Map returns the attributes; it is made at the first call, so that requests which
// use none pay nothing.
func (c *AttributesContext) Map() map[string]any {
	if c.m == nil {
		c.m = map[string]any{}
	}
	return c.m
}

// Get returns a property.
func (c *AttributesContext) Get(name string) (any, bool) {
	if name == "attributes" {
		return c.Map(), true
	}
	return Common(c, name)
}

// Set replaces all attributes. Whoever has the map sees the new ones.
func (c *AttributesContext) Set(name string, v any) error {
	m, ok := v.(map[string]any)
	if name != "attributes" || !ok {
		return ErrReadOnly
	}
	m = maps.Clone(m) // which may be the same
	clear(c.Map())
	maps.Copy(c.m, m)
	return nil
}

// Session is the map bound to a user agent. Changes are kept when the response
// leaves the place where the session began. Methods are safe for concurrent use
// when several requests share the session.
type Session interface {
	// Get returns the value of a key; it is how expressions read the session.
	Get(key string) (any, bool)
	// Set stores a value; nil removes the key. It fails when the session cannot
	// hold the value's type.
	Set(key string, v any) error
	Keys() []string
	Clear()
}

// SessionContext holds the session in force.
type SessionContext struct {
	Link
	Session Session
}

// ContextName is "session".
func (*SessionContext) ContextName() string { return "session" }

// Get returns a property.
func (c *SessionContext) Get(name string) (any, bool) {
	if name == "session" {
		return c.Session, true
	}
	return Common(c, name)
}

// ErrReadOnly says that a property cannot be assigned.
var ErrReadOnly = errReadOnly{}

type errReadOnly struct{}

func (errReadOnly) Error() string { return "the property cannot be assigned" }

// MapContext is a context whose properties are a map: for filters that publish a
// few values and need no type of their own.
type MapContext struct {
	Link
	Name   string
	Values map[string]any
}

// ContextName returns c.Name.
func (c *MapContext) ContextName() string { return c.Name }

// Get returns a property.
func (c *MapContext) Get(name string) (any, bool) {
	if v, ok := c.Values[name]; ok {
		return v, true
	}
	return Common(c, name)
}
