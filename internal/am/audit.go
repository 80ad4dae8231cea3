package am

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/rest"
	"gatehouse/internal/am/store"
	"gatehouse/internal/audit"
	"gatehouse/internal/conf"
	"gatehouse/internal/observe"
)

// Topics of audit events (PingAM: audit topics).
const (
	topicAccess         = "access"
	topicAuthentication = "authentication"
	topicActivity       = "activity"
	topicConfig         = "config"
)

// auditHeaders are the fields of a request's header that are written by default.
var auditHeaders = []string{
	"accept", "accept-api-version", "content-type", "host", "user-agent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
	"x-forwarded-proto", "x-requested-with", "x-requested-platform",
}

func auditTopics() []*audit.Schema {
	common := []string{"_id", "timestamp", "eventName", "transactionId", "userId", "trackingIds"}
	columns := func(more ...string) []string { return append(common[:len(common):len(common)], more...) }
	access := columns("client.ip", "client.port", "server.ip", "server.port", "http.request.secure", "http.request.method", "http.request.path",
		"http.request.headers", "response.status", "response.statusCode", "response.detail", "response.elapsedTime", "response.elapsedTimeUnits", "component", "realm")
	list := []*audit.Schema{{Topic: topicAccess, Columns: access}}
	for _, c := range access {
		if c != "http.request.headers" {
			list[0].Safelist = append(list[0].Safelist, audit.Pointers([]string{c})...)
		}
	}
	for _, h := range auditHeaders {
		list[0].Safelist = append(list[0].Safelist, "/http/request/headers/"+h)
	}
	for topic, c := range map[string][]string{
		topicAuthentication: columns("result", "principal", "entries", "component", "realm"),
		topicActivity:       columns("runAs", "objectId", "operation", "before", "after", "changedFields", "component", "realm"),
		topicConfig:         columns("runAs", "objectId", "operation", "before", "after", "changedFields", "component", "realm"),
	} {
		list = append(list, &audit.Schema{Topic: topic, Columns: c, Safelist: audit.Pointers(c)})
	}
	return list
}

// OpenAudit reads the configuration of auditing: a JSON file with what the gateway's AuditService has, "config" and
// "eventHandlers". It writes after its Start. limits are those of Options. The error has all problems of the file.
func OpenAudit(path string, limits map[string]int64, log *slog.Logger) (*audit.Service, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	n, err := conf.Parse(path, text)
	if err != nil {
		return nil, err
	}
	errs := &conf.Errors{}
	decoder := func() *conf.Decoder { return &conf.Decoder{Errs: errs} }
	var c audit.Config
	decoder().Decode(n, &c)
	dir := filepath.Dir(path)
	if c.TopicSchemasDirectory == "" {
		c.TopicSchemasDirectory = filepath.Join(dir, "audit-schemas")
	}
	s := audit.New(&c, &audit.Env{Node: n, Errs: errs, Decoder: decoder, Dir: dir, Topics: auditTopics(), Unsent: int(limits["audit_memory"]), Log: log, Now: time.Now})
	for _, w := range errs.Warnings() {
		log.Warn(w.String())
	}
	return s, errs.Err()
}

// audited is a request with what is noted of it. It is the request's context too: one piece of memory for both.
type audited struct {
	observe.Request
	recent *recent
	rec    recorder
	body   timedBody
	began  time.Time
	// given is the transaction ID that the request brought; "": it has one of its number.
	given   string
	number  uint64
	mu      sync.Mutex
	user    string
	session string
	realm   string
	// client is the OAuth 2.0 client that the request names, refusal why it was refused; nil: it was not.
	client  string
	refusal error
}

type auditedKey struct{}

// Value is context.Context's.
func (a *audited) Value(key any) any {
	if key == (auditedKey{}) {
		return a
	}
	return a.Request.Value(key)
}

// Transaction is the request's transaction ID.
func (a *audited) Transaction() string { return a.recent.transactionOf(a.given, a.number) }

func auditedOf(ctx context.Context) *audited {
	a, _ := ctx.Value(auditedKey{}).(*audited)
	return a
}

// audit notes how a request ended.
func (s *Server) audit(r *http.Request, a *audited, now time.Time) {
	o := outcomeOf(r, a, now, cmp.Or(a.rec.status, http.StatusOK))
	o.serial = s.recent.next()
	s.recent.outcomes.add(&o)
	if s.options.Audit == nil || !s.options.Audit.Audits(topicAccess) {
		return
	}
	headers := map[string]any{}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = values
	}
	e := s.recent.event(&o)
	e["_id"] = s.recent.id(o.serial)
	e["http"].(map[string]any)["request"].(map[string]any)["headers"] = headers
	s.toFiles(a, topicAccess, e)
}

func peer(e map[string]any, name, address string) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return
	}
	n, _ := strconv.Atoi(port)
	e[name] = map[string]any{"ip": host, "port": n}
}

// component is the part of the server that a request is for (PingAM: component).
func component(path string) string {
	switch {
	case strings.Contains(path, "/oauth2/"):
		return "OAuth"
	case strings.HasSuffix(path, "/authenticate"), strings.Contains(path, "/UI/"), strings.Contains(path, "/XUI/"):
		return "Authentication"
	case strings.Contains(path, "/policies"):
		return "Policy"
	case strings.Contains(path, "/sessions"):
		return "Session"
	case strings.Contains(path, "/users"):
		return "Users"
	}
	return "CREST"
}

// writeAudit completes an event with what is known of its request.
func (s *Server) writeAudit(ctx context.Context, topic string, e map[string]any) {
	if a := auditedOf(ctx); a != nil {
		a.mu.Lock()
		e["transactionId"] = a.Transaction()
		for name, v := range map[string]string{"userId": a.user, "realm": a.realm} {
			if e[name] == nil && v != "" {
				e[name] = v
			}
		}
		if a.session != "" && e["trackingIds"] == nil {
			e["trackingIds"] = []string{a.session}
		}
		a.mu.Unlock()
	}
	serial := s.recent.next()
	e["_id"], e["timestamp"] = s.recent.id(serial), audit.Timestamp(s.options.Now())
	if err := s.recent.add(topic, serial, e); err != nil {
		s.log.ErrorContext(ctx, "an audit event was not kept", "topic", topic, "error", err)
	}
	if s.options.Audit != nil && s.options.Audit.Audits(topic) {
		s.toFiles(ctx, topic, e)
	}
}

func (s *Server) toFiles(ctx context.Context, topic string, e map[string]any) {
	if _, err := s.options.Audit.Write(topic, e); err != nil {
		s.log.ErrorContext(ctx, "an audit event was not written", "topic", topic, "error", err)
	}
}

// identified notes who calls.
func (s *Server) identified(ctx context.Context, c rest.Caller, realm string) {
	a := auditedOf(ctx)
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.realm = realm
	if c.Known() {
		a.user = login.UniversalID(c.Realm, c.Subject)
	}
	if c.Session != nil {
		a.session = c.Session.CtxID
	}
}

// changed writes the event of a change over the administration interface.
func (s *Server) changed(ctx context.Context, c rest.Change) {
	topic, name := topicConfig, "AM-CONFIG-CHANGE"
	if c.Identity {
		topic, name = topicActivity, "AM-IDENTITY-CHANGE"
	}
	e := map[string]any{"eventName": name, "objectId": c.Object, "operation": c.Operation, "component": component(c.Object), "realm": c.Realm}
	if c.Before != nil {
		e["before"] = c.Before
	}
	if c.After != nil {
		e["after"] = c.After
	}
	if len(c.Fields) > 0 {
		e["changedFields"] = c.Fields
	}
	if a := auditedOf(ctx); a != nil {
		e["runAs"] = a.user
	}
	s.writeAudit(ctx, topic, e)
}

// timedOut writes the event of a session that ended by time.
func (s *Server) timedOut(ctx context.Context, sess store.Session) {
	name, now := "AM-SESSION-IDLE_TIMED_OUT", s.options.Now()
	if sess.MaxLife > 0 && !now.Before(sess.Created.Add(sess.MaxLife)) {
		name = "AM-SESSION-MAX_TIMED_OUT"
	}
	id := login.UniversalID(sess.Realm, sess.Subject)
	s.writeAudit(ctx, topicActivity, map[string]any{
		"eventName": name, "operation": "DELETE", "component": "Session", "realm": sess.Realm, "userId": id, "runAs": id,
		"objectId": sess.CtxID, "trackingIds": []string{sess.CtxID},
		"transactionId": sess.CtxID, // no request
	})
}

// countLogin counts logins and sessions.
func (s *Server) countLogin(l login.Event) {
	switch l.Kind {
	case login.EventSession:
		s.sessionEvents.Add("created")
	case login.EventDestroyed, login.EventLogout:
		s.sessionEvents.Add("ended")
	default:
		result := "success"
		if l.Reason != "" {
			result = "failure"
		}
		s.logins.Add(result)
	}
}

// signedIn writes the events of a login, and of a session's beginning or end.
func (s *Server) signedIn(ctx context.Context, l login.Event) {
	id := ""
	if l.Subject.Name != "" {
		id = login.UniversalID(l.Realm, l.Subject)
	}
	s.countLogin(l)
	if l.Kind == login.EventSession {
		s.writeAudit(ctx, topicActivity, map[string]any{
			"eventName": "AM-SESSION-CREATED", "operation": "CREATE", "component": "Session", "realm": l.Realm, "userId": id, "runAs": id,
			"objectId": l.Session, "trackingIds": []string{l.Session},
		})
		return
	}
	if l.Kind == login.EventDestroyed {
		by := id // an account that ended its own sessions
		if a := auditedOf(ctx); a != nil {
			a.mu.Lock()
			by = cmp.Or(a.user, id)
			a.mu.Unlock()
		}
		s.writeAudit(ctx, topicActivity, map[string]any{
			"eventName": "AM-SESSION-DESTROYED", "operation": "DELETE", "component": "Session", "realm": l.Realm, "userId": id, "runAs": by,
			"objectId": l.Session, "trackingIds": []string{l.Session},
		})
		return
	}
	if l.Kind == login.EventLogout {
		s.writeAudit(ctx, topicActivity, map[string]any{
			"eventName": "AM-SESSION-LOGGED_OUT", "operation": "DELETE", "component": "Session", "realm": l.Realm, "userId": id, "runAs": id,
			"objectId": l.Session, "trackingIds": []string{l.Session},
		})
		s.writeAudit(ctx, topicAuthentication, map[string]any{
			"eventName": "AM-LOGOUT", "result": "SUCCESSFUL", "component": "Authentication", "realm": l.Realm, "userId": id,
			"principal": []string{l.Subject.Name}, "trackingIds": []string{l.Session},
		})
		return
	}
	result := "SUCCESSFUL"
	info := map[string]any{"treeName": l.Tree, "ipAddress": l.Client}
	if l.Reason != "" {
		result = "FAILED"
		info["failureReason"] = l.Reason
	}
	e := map[string]any{
		"eventName": "AM-LOGIN-COMPLETED", "result": result, "component": "Authentication", "realm": l.Realm,
		"principal": []string{l.Name}, "entries": []any{map[string]any{"moduleId": l.Tree, "info": info}},
	}
	if id != "" {
		e["userId"] = id
	}
	if len(l.Tracking) > 0 {
		e["trackingIds"] = l.Tracking
	}
	s.writeAudit(ctx, topicAuthentication, e)
}
