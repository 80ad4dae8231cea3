package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/internal/gateway"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/observe"
)

type tryFlags struct {
	gatewayFlags
	headers []string
	data    string
	json    bool
}

func tryCommand() *cobra.Command {
	var f tryFlags
	c := &cobra.Command{
		Use:   "try DIR METHOD URL",
		Short: "Send one request through the routes and print each step",
		Long: "Loads the folder as the gateway would, opens no ports, and sends one request through it: which conditions were\n" +
			"asked and what they yielded, which route took the request, what every filter and handler changed in request and\n" +
			"response, which contexts were added, and how long each step took. Upstream servers are really called.\n" +
			"Credentials are masked. URL may be a path; scheme, host and port are http://localhost:8080 then.",
		Example: "  gatehouse try ./my-gateway GET /home\n" +
			"  gatehouse try ./my-gateway POST https://ig.example.com/api -H 'Authorization: Bearer abc' -d '{\"a\":1}'\n" +
			"  gatehouse try --resolve am.example.com:8088:127.0.0.1 ./my-gateway GET /rs --json",
		Args: cobra.ExactArgs(3),
		RunE: func(c *cobra.Command, args []string) error {
			req, err := f.request(args[1], args[2])
			if err != nil {
				return err
			}
			o, err := f.options(args[0])
			if err != nil {
				return err
			}
			o.Record = true
			o.Log = observe.NewLogger(c.ErrOrStderr(), f.log.format, cmp.Or(f.log.level, "WARN"))
			g, err := gateway.Load(o)
			if err != nil {
				return err
			}
			shut, err := g.Open(c.Context())
			if err != nil {
				return err
			}
			defer shut()
			first := gateway.DescribeRequest(req)
			trace, resp, failure := g.Try(c.Context(), req)
			if resp != nil {
				defer resp.Entity.Close()
			}
			if f.json {
				return printJSON(c.OutOrStdout(), trace, resp, failure)
			}
			p := &tracePrinter{out: c.OutOrStdout()}
			p.line(0, "%s", first)
			p.steps(trace.Steps, 0)
			return p.end(resp, failure)
		},
	}
	f.add(c)
	c.Flags().StringArrayVarP(&f.headers, "header", "H", nil, "send a header field `'Name: value'` (repeatable)")
	c.Flags().StringVarP(&f.data, "data", "d", "", "send `TEXT` as the body, or the content of a file given as @FILE")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return c
}

// request builds the request that the command line asks for.
func (f *tryFlags) request(method, url string) (*chain.Request, error) {
	if strings.HasPrefix(url, "/") {
		url = "http://localhost:8080" + url
	}
	u, err := chain.ParseURI(url)
	if err != nil {
		return nil, err
	}
	if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("expected a URL such as http://host/path, or a path, found %q", url)
	}
	u.Fragment = ""
	if u.RawPath == "" {
		u.RawPath = "/"
	}
	req := chain.NewRequest()
	if err := req.Set("method", strings.ToUpper(method)); err != nil {
		return nil, err
	}
	req.URI = u
	for _, h := range f.headers {
		name, value, ok := strings.Cut(h, ":")
		value = strings.TrimSpace(value)
		if !ok {
			return nil, fmt.Errorf("-H %q: expected 'Name: value'", h)
		}
		if err := chain.CheckHeader(name, value); err != nil {
			return nil, err
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		req.Header[name] = append(req.Header[name], value)
	}
	if host := req.Header["Host"]; len(host) > 0 {
		if err := u.SetHostPort(host[0]); err != nil {
			return nil, err
		}
	} else {
		req.Header["Host"] = []string{u.Authority()}
	}
	return req, f.body(req)
}

func (f *tryFlags) body(req *chain.Request) error {
	if f.data == "" {
		return nil
	}
	data := []byte(f.data)
	if path, ok := strings.CutPrefix(f.data, "@"); ok {
		var err error
		if data, err = os.ReadFile(path); err != nil {
			return err
		}
	}
	if req.Header["Content-Type"] == nil {
		kind := "application/x-www-form-urlencoded"
		if json.Valid(data) {
			kind = "application/json"
		}
		req.Header["Content-Type"] = []string{kind}
	}
	req.Entity.SetBytes(data)
	return nil
}

func printJSON(out io.Writer, trace *gateway.Trace, resp *chain.Response, failure error) error {
	answer := map[string]any{"trace": trace.Steps}
	if failure != nil {
		answer["error"] = failure.Error()
	}
	if resp != nil {
		answer["response"] = gateway.DescribeResponse(resp)
		answer["status"] = resp.Status.Code
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(answer)
}

// tracePrinter prints steps for people: filters of a chain one below the other, what
// they do on the way back behind what lies further down.
type tracePrinter struct {
	out io.Writer
	err error
}

func (p *tracePrinter) line(depth int, format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, strings.Repeat("  ", depth)+format+"\n", args...)
	}
}

func (p *tracePrinter) steps(list []*gateway.Step, depth int) {
	for _, s := range list {
		p.step(s, depth)
	}
}

func (p *tracePrinter) step(s *gateway.Step, depth int) {
	if s.Kind == "condition" {
		p.line(depth, "? %s: %s = %t", s.Name, plain(s.Condition), *s.Held)
		return
	}
	what := s.Kind + " " + s.Name
	if s.Type != "" && !strings.HasPrefix(s.Name, "{") {
		what += " (" + s.Type + ")"
	}
	if s.Aside {
		what = "aside: " + what
	}
	p.line(depth, "> %s  [%s]  %s", what, s.Place, spent(s))
	p.changes(s.Request, depth+2)
	for _, c := range s.Contexts {
		values, _ := json.Marshal(c.Values) // values came from JSON
		p.line(depth+2, "context %s %s", c.Name, values)
	}
	for _, below := range s.Steps {
		inner := depth + 1
		if s.Kind == "filter" && !below.Aside {
			inner = depth
		}
		p.step(below, inner)
	}
	failed := s.Error != ""
	if below := last(s.Steps); below != nil && below.Error == s.Error {
		failed = false // it passed through and was told where it began
	}
	switch {
	case s.Answered && len(s.Response) > 0:
		p.line(depth+1, "answers")
	case len(s.Response) > 0 || failed:
		p.line(depth, "< %s", what)
	}
	p.changes(s.Response, depth+2)
	if failed {
		p.line(depth+2, "failed: %s", plain(s.Error))
	}
}

// last is the step that the request took last, or nil.
func last(list []*gateway.Step) *gateway.Step {
	for _, s := range slices.Backward(list) {
		if s.Kind != "condition" && !s.Aside && s.Error != "" {
			return s
		}
	}
	return nil
}

func spent(s *gateway.Step) string {
	if s.Own == s.Took {
		return s.Took.Round(time.Microsecond).String()
	}
	return fmt.Sprintf("%s, own %s", s.Took.Round(time.Microsecond), s.Own.Round(time.Microsecond))
}

func (p *tracePrinter) changes(list []gateway.Change, depth int) {
	for _, c := range list {
		name := c.What
		if c.What == "header" {
			name = c.Name
		}
		before, after := plain(c.Before), plain(c.After)
		switch {
		case c.Before == "":
			p.line(depth, "+ %s: %s", name, after)
		case c.After == "":
			p.line(depth, "- %s: %s", name, before)
		default:
			p.line(depth, "~ %s: %s -> %s", name, before, after)
		}
	}
}

// plain keeps what came from outside from moving the cursor or passing for a line.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0:
			return '?'
		}
		return r
	}, s)
}

func (p *tracePrinter) end(resp *chain.Response, failure error) error {
	if failure != nil {
		p.line(0, "= %d %s, since the chain failed: %s", http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError), plain(failure.Error()))
		return p.err
	}
	p.line(0, "= %d %s", resp.Status.Code, plain(resp.Status.Reason))
	for _, c := range gateway.DescribeResponse(resp) {
		switch c.What {
		case "header":
			p.line(1, "%s: %s", c.Name, plain(c.After))
		case "entity":
			for l := range strings.SplitSeq(strings.TrimRight(c.After, "\n"), "\n") {
				p.line(1, "| %s", plain(l))
			}
		}
	}
	return p.err
}
