package rest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/rest/policy"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// Limits of one question.
const (
	maxQuestions   = 256
	maxTree        = 1024
	maxSubjectJWT  = 16 << 10
	maxEnvironment = 64
)

// evaluate decides on each of the resources (PingAM: policies, evaluate).
func (s *Server) evaluate(c *Call) (any, error) {
	q, err := s.question(c)
	if err != nil {
		return nil, err
	}
	resources, _ := c.Body["resources"].([]any)
	if len(resources) > maxQuestions {
		return nil, badRequest("Invalid value resources").because(observe.OverLimit("policy_resources"))
	}
	if len(resources) == 0 {
		return nil, badRequest("Invalid value resources")
	}
	answers := []policy.Decision{}
	policies, err := s.applicable(c)
	if err != nil {
		return nil, err
	}
	for _, r := range resources {
		text, ok := r.(string)
		if !checkResource(text) || !ok {
			return nil, badRequest("Invalid value resources")
		}
		q.Resource = text
		answers = append(answers, policy.Decide(policies, &q))
	}
	return answers, failureOf(q)
}

// evaluateTree decides on a resource, and on those below it that policies speak of.
func (s *Server) evaluateTree(c *Call) (any, error) {
	q, err := s.question(c)
	if err != nil {
		return nil, err
	}
	root, _ := c.Body["resource"].(string)
	if !checkResource(root) {
		return nil, badRequest("Invalid value resource")
	}
	policies, err := s.applicable(c)
	if err != nil {
		return nil, err
	}
	resources := []string{root}
	top := policy.ParseResource(root)
	for _, p := range policies {
		for _, r := range p.Resources {
			if p.Active && len(resources) < maxTree && !slices.Contains(resources, r) && top.Below(policy.ParseResource(r)) {
				resources = append(resources, r)
			}
		}
	}
	answers := []policy.Decision{}
	for _, r := range resources {
		q.Resource = r
		answers = append(answers, policy.Decide(policies, &q))
	}
	return answers, failureOf(q)
}

func checkResource(text string) bool { return text != "" && len(text) <= 4096 }

// applicable are the policies of the set that the question names.
func (s *Server) applicable(c *Call) ([]*policy.Policy, error) {
	name, ok := c.Body["application"].(string)
	if !ok && c.Body["application"] != nil {
		return nil, badRequest("Invalid value application")
	}
	if name == "" {
		name = policy.AgentSet
	}
	list, err := s.policiesIn(c, name)
	if errors.Is(err, errNoSet) {
		return nil, badRequest("Invalid value application")
	}
	return list, err
}

// policiesIn are the policies of a set, with only those attributes that the set lets out.
func (s *Server) policiesIn(c *Call, name string) ([]*policy.Policy, error) {
	set, err := s.setNamed(c, name)
	if isNotFound(err) {
		return nil, errNoSet
	}
	if err != nil {
		return nil, err
	}
	docs, err := s.policiesOf(c, name)
	if err != nil {
		return nil, err
	}
	var list []*policy.Policy
	for _, d := range docs {
		p := d.checked
		if len(set.Attributes) > 0 {
			some := *p
			some.Attributes = slices.DeleteFunc(slices.Clone(p.Attributes), func(a policy.Attribute) bool { return !slices.Contains(set.Attributes, a.Name) })
			p = &some
		}
		list = append(list, p)
	}
	return list, nil
}

// question reads who is asked about, and where. Administrators and agents ask about anybody, others about themselves.
func (s *Server) question(c *Call) (q policy.Question, err error) {
	if !c.Caller.Known() {
		return q, errAnonymous
	}
	q.Now = s.Now()
	if q.Environment, err = environment(c.Body["environment"]); err != nil {
		return q, err
	}
	mayAsk := c.Caller.Admin || c.Caller.Subject.Type == login.TypeAgent && holds(c.Caller.Realm, c.realmPath())
	given, ok := c.Body["subject"].(Object)
	switch {
	case c.Body["subject"] == nil:
		if c.Caller.Session == nil {
			return q, badRequest("Invalid value subject")
		}
		q.Subject, err = s.subjectOf(c.Context(), *c.Caller.Session)
		q.Transactions = s.transactionsOf(c, q.Subject)
		return q, err
	case !ok:
		return q, badRequest("Invalid value subject")
	}
	token, _ := given["ssoToken"].(string)
	if own := token != "" && token == c.Caller.Token && len(given) == 1; !own && !mayAsk {
		return q, errNotAdmin
	}
	q.Subject, err = s.givenSubject(c, given)
	q.Transactions = s.transactionsOf(c, q.Subject)
	return q, err
}

// transactions are those of a session.
type transactions struct {
	c       *Call
	session string
	err     error
}

func (s *Server) transactionsOf(c *Call, sub policy.Subject) policy.Transactions {
	if sub.Session == nil {
		return nil
	}
	return &transactions{c: c, session: sub.Session.ID()}
}

func (t *transactions) Use(id string, of policy.Transaction) bool {
	used, err := t.c.server.Login.UseTransaction(t.c.Context(), t.c.Place.Realm, id, t.of(of))
	t.err = errors.Join(t.err, err)
	return used
}

func (t *transactions) Begin(of policy.Transaction) string {
	if t.err != nil {
		return ""
	}
	id, err := t.c.server.Login.BeginTransaction(t.c.Context(), t.c.Place.Realm, t.of(of))
	t.err = errors.Join(t.err, err)
	return id
}

func (t *transactions) of(p policy.Transaction) login.Transaction {
	return login.Transaction{Session: t.session, Resource: p.Resource, Strategy: p.Strategy, Specifier: p.Specifier}
}

// failureOf is what kept decisions from being what they should be.
func failureOf(q policy.Question) error {
	if t, ok := q.Transactions.(*transactions); ok {
		return t.err
	}
	return nil
}

// Advices are what the realm's policies for web agents want of those who ask for a resource, whoever it is; sess is nil
// for nobody. ok is false when there are none for it.
func (s *Server) Advices(ctx context.Context, rl *realm.Realm, resource string, sess *store.Session) (map[string][]string, bool, error) {
	c := &Call{Place: login.Place{Realm: rl}, Request: (&http.Request{}).WithContext(ctx), server: s}
	policies, err := s.policiesIn(c, policy.AgentSet)
	if err != nil {
		return nil, false, err
	}
	q := policy.Question{Resource: resource, Subject: policy.Subject{Session: sess}, Now: s.Now()}
	advices, ok := policy.Advise(policies, &q)
	return advices, ok, nil
}

// holds tells whether an agent of one realm may ask about another: its own, or one below.
func holds(agents, realm string) bool {
	return agents == "/" || agents == realm || strings.HasPrefix(realm, agents+"/")
}

func environment(v any) (map[string][]string, error) {
	in, ok := v.(Object)
	if !ok && v != nil || len(in) > maxEnvironment {
		return nil, badRequest("Invalid value environment")
	}
	out := map[string][]string{}
	for name, v := range in {
		list, ok := v.([]any)
		values := textList(v)
		if !ok || len(values) != len(list) {
			return nil, badRequest("Invalid value environment")
		}
		out[name] = values
	}
	return out, nil
}

// givenSubject reads ssoToken, jwt and claims. What is given must be good.
func (s *Server) givenSubject(c *Call, given Object) (policy.Subject, error) {
	var sub policy.Subject
	wrong := badRequest("Invalid value subject")
	known := 0
	if v, ok := given["ssoToken"]; ok && v != nil {
		token, _ := v.(string)
		sess, err := s.Login.Find(c.Context(), token)
		if errors.Is(err, store.ErrNotFound) {
			return sub, wrong
		}
		if err != nil {
			return sub, err
		}
		if sub, err = s.subjectOf(c.Context(), sess); err != nil {
			return sub, err
		}
		known++
	}
	if v, ok := given["jwt"]; ok && v != nil {
		text, _ := v.(string)
		claims, ok := claimsOf(text)
		if !ok {
			return sub, wrong
		}
		sub.Claims = append(sub.Claims, claims)
		known++
	}
	if v, ok := given["claims"]; ok && v != nil {
		claims, _ := v.(Object)
		if who, _ := claims["sub"].(string); who == "" {
			return sub, wrong
		}
		sub.Claims = append(sub.Claims, claims)
		known++
	}
	if known == 0 {
		return sub, wrong
	}
	return sub, nil
}

// claimsOf reads the claims of a JWT. Its signature is the affair of who shows it: it makes nobody authenticated.
func claimsOf(text string) (Object, bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || len(text) > maxSubjectJWT {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return nil, false
	}
	o, err := decodeObject(raw)
	return o, err == nil
}

// subjectOf is the subject that a session stands for.
func (s *Server) subjectOf(ctx context.Context, sess store.Session) (policy.Subject, error) {
	sub := policy.Subject{Session: &sess}
	if sess.Subject.Type != login.TypeUser {
		return sub, nil
	}
	rl, ok := s.Realms.Find(sess.Realm)
	if !ok {
		return policy.Subject{}, nil
	}
	u, err := rl.User(ctx, sess.Subject.Name)
	if errors.Is(err, store.ErrNotFound) || err == nil && !u.IsActive() {
		return policy.Subject{}, nil // nobody any more
	}
	if err != nil {
		return sub, err
	}
	sub.Profile = u.Attribute
	return sub, nil
}

// DecideScopes says which scopes the policies of a set grant (true) and deny (false) to the subject of a session,
// nil for nobody; of the others they say nothing.
func (s *Server) DecideScopes(ctx context.Context, rl *realm.Realm, set string, sess *store.Session, scopes []string) (map[string]bool, error) {
	c := &Call{Place: login.Place{Realm: rl}, Request: (&http.Request{}).WithContext(ctx), server: s}
	policies, err := s.policiesIn(c, set)
	if err != nil {
		return nil, err
	}
	q := policy.Question{Now: s.Now()}
	if sess != nil {
		if q.Subject, err = s.subjectOf(ctx, *sess); err != nil {
			return nil, err
		}
	}
	out := map[string]bool{}
	for _, scope := range scopes {
		q.Resource = scope
		if granted, ok := policy.Decide(policies, &q).Actions[policy.Grant]; ok {
			out[scope] = granted
		}
	}
	return out, nil
}
