package groovy

import (
	"net/netip"
	"strconv"
	"strings"
)

// inetAddress is java.net.InetAddress. Scripts resolve no names: there are the
// addresses of literals and the loopback address.
type inetAddress struct {
	host string // as given, "" for a literal
	addr netip.Addr
}

func (a *inetAddress) javaName() string {
	if a.addr.Is4() {
		return "java.net.Inet4Address"
	}
	return "java.net.Inet6Address"
}

func (a *inetAddress) String() string { return a.host + "/" + javaAddress(a.addr) }
func (a *inetAddress) mapKey() any    { return structKey{"inet:" + string(a.addr.AsSlice())} }

// javaAddress is the text form of Java: IPv6 addresses are not shortened.
func javaAddress(a netip.Addr) string {
	if a.Is4() {
		return a.String()
	}
	b := a.As16()
	parts := make([]string, 8)
	for i := range parts {
		n := uint64(b[2*i])<<8 | uint64(b[2*i+1])
		parts[i] = strconv.FormatUint(n, 16)
	}
	return strings.Join(parts, ":")
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

func inetClasses() []*Class {
	m := inetMethods()
	return []*Class{
		{Name: "java.net.InetAddress", Static: inetStatics(), Methods: m},
		{Name: "java.net.Inet4Address", Extends: "java.net.InetAddress"},
		{Name: "java.net.Inet6Address", Extends: "java.net.InetAddress"},
	}
}

func inetStatics() map[string]Method {
	byName := func(c *Call) (*inetAddress, error) {
		name := ""
		if c.Arg(0) != nil {
			name = c.Str(0)
		}
		if name == "" || strings.EqualFold(name, "localhost") {
			return &inetAddress{"localhost", loopback}, nil
		}
		literal := strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
		a, err := netip.ParseAddr(literal)
		if err != nil || a.Zone() != "" {
			return nil, Throw("java.net.UnknownHostException", "%s: scripts cannot resolve names", clip(name))
		}
		return &inetAddress{"", a.Unmap()}, nil
	}
	return map[string]Method{
		// getLocalHost tells the name that the environment gives the machine, and no
		// address of a network.
		"getLocalHost": func(c *Call) (Value, error) {
			host := "localhost"
			if get := c.th.eng.env.Getenv; get != nil {
				if h, ok := get("HOSTNAME"); ok && h != "" {
					host = h
				}
			}
			return &inetAddress{host, loopback}, c.Want(0, 0)
		},
		"getLoopbackAddress": func(c *Call) (Value, error) { return &inetAddress{"localhost", loopback}, c.Want(0, 0) },
		"getByName": func(c *Call) (Value, error) {
			if err := c.Want(1, 1); err != nil {
				return nil, err
			}
			a, err := byName(c)
			if err != nil {
				return nil, err
			}
			return a, nil
		},
		"getAllByName": func(c *Call) (Value, error) {
			if err := c.Want(1, 1); err != nil {
				return nil, err
			}
			a, err := byName(c)
			if err != nil {
				return nil, err
			}
			return newArray("java.net.InetAddress", []Value{a}), nil
		},
		"getByAddress": func(c *Call) (Value, error) {
			if err := c.Want(1, 2); err != nil {
				return nil, err
			}
			b, ok := c.Arg(c.Len() - 1).([]byte)
			a, good := netip.AddrFromSlice(b)
			if !ok || !good {
				return nil, Throw("java.net.UnknownHostException", "addr is of illegal length")
			}
			host := ""
			if c.Len() == 2 {
				host = c.Str(0)
			}
			return &inetAddress{host, a.Unmap()}, nil
		},
	}
}

func inetMethods() map[string]Method {
	get := func(f func(a *inetAddress) Value) Method {
		return func(c *Call) (Value, error) {
			a, ok := c.This.(*inetAddress)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			return f(a), c.Want(0, 0)
		}
	}
	name := get(func(a *inetAddress) Value {
		if a.host == "" {
			return javaAddress(a.addr)
		}
		return a.host
	})
	return map[string]Method{
		"getHostName": name, "getCanonicalHostName": name,
		"getHostAddress":     get(func(a *inetAddress) Value { return javaAddress(a.addr) }),
		"getAddress":         get(func(a *inetAddress) Value { return a.addr.AsSlice() }),
		"isLoopbackAddress":  get(func(a *inetAddress) Value { return a.addr.IsLoopback() }),
		"isAnyLocalAddress":  get(func(a *inetAddress) Value { return a.addr.IsUnspecified() }),
		"isLinkLocalAddress": get(func(a *inetAddress) Value { return a.addr.IsLinkLocalUnicast() }),
		"isMulticastAddress": get(func(a *inetAddress) Value { return a.addr.IsMulticast() }),
		"isSiteLocalAddress": get(func(a *inetAddress) Value { return siteLocal(a.addr) }),
	}
}

// siteLocal is what Java calls site local: the private networks of RFC 1918, and
// fec0::/10 (RFC 3513 §2.5.6).
func siteLocal(a netip.Addr) bool {
	if a.Is4() {
		return a.IsPrivate()
	}
	b := a.As16()
	return b[0] == 0xfe && b[1]&0xc0 == 0xc0
}
