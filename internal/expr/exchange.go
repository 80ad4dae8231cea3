package expr

// Routes of releases 2 to 4 reach everything through one root, exchange. Its
// members are today's roots, what a filter left in it are today's attributes.

const oldRoot = "exchange"

// renew returns n with exchange.… replaced by what it is called today.
func (c *compiler) renew(n node) node {
	switch n := n.(type) {
	case *name:
		if n.name == oldRoot && !c.ownExchange() {
			c.older = true
			return &name{n.pos, "attributes"}
		}
	case *member:
		if now := c.oldMember(n, n.base, n.name); now != nil {
			return now
		}
		n.base = c.renewBase(n.base, n.name)
	case *index:
		if now := c.oldMember(n, n.base, text(n.key)); now != nil {
			return now
		}
		n.base, n.key = c.renewBase(n.base, text(n.key)), c.renew(n.key)
	case *call:
		c.renewAll(n.args)
	case *method:
		n.base = c.renew(n.base)
		c.renewAll(n.args)
	case *unary:
		n.x = c.renew(n.x)
	case *binary:
		n.x, n.y = c.renew(n.x), c.renew(n.y)
	case *choice:
		n.test, n.yes, n.alt = c.renew(n.test), c.renew(n.yes), c.renew(n.alt)
	}
	return n
}

func (c *compiler) renewAll(list []node) {
	for i := range list {
		list[i] = c.renew(list[i])
	}
}

// ownExchange tells whether the configuration has a variable of that name.
func (c *compiler) ownExchange() bool {
	_, ok := c.env.variable(oldRoot)
	return ok
}

// oldMember is what base.property is called today; nil when it is not old.
func (c *compiler) oldMember(n, base node, property string) node {
	pos := n.offset()
	if root, ok := base.(*name); ok && root.name == oldRoot && !c.ownExchange() {
		switch property {
		case "request", "response", "session":
			c.older = true
			return &name{pos, property}
		case "clientInfo":
			c.older = true
			return &member{pos, &name{pos, "contexts"}, "client"}
		case "originalUri":
			c.older = true
			return &member{pos, &member{pos, &name{pos, "contexts"}, "router"}, property}
		}
		return nil
	}
	if !c.isOldResponse(base) {
		return nil
	}
	// The status was a number, and the reason stood beside it.
	switch status := (&member{pos, &name{pos, "response"}, "status"}); property {
	case "status":
		c.older = true
		return &member{pos, status, "code"}
	case "reason":
		c.older = true
		return &member{pos, status, "reasonPhrase"}
	}
	return nil
}

// renewBase renews what property is taken of. A status of which somebody takes the
// code was an object already.
func (c *compiler) renewBase(base node, property string) node {
	if m, ok := base.(*member); ok && m.name == "status" && c.isOldResponse(m.base) {
		switch property {
		case "code", "reasonPhrase", "family":
			m.base = c.renew(m.base)
			return m
		}
	}
	return c.renew(base)
}

// isOldResponse tells whether n is exchange.response.
func (c *compiler) isOldResponse(n node) bool {
	m, ok := n.(*member)
	if !ok || m.name != "response" || c.ownExchange() {
		return false
	}
	root, ok := m.base.(*name)
	return ok && root.name == oldRoot
}

// Older tells whether the text says exchange, which is attributes, request and
// so on today.
func (t *Template) Older() bool { return t != nil && t.older }
