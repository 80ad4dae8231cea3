package policy

import (
	"errors"
	"net/netip"
	"strings"
)

// addresses asks where a request comes from: a range of addresses, or names.
type addresses struct {
	from, to netip.Addr
	names    []string
}

func readAddresses(o map[string]any) (condition, error) {
	var c addresses
	start, _ := o["startIp"].(string)
	end, _ := o["endIp"].(string)
	var err error
	if start != "" || end != "" {
		if start == "" {
			start = end
		}
		if end == "" {
			end = start
		}
		if c.from, err = netip.ParseAddr(start); err == nil {
			c.to, err = netip.ParseAddr(end)
		}
		c.from, c.to = c.from.Unmap().WithZone(""), c.to.Unmap().WithZone("")
		if err != nil || c.from.Is4() != c.to.Is4() || c.to.Less(c.from) || c.from.Is4() != (o["type"] == "IPv4") {
			return nil, errors.New("expected startIp and endIp as a range of addresses of the type of the condition")
		}
	}
	if c.names, err = texts(o, "dnsName"); err != nil {
		return nil, err
	}
	for i, name := range c.names {
		c.names[i] = strings.ToLower(name)
		if at := strings.LastIndexByte(name, '*'); name == "" || at > 0 || at == 0 && name != "*" && !strings.HasPrefix(name, "*.") {
			return nil, errors.New(`dnsName: expected names such as "host.example.com" or "*.example.com"`)
		}
	}
	if !c.from.IsValid() && len(c.names) == 0 {
		return nil, errors.New("expected startIp and endIp, or dnsName")
	}
	return c, nil
}

func (c addresses) holds(q *Question) outcome {
	for _, key := range [...]string{"requestIp", "IP"} {
		for _, text := range q.Environment[key] {
			addr, err := netip.ParseAddr(strings.TrimSpace(text))
			addr = addr.Unmap().WithZone("")
			if err == nil && c.from.IsValid() && addr.Is4() == c.from.Is4() && !addr.Less(c.from) && !c.to.Less(addr) {
				return outcome{ok: true}
			}
		}
		if len(q.Environment[key]) > 0 {
			break // the second name is for those who do not use the first
		}
	}
	for _, name := range q.Environment["requestDnsName"] {
		name = strings.ToLower(name)
		for _, want := range c.names {
			if want == name || want == "*" || strings.HasPrefix(want, "*.") && strings.HasSuffix(name, want[1:]) {
				return outcome{ok: true}
			}
		}
	}
	return outcome{}
}
