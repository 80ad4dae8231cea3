package audit

import (
	"fmt"

	"gatehouse/internal/gateway/chain"
)

// ExtensionContext collects what filters and scripts add to the access event. It
// belongs to one exchange.
type ExtensionContext struct {
	chain.Link
	extensions map[string]any
}

// ContextName is "accessAuditExtension".
func (*ExtensionContext) ContextName() string { return "accessAuditExtension" }

// Get returns a property as expressions see it.
func (c *ExtensionContext) Get(name string) (any, bool) {
	switch name {
	case "extensions":
		if c.extensions == nil {
			c.extensions = map[string]any{}
		}
		return c.extensions, true
	case "contextName":
		return c.ContextName(), true
	case "parent":
		return c.Parent(), true
	case "id", "rootContext":
		if root := chain.Find[*chain.RootContext](c); root != nil {
			return root.Get(name)
		}
		return nil, true
	}
	return nil, false
}

// Extend adds a value to the event as ig.ext.<name>.
func (c *ExtensionContext) Extend(name string, v any) {
	if c.extensions == nil {
		c.extensions = map[string]any{}
	}
	c.extensions[name] = v
}

// Call offers extendWith(name, value).
func (c *ExtensionContext) Call(method string, args []any) (any, error) {
	if method != "extendWith" || len(args) != 2 {
		return nil, fmt.Errorf("the context has no method %s with %d arguments", method, len(args))
	}
	name, ok := args[0].(string)
	if !ok {
		return nil, fmt.Errorf("extendWith: the name is no text")
	}
	c.Extend(name, args[1])
	return nil, nil
}
