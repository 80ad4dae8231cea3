package filters

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/javaregexp"
)

type allowOnlyConfig struct {
	// Rules say what may pass; one that fits is enough.
	Rules []allowRule `conf:"rules,required,min=1"`
	// FailureHandler answers what no rule allows; without it the answer is 401.
	FailureHandler heap.Ref[chain.Handler] `conf:"failureHandler"`
}

// allowRule fits when all that it has fits.
type allowRule struct {
	// Name is for people.
	Name string `conf:"name"`
	// From are the senders, one of which must fit.
	From []allowFrom `conf:"from"`
	// Destination are the targets, one of which must fit.
	Destination []allowDestination `conf:"destination"`
	// When is a condition.
	When heap.Condition `conf:"when"`
}

type allowFrom struct {
	// IP tells senders by address.
	IP *struct {
		// List has addresses and ranges such as 10.0.0.0/8.
		List []addressRange `conf:"list,required,min=1"`
		// Resolver yields the sender's address in place of the usual ones.
		Resolver *expr.Template `conf:"resolver"`
	} `conf:"ip"`
	// Certificate tells senders by their TLS certificate.
	Certificate *struct {
		// SubjectDNs are patterns of which one occurs in the subject.
		SubjectDNs []pattern `conf:"subjectDNs,required,min=1"`
	} `conf:"certificate"`
}

type allowDestination struct {
	// Hosts are patterns of which one occurs in the host, in any case.
	Hosts []hostPattern `conf:"hosts"`
	// Ports are ports and ranges such as 8000:8999.
	Ports []portRange `conf:"ports"`
	// Methods are methods.
	Methods []string `conf:"methods"`
	// Paths are patterns of which one occurs in the path.
	Paths []pattern `conf:"paths"`
}

// addressRange is an address or a range of them.
type addressRange struct{ netip.Prefix }

// UnmarshalConf reads an address, or a range in CIDR notation (RFC 4632).
func (a *addressRange) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	var text string
	if !d.Decode(n, &text) {
		return
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		a.Prefix = p.Masked()
		if ip := p.Addr(); ip.Is4In6() && p.Bits() >= 96 { // senders are told by their IPv4 address
			a.Prefix = netip.PrefixFrom(ip.Unmap(), p.Bits()-96).Masked()
		}
	} else if ip, err := netip.ParseAddr(text); err == nil && ip.Zone() == "" {
		ip = ip.Unmap()
		a.Prefix = netip.PrefixFrom(ip, ip.BitLen())
	} else {
		d.Errs.Add(n, "expected an address or a range such as \"10.0.0.0/8\", found %q", text)
	}
}

// DescribeConf names the kind of value.
func (*addressRange) DescribeConf() string { return "an address" }

// hostPattern is a pattern that fits in any case.
type hostPattern struct{ pattern }

// UnmarshalConf compiles the expression.
func (p *hostPattern) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	var text string
	if !d.Decode(n, &text) {
		return
	}
	re, err := javaregexp.Compile(text) // as it is written: errors tell where in it they are
	if err == nil {
		re, err = javaregexp.Compile("(?i)" + text)
	}
	if err != nil {
		d.Errs.Add(n, "%s", err)
		return
	}
	p.Regexp = re
}

// portRange is a port or a range of them.
type portRange struct{ first, last int }

// UnmarshalConf reads "80" or "8000:8999".
func (p *portRange) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	var text string
	if !d.Decode(n, &text) {
		return
	}
	first, last, ranged := strings.Cut(text, ":")
	if !ranged {
		last = first
	}
	a, err1 := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
	b, err2 := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
	if err1 != nil || err2 != nil || a > b {
		d.Errs.Add(n, "expected a port or a range such as \"8000:8999\", found %q", text)
		return
	}
	p.first, p.last = int(a), int(b)
}

// DescribeConf names the kind of value.
func (*portRange) DescribeConf() string { return "a port" }

// allowOnly lets only requests pass that a rule describes.
var allowOnly = heap.Define("AllowOnlyFilter", func(c *allowOnlyConfig, env *heap.Env) (chain.Filter, error) {
	for i := range c.Rules {
		if r := &c.Rules[i]; len(r.From) == 0 && len(r.Destination) == 0 && !r.When.IsSet() {
			env.Warn(fmt.Sprintf("rules.%d", i), "the rule allows every request")
		}
	}
	return &allower{c.Rules, refusalOf(c.FailureHandler, 401)}, nil
})

type allower struct {
	rules   []allowRule
	refusal refusal
}

var errNotAllowed = errors.New("no rule allows the request")

func (f *allower) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	for i := range f.rules {
		if f.rules[i].fits(x) {
			return next.Handle(x)
		}
	}
	return f.refusal.answer(x, errNotAllowed)
}

func (r *allowRule) fits(x *chain.Exchange) bool {
	return (len(r.From) == 0 || slices.ContainsFunc(r.From, func(f allowFrom) bool { return f.fits(x) })) &&
		(len(r.Destination) == 0 || slices.ContainsFunc(r.Destination, func(d allowDestination) bool { return d.fits(x.Request) })) &&
		r.When.Holds(x)
}

func (f *allowFrom) fits(x *chain.Exchange) bool {
	if f.IP != nil {
		ip, ok := sender(x, f.IP.Resolver)
		if !ok || !slices.ContainsFunc(f.IP.List, func(a addressRange) bool { return a.Contains(ip) }) {
			return false
		}
	}
	if f.Certificate != nil {
		c := chain.Find[*chain.ClientContext](x.Context)
		if c == nil || len(c.Certificates) == 0 || !subjectFits(c.Certificates[0], f.Certificate.SubjectDNs) {
			return false
		}
	}
	return true
}

func subjectFits(c *x509.Certificate, patterns []pattern) bool {
	subject := c.Subject.String()
	return slices.ContainsFunc(patterns, func(p pattern) bool { return p.found(subject) })
}

// sender is the address that a request comes from: what the resolver says, else the
// last hop that a proxy noted, else the peer. What is noted but is no address counts as
// unknown, and never as the peer.
func sender(x *chain.Exchange, resolver *expr.Template) (netip.Addr, bool) {
	if resolver != nil {
		text, ok := resolver.Text(x)
		return address(text, ok)
	}
	if lines := x.Request.Header["Forwarded"]; len(lines) > 0 {
		return forwardedFor(lastOf(lines))
	}
	if lines := x.Request.Header["X-Forwarded-For"]; len(lines) > 0 {
		return address(lastOf(lines), true)
	}
	if c := chain.Find[*chain.ClientContext](x.Context); c != nil {
		return address(c.RemoteAddr, true)
	}
	return netip.Addr{}, false
}

// lastOf is the last item of lists that are joined with commas.
func lastOf(lines []string) string {
	last := lines[len(lines)-1]
	return last[strings.LastIndexByte(last, ',')+1:]
}

// forwardedFor reads the parameter for (RFC 7239 §4).
func forwardedFor(element string) (netip.Addr, bool) {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if ok && strings.EqualFold(strings.TrimSpace(name), "for") {
			return address(strings.Trim(strings.TrimSpace(value), `"`), true)
		}
	}
	return netip.Addr{}, false
}

// address reads an address with or without a port. Which it is, is looked at first:
// parsers make errors, and those cost.
func address(text string, ok bool) (ip netip.Addr, is bool) {
	text = strings.TrimSpace(text)
	var err error
	switch {
	case !ok || text == "":
		return ip, false
	case strings.Count(text, ":") == 1 || text[0] == '[' && text[len(text)-1] != ']':
		var both netip.AddrPort
		both, err = netip.ParseAddrPort(text)
		ip = both.Addr()
	default:
		ip, err = netip.ParseAddr(strings.Trim(text, "[]"))
	}
	return ip.Unmap().WithZone(""), err == nil
}

func (d *allowDestination) fits(r *chain.Request) bool {
	u := r.URI
	if len(d.Methods) > 0 && !slices.Contains(d.Methods, r.Method) {
		return false
	}
	if len(d.Hosts) > 0 && !slices.ContainsFunc(d.Hosts, func(p hostPattern) bool { return p.found(u.Host) }) {
		return false
	}
	port := portOf(u)
	if len(d.Ports) > 0 && !slices.ContainsFunc(d.Ports, func(p portRange) bool { return p.first <= port && port <= p.last }) {
		return false
	}
	return len(d.Paths) == 0 || slices.ContainsFunc(d.Paths, func(p pattern) bool { return pathFits(p, u.Path()) })
}

// withoutParameters is a path as servers read it that take what is behind a semicolon for
// parameters of the segment ("/open/..;/secret").
func withoutParameters(text string) string {
	if !strings.Contains(text, ";") {
		return text
	}
	segments := strings.Split(text, "/")
	for i, s := range segments {
		segments[i], _, _ = strings.Cut(s, ";")
	}
	return strings.Join(segments, "/")
}

// pathFits wants the pattern in the path as it was sent and, where an upstream could
// read it differently ("/open/../secret"), in what it may read too.
func pathFits(p pattern, text string) bool {
	if !p.found(text) {
		return false
	}
	if !strings.Contains(text, "/.") && !strings.Contains(text, "//") {
		return true
	}
	clean := path.Clean(withoutParameters(text))
	if strings.HasSuffix(text, "/") && clean != "/" {
		clean += "/"
	}
	return p.found(clean)
}
