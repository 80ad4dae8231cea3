package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/gateway/chain"
)

// messageSeen is a message as it was at one moment.
type messageSeen struct {
	method, uri, shownURI, status string
	header                        http.Header
	entity                        []byte
	kind                          string // content type
	unread                        string // why the entity was not read
}

func requestSeen(r *chain.Request) messageSeen {
	m := messageSeen{method: r.Method, uri: r.URI.String(), shownURI: maskText(maskQuery(r.URI)), header: r.Header.Clone()}
	m.look(&r.Entity)
	return m
}

func responseSeen(r *chain.Response) messageSeen {
	if r == nil {
		return messageSeen{}
	}
	m := messageSeen{status: strings.TrimSpace(fmt.Sprintf("%d %s", r.Status.Code, r.Status.Reason)), header: r.Header.Clone()}
	if r.Upgrade != nil {
		m.unread = "[the connection became a tunnel]"
		return m
	}
	m.look(&r.Entity)
	return m
}

// look reads the entity, but not one that ends only when somebody hangs up.
func (m *messageSeen) look(e *chain.Entity) {
	m.kind = m.header.Get("Content-Type")
	if strings.HasPrefix(m.kind, "text/event-stream") && !e.Buffered() {
		m.unread = "[a stream of events]"
		return
	}
	b, err := e.Bytes()
	if err != nil {
		m.unread = "[the entity cannot be read: " + err.Error() + "]"
		return
	}
	m.entity = b
}

// changes lists the differences between two moments.
func changes(before, after messageSeen) []Change {
	var list []Change
	if before.method != after.method {
		list = append(list, Change{What: "method", Before: before.method, After: after.method})
	}
	if before.uri != after.uri {
		list = append(list, told(Change{What: "uri", Before: before.shownURI, After: after.shownURI}))
	}
	if before.status != after.status {
		list = append(list, Change{What: "status", Before: before.status, After: after.status})
	}
	names := make([]string, 0, len(before.header)+len(after.header))
	for n := range before.header {
		names = append(names, n)
	}
	for n := range after.header {
		if _, both := before.header[n]; !both {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		if !slices.Equal(before.header[n], after.header[n]) {
			list = append(list, told(Change{What: "header", Name: n, Before: shownHeader(n, before.header[n]), After: shownHeader(n, after.header[n])}))
		}
	}
	if !bytes.Equal(before.entity, after.entity) || before.unread != after.unread {
		list = append(list, told(Change{What: "entity", Before: before.shownEntity(), After: after.shownEntity()}))
	}
	return list
}

// told says that a value was changed where masks hide in what way.
func told(c Change) Change {
	if c.Before == c.After {
		c.After += " (another value)"
	}
	return c
}

func shownHeader(name string, values []string) string {
	shown := make([]string, len(values))
	for i, v := range values {
		shown[i] = maskText(maskHeader(name, v))
	}
	return strings.Join(shown, ", ")
}

// maxShown is how much of an entity is kept, in bytes.
const maxShown = 4096

func (m *messageSeen) shownEntity() string {
	switch {
	case m.unread != "":
		return m.unread
	case len(m.entity) == 0:
		return ""
	case m.header.Get("Content-Encoding") != "" || !utf8.Valid(m.entity) || m.kind != "" && !textual(m.kind):
		return fmt.Sprintf("[%d bytes]", len(m.entity))
	}
	// Masks come first: a value that is cut in two could not be recognised.
	text := maskText(string(m.entity))
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + fmt.Sprintf("… [%d bytes]", len(m.entity))
	}
	return text
}

// tokens are JWTs, which are credentials wherever they stand.
var tokens = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)?`)

// maskText hides credentials in any text.
func maskText(text string) string {
	return tokens.ReplaceAllString(maskBody(text), masked)
}

// addedContexts describes the contexts of now that were not there before, outermost
// first.
func addedContexts(before, now chain.Context) []AddedContext {
	var list []AddedContext
	for c := now; c != nil && c != before; c = c.Parent() {
		a := AddedContext{Name: c.ContextName()}
		text, err := json.Marshal((&captureDecorator{}).describe(c))
		if err == nil {
			_ = json.Unmarshal([]byte(maskText(string(text))), &a.Values) // it stays JSON: masks replace within strings
		}
		delete(a.Values, "id")
		list = append(list, a)
	}
	slices.Reverse(list)
	return list
}
