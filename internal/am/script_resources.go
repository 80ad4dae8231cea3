package am

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/login/nodes"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/rest"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// maxScriptAnswer bounds what a script gets of one request.
const maxScriptAnswer = 4 << 20

// scriptResource answers a script's request for a resource as the administration interface does. Scripts are written by
// administrators, and have their rights (PingAM: openidm has administrative access); but one of a realm reaches nothing
// outside of it.
func (s *Server) scriptResource(ctx context.Context, rl *realm.Realm, ask *script.ResourceRequest) (*script.ResourceAnswer, error) {
	at, parts := rl, ask.Path
	if ask.Managed {
		root, ok := s.realms.Find("/")
		if !ok {
			return refusedToScript(http.StatusNotFound, "Not Found"), nil
		}
		at, parts = root, append([]string{"openidm"}, parts...)
		if of, ok := s.managedRealm(rl, parts); !ok {
			return refusedToScript(http.StatusNotFound, "Resource '"+strings.Join(ask.Path, "/")+"' not found"), nil
		} else if of != rl.Path && !strings.HasPrefix(of, strings.TrimSuffix(rl.Path, "/")+"/") {
			return refusedToScript(http.StatusForbidden, "The objects of the realm "+of+" are not for scripts of "+rl.Path), nil
		}
	}
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	path := strings.Join(parts, "/")
	r, err := http.NewRequestWithContext(rest.AsAdministrator(s.byScript(ctx)), ask.Method, "/json/"+path+"?"+ask.Query.Encode(), bytes.NewReader(ask.Body))
	if err != nil {
		return refusedToScript(http.StatusBadRequest, "Bad Request"), nil
	}
	r.Header.Set("Content-Type", "application/json")
	if ask.IfMatch != "" {
		r.Header.Set("If-Match", ask.IfMatch)
	}
	if ask.IfNoneMatch != "" {
		r.Header.Set("If-None-Match", ask.IfNoneMatch)
	}
	w := &answerToScript{header: http.Header{}, status: http.StatusOK}
	s.rest.ServeHTTP(w, r, login.Place{Realm: at}, path)
	if w.over {
		return refusedToScript(http.StatusRequestEntityTooLarge, "The answer is too large: ask for fewer objects at a time"), nil
	}
	return &script.ResourceAnswer{Status: w.status, Body: w.body.Bytes()}, nil
}

// managedRealm is the realm whose objects are named: of {"openidm", "managed", "alpha_user"} it is /alpha. A name
// without one is of the script's own realm, and is completed.
func (s *Server) managedRealm(rl *realm.Realm, parts []string) (path string, ok bool) {
	if len(parts) < 3 || parts[1] != "managed" {
		return "", false
	}
	object := parts[2]
	if i := strings.LastIndexByte(object, '_'); i >= 0 {
		return "/" + object[:i], true
	}
	if rl.Path != "/" {
		parts[2] = strings.TrimPrefix(rl.Path, "/") + "_" + object
	}
	return rl.Path, true
}

// Limits of the properties of a session that scripts may set.
const (
	maxScriptProperties    = 64
	maxScriptPropertyBytes = 4096
)

// scriptProperty sets a property of a session.
func (s *Server) scriptProperty(ctx context.Context, of *store.Session, name, value string) (store.Session, error) {
	if name == "" || store.KeptProperty(name) {
		return *of, fmt.Errorf("setProperty: %q is no property that scripts may set", name)
	}
	if len(name)+len(value) > maxScriptPropertyBytes {
		return *of, fmt.Errorf("setProperty: a property has %d bytes at most", maxScriptPropertyBytes)
	}
	return s.login.Sessions().Update(ctx, of.ID(), func(sess *store.Session) error {
		if sess.Properties == nil {
			sess.Properties = map[string]string{}
		}
		sess.Properties[name] = value
		if len(sess.Properties) > maxScriptProperties {
			return fmt.Errorf("setProperty: a session has %d properties at most", maxScriptProperties)
		}
		return nil
	})
}

// byScript is a context for what a script does: of the same transaction, but in the administrator's name.
func (s *Server) byScript(ctx context.Context) context.Context {
	outer := auditedOf(ctx)
	if outer == nil {
		return ctx
	}
	inner := &audited{recent: s.recent, began: outer.began, given: outer.Transaction(), number: outer.number}
	inner.Request = observe.Request{Context: ctx, Owner: inner, Tracing: s.options.Tracing, Limits: s.limits}
	return inner
}

func refusedToScript(status int, message string) *script.ResourceAnswer {
	body, _ := json.Marshal(map[string]string{"reason": http.StatusText(status), "message": message}) // texts always can be
	return &script.ResourceAnswer{Status: status, Body: body}
}

// answerToScript keeps an answer.
type answerToScript struct {
	header http.Header
	status int
	body   bytes.Buffer
	over   bool
}

// Header is where the answer's header goes.
func (w *answerToScript) Header() http.Header { return w.header }

// WriteHeader notes the status.
func (w *answerToScript) WriteHeader(status int) { w.status = status }

// Write keeps what fits.
func (w *answerToScript) Write(b []byte) (int, error) {
	if w.body.Len()+len(b) > maxScriptAnswer {
		w.over = true
		return len(b), nil
	}
	return w.body.Write(b)
}

// scriptMail sends what a script writes.
func (s *Server) scriptMail(ctx context.Context, rl *realm.Realm, m *script.Mail) error {
	return nodes.SendMail(ctx, rl, s.realms.OpenSecret, m.To, m.Subject, m.Kind, m.Text)
}
