package wire

import (
	"context"
	"math/rand/v2"
	"net"
	"strings"
)

// resolve looks for host:port, then for host, and returns the addresses to connect to,
// each completed by port.
func resolve(m map[string]string, host, port string) []string {
	address := net.JoinHostPort(host, port)
	to, ok := m[address]
	if !ok {
		to, ok = m[host]
	}
	if !ok {
		for name, target := range m {
			if strings.EqualFold(name, address) || strings.EqualFold(name, host) {
				to, ok = target, true
				break
			}
		}
	}
	if !ok {
		return []string{address}
	}
	list := strings.Split(to, ",")
	for i, one := range list {
		one = strings.TrimSpace(one)
		if _, _, err := net.SplitHostPort(one); err != nil {
			one = net.JoinHostPort(strings.Trim(one, "[]"), port)
		}
		list[i] = one
	}
	return list
}

// dialAny connects to one of the addresses, any of them first, so that connections
// spread; the others are tried when it refuses.
func dialAny(ctx context.Context, dialer *net.Dialer, network string, addresses []string) (net.Conn, error) {
	first := 0
	if len(addresses) > 1 {
		first = rand.N(len(addresses)) //nolint:gosec // it spreads the load
	}
	var failed error
	for i := range addresses {
		nc, err := dialer.DialContext(ctx, network, addresses[(first+i)%len(addresses)])
		if err == nil {
			return nc, nil
		}
		failed = err
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

// Dial connects to a host where m has it, else to the host itself.
func Dial(ctx context.Context, network, address string, m map[string]string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return dialAny(ctx, &net.Dialer{}, network, resolve(m, host, port))
}
