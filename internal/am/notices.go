package am

import (
	"context"
	"encoding/json"
	"net/http"

	"gatehouse/internal/am/notify"
	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// notices are what agents are told when a batch of writes is done. What is deleted is looked at before.
type notices struct {
	sessions []store.Session
	agents   []agentNotice
	tokens   map[string]*tokenNotice // by realm; "" is all
}

// tokenNotice is the body of a notification of revoked tokens: server-side ones by the SHA-256 of what their bearers
// show, client-side ones by their jti or their grant.
type tokenNotice struct {
	SHA256    []string `json:"sha256,omitempty"`
	JTI       []string `json:"jti,omitempty"`
	GrantID   []string `json:"authGrantId,omitempty"`
	EventType string   `json:"eventType"`
}

// agentNotice is the body of a notification of an agent's change.
type agentNotice struct {
	Realm string `json:"realm"`
	Name  string `json:"agentName"`
	Type  string `json:"agentType"`
}

func noticesOf(ctx context.Context, hub *notify.Hub, e store.Engine, ops []store.Op) notices {
	var n notices
	if hub == nil || hub.Empty() {
		return n
	}
	tokens := hub.Wanted(notify.TopicToken)
	for i := range ops {
		op := &ops[i]
		if tokens {
			n.revokes(op)
		}
		if id, ends := store.SessionOf(*op); ends {
			if sess, err := (store.Sessions{Engine: e}).FindByID(ctx, id); err == nil {
				n.sessions = append(n.sessions, sess)
			}
		}
		if op.Kind == store.KindAgentGroup {
			n.grouped(ctx, e, op)
		}
		if op.Kind != store.KindAgent {
			continue
		}
		body := op.Body
		if op.Delete {
			rec, err := e.Get(ctx, op.Key)
			if err != nil {
				continue
			}
			body = rec.Body
		}
		if kind := typeOfAgent(body); kind != "" && !realm.IsClientType(kind) {
			n.agents = append(n.agents, agentNotice{op.Realm, op.ID, kind})
		}
	}
	return n
}

// grouped notes the agents that are in the group that op changes. When they cannot be read the write goes on.
func (n *notices) grouped(ctx context.Context, e store.Engine, op *store.Op) {
	docs, err := store.Docs{Engine: e}.List(ctx, op.Realm, store.KindAgent)
	if err != nil {
		return
	}
	for _, d := range docs {
		var o map[string]any
		if json.Unmarshal(d.Body, &o) != nil || realm.AgentGroup(o) != op.ID {
			continue
		}
		if kind := typeOfAgent(d.Body); kind != "" && !realm.IsClientType(kind) {
			n.agents = append(n.agents, agentNotice{op.Realm, d.ID, kind})
		}
	}
}

// revokes notes op if it revokes tokens.
func (n *notices) revokes(op *store.Op) {
	digest, jti, ok := store.RevocationOf(*op)
	if !ok {
		return
	}
	if n.tokens == nil {
		n.tokens = map[string]*tokenNotice{}
	}
	body := n.tokens[op.Realm]
	if body == nil {
		body = &tokenNotice{EventType: "REVOKE"}
		n.tokens[op.Realm] = body
	}
	grant, whole := oauth.DeniedGrant(jti)
	switch {
	case digest != "":
		body.SHA256 = append(body.SHA256, digest)
	case whole:
		body.GrantID = append(body.GrantID, grant)
	default:
		body.JTI = append(body.JTI, jti)
	}
}

func (n notices) publish(hub *notify.Hub) {
	for _, sess := range n.sessions {
		hub.SessionEnded(sess)
	}
	for _, a := range n.agents {
		hub.Publish(notify.TopicConfig, a.Realm, a)
	}
	for realm, body := range n.tokens {
		hub.Publish(notify.TopicToken, realm, body)
	}
}

// typeOfAgent reads the type of a profile.
func typeOfAgent(body []byte) string {
	var doc struct {
		Type string `json:"_type"`
	}
	if json.Unmarshal(body, &doc) != nil {
		return ""
	}
	return doc.Type
}

// newHub returns the hub of the server's notifications.
func newHub(s *Server) *notify.Hub {
	var shared store.Engine
	if s.options.Engine.Caps().Shared {
		shared = s.options.Engine
	}
	return notify.New(notify.Options{
		Store: shared, Ended: s.timeouts.ended, Limits: s.limits,
		Find: func(r *http.Request) (store.Session, string, error) {
			found, err := s.login.FromRequest(r)
			return found.Session, found.Token, err
		},
		Touch: func(ctx context.Context, token string) error {
			if _, err := s.login.Find(ctx, token); err != nil {
				return err
			}
			_, err := s.login.Touch(ctx, token)
			return err
		},
		Log: s.log, Now: s.options.Now,
	})
}
