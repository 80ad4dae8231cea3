package expr

import "net/netip"

var networkFunctions = []Function{
	{
		Name: "ipMatch",
		Sig:  "(address string, range string) boolean",
		Doc: "True if an IPv4 or IPv6 address is in a range in CIDR notation (RFC 4632). Null and malformed arguments " +
			"are false. An IPv4 address written as IPv6 is an IPv4 address.",
		Call: func(site Site, args []Value) (Value, error) {
			address, ok := args[0].(string)
			cidr, ok2 := args[1].(string)
			if !ok || !ok2 {
				return false, nil
			}
			ip, err := netip.ParseAddr(address)
			if err != nil {
				site.Warn("the text is not an IP address")
				return false, nil
			}
			prefix, err := netip.ParsePrefix(cidr)
			if err != nil {
				site.Warn("the text is not a range in CIDR notation")
				return false, nil
			}
			return prefix.Contains(ip.Unmap().WithZone("")), nil
		},
		Examples: []Example{
			{`ipMatch('10.1.2.3','10.1.0.0/16')`, true}, {`ipMatch('::1','fe80::/10')`, false},
			{`ipMatch('fe80::2%eth0','fe80::/10')`, true}, {`ipMatch('::ffff:10.1.2.3','10.0.0.0/8')`, true},
			{`ipMatch('10.2.0.0','10.1.0.0/16')`, false}, {`ipMatch('x','10.1.0.0/16')`, false}, {`ipMatch(null,'10.1.0.0/16')`, false},
		},
	},
}
