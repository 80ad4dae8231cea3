package login

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
)

// Answer keeps what a handler writes.
type Answer struct {
	Status int // never 0 when the handler is done
	Body   bytes.Buffer
	header http.Header
}

// Header is that of the answer.
func (a *Answer) Header() http.Header { return a.header }

func (a *Answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.Body.Write(p)
}

// WriteHeader notes the first status.
func (a *Answer) WriteHeader(status int) {
	if a.Status == 0 {
		a.Status = status
	}
}

// Inside asks a handler of this process in the name of whoever sent r, with another method, address, header and body:
// pages see of the server what its other clients see, and nothing more. Of r's own header only what proxies say of its
// sender goes along.
func Inside(h http.Handler, r *http.Request, method, target string, header http.Header, body []byte) (*Answer, error) {
	inner, err := http.NewRequestWithContext(r.Context(), method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	inner.Header = header
	inner.Host, inner.TLS, inner.RemoteAddr, inner.RequestURI = r.Host, r.TLS, r.RemoteAddr, target
	for _, name := range []string{"Forwarded", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-For", "X-Forwarded-Port", "X-Forgerock-Transactionid"} {
		if v := r.Header.Values(name); len(v) > 0 {
			inner.Header[name] = v
		}
	}
	a := &Answer{header: http.Header{}}
	h.ServeHTTP(a, inner)
	a.WriteHeader(http.StatusOK)
	return a, nil
}

// RealmAddress is the address of a realm below /json: "realms/root/realms/alpha".
func RealmAddress(path string) string {
	var b strings.Builder
	b.WriteString("realms/root")
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if part != "" {
			b.WriteString("/realms/" + url.PathEscape(part))
		}
	}
	return b.String()
}
