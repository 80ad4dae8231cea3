package am

import (
	"context"
	"encoding/json"
	"net/http"

	"gatehouse/internal/am/notify"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// notices are what agents are told when a batch of writes is done. What is deleted is looked at before.
type notices struct {
	sessions []store.Session
	agents   []agentNotice
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
	for i := range ops {
		op := &ops[i]
		if id, ends := store.SessionOf(*op); ends {
			if sess, err := (store.Sessions{Engine: e}).FindByID(ctx, id); err == nil {
				n.sessions = append(n.sessions, sess)
			}
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
		if kind := typeOfAgent(body); kind != "" && kind != realm.TypeClient {
			n.agents = append(n.agents, agentNotice{op.Realm, op.ID, kind})
		}
	}
	return n
}

func (n notices) publish(hub *notify.Hub) {
	for _, sess := range n.sessions {
		hub.SessionEnded(sess)
	}
	for _, a := range n.agents {
		hub.Publish(notify.TopicConfig, a.Realm, a)
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
	return notify.New(notify.Options{
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
