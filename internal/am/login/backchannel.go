package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// backchannel is a journey that somebody else began for a person or an agent, and waits for (PingAM: backchannel
// authentication).
type backchannel struct {
	Tree string `json:"t"`
	// Subject is the only one whose authentication does, the zero value for anybody.
	Subject store.Subject  `json:"s,omitzero"`
	Data    map[string]any `json:"d,omitempty"` // the first shared state
	// Tracking are names of the transaction in logs: the server's, and the one that the other party chose.
	Tracking []string `json:"i"`
	// Once tells that the first failure is the end.
	Once       bool              `json:"o,omitempty"`
	State      string            `json:"a"`
	Result     string            `json:"r"`
	Properties map[string]string `json:"p,omitempty"` // of the session
}

func (s *Service) backchannels() store.Tickets[backchannel] {
	return store.Tickets[backchannel]{Engine: s.Realms.Engine(), Kind: "backchannel"}
}

// Limits of what the other party says.
const (
	maxBackchannelData = 8 << 10
	maxTracking        = 36
)

// reservedState are members of the shared state that no other party sets.
var reservedState = []string{"realm", "authLevel"}

// BeginBackchannel keeps the transaction until its time is over: life, or as long as the realm says for 0. What is asked
// for and cannot be is journey.ErrBackchannel, a subject that is not there store.ErrNotFound.
func (s *Service) BeginBackchannel(ctx context.Context, rl *realm.Realm, b journey.Backchannel) (id string, err error) {
	bad := func(format string, args ...any) (string, error) {
		return "", fmt.Errorf(format+": %w", append(args, journey.ErrBackchannel)...)
	}
	if _, err := s.treeOf(ctx, rl, b.Tree, true); err != nil {
		if _, refused := errors.AsType[*Refusal](err); refused && b.Tree != "" {
			return bad("there is no journey %q", b.Tree)
		}
		return "", err
	}
	if b.Tree == "" {
		return bad("the journey has no name")
	}
	if data, err := json.Marshal(b.Data); err != nil || len(data) > maxBackchannelData {
		return bad("data must be an object of %d bytes at most", maxBackchannelData)
	}
	for _, name := range reservedState {
		if _, there := b.Data[name]; there {
			return bad("data must not have %q", name)
		}
	}
	if b.Subject.Name != "" {
		if b.Subject, err = s.subjectNamed(ctx, rl, b.Subject); err != nil {
			return "", err
		}
	}
	kept := backchannel{
		Tree: b.Tree, Subject: b.Subject, Data: b.Data, Once: !b.Retry, State: journey.BackchannelCreated, Result: journey.BackchannelUnknown,
		Tracking: []string{fmt.Sprintf("%s-%d", uuid.NewString(), s.Now().UnixNano()%1000000)},
	}
	if b.Tracking != "" {
		kept.Tracking = append(kept.Tracking, b.Tracking)
	}
	life := min(b.Life, maxMinutes*time.Minute)
	if life <= 0 {
		life = s.transactionLife(ctx, rl)
	}
	id = uuid.NewString()
	return id, s.backchannels().Save(ctx, rl.Path, id, kept, s.Now().Add(life))
}

// subjectNamed finds who is named.
func (s *Service) subjectNamed(ctx context.Context, rl *realm.Realm, sub store.Subject) (store.Subject, error) {
	if sub.Type == TypeAgent {
		id, err := host{s}.FindAgent(ctx, rl, sub.Name)
		return store.Subject{Type: TypeAgent, Name: id}, err
	}
	u, err := rl.User(ctx, sub.Name)
	if err != nil {
		return sub, err
	}
	return store.Subject{Type: TypeUser, Name: u.Name}, nil
}

// Backchannel tells how a transaction stands, store.ErrNotFound for none and one whose time is over.
func (s *Service) Backchannel(ctx context.Context, rl *realm.Realm, id string) (journey.BackchannelStatus, error) {
	t, err := s.backchannels().Find(ctx, rl.Path, id)
	if err != nil {
		return journey.BackchannelStatus{}, err
	}
	b := t.Value
	return journey.BackchannelStatus{
		Backchannel: journey.Backchannel{Tree: b.Tree, Subject: b.Subject}, State: b.State, Result: b.Result,
		Tracking: b.Tracking, Properties: b.Properties,
	}, nil
}

// changeBackchannel changes a transaction whatever others change at the same time. store.ErrNotFound is one whose time is
// over.
func (s *Service) changeBackchannel(ctx context.Context, rl *realm.Realm, id string, change func(*backchannel) error) error {
	for range 10 {
		t, err := s.backchannels().Find(ctx, rl.Path, id)
		if err == nil {
			err = change(&t.Value)
		}
		if err != nil {
			return err
		}
		if err = s.backchannels().Update(ctx, t); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("change a backchannel transaction: %w", store.ErrConflict)
}

// BackchannelURL is where a browser comes to the journey of a transaction.
func BackchannelURL(place Place, id string) string {
	q := url.Values{"realm": {place.Realm.Path}, "authIndexType": {"transaction"}, "authIndexValue": {id}}
	return place.Base + "/XUI/Login?" + q.Encode()
}

var errApprove = &Refusal{Status: http.StatusInternalServerError, Message: "Unable to approve transaction"}

// called wants the journey of a transaction that another party began, when there is one with that ID.
func (x *exchange) called(w *wanted, id string) (bool, error) {
	t, err := x.s.backchannels().Find(x.r.Context(), x.place.Realm.Path, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	b := t.Value
	w.backchannel, w.named, w.tracking = id, true, b.Tracking
	w.completed = b.State == journey.BackchannelCompleted
	w.data = maps.Clone(b.Data)
	if w.data == nil {
		w.data = map[string]any{}
	}
	if b.Subject.Name != "" {
		w.subject = b.Subject
		w.data["username"] = b.Subject.Name
	}
	return true, x.tree(w, b.Tree)
}

// begun notes that the journey of a transaction is under way.
func (x *exchange) begun(w *wanted) error {
	return x.s.changeBackchannel(x.r.Context(), x.place.Realm, w.backchannel, func(b *backchannel) error {
		if b.State == journey.BackchannelCreated {
			b.State = journey.BackchannelInProgress
		}
		return nil
	})
}

// denied notes that the journey of a transaction failed, where that is its end.
func (x *exchange) denied(w *wanted) error {
	return x.s.changeBackchannel(x.r.Context(), x.place.Realm, w.backchannel, func(b *backchannel) error {
		if b.Once && b.State != journey.BackchannelCompleted {
			b.State, b.Result = journey.BackchannelCompleted, journey.BackchannelDenied
		}
		return nil
	})
}

// approved notes that the journey of a transaction succeeded, with the session that came of it; "" for none.
func (x *exchange) approved(w *wanted, token string) error {
	var properties map[string]string
	if token != "" && x.s.Published != nil {
		sess, err := x.s.Find(x.r.Context(), token)
		if err == nil {
			properties, err = x.s.Published(x.r.Context(), sess)
		}
		if err != nil {
			return err
		}
	}
	err := x.s.changeBackchannel(x.r.Context(), x.place.Realm, w.backchannel, func(b *backchannel) error {
		if b.State == journey.BackchannelCompleted {
			return errApprove
		}
		b.State, b.Result, b.Properties = journey.BackchannelCompleted, journey.BackchannelApproved, properties
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return errTransaction.because(err)
	}
	return err
}

// isTracking tells whether another party may call a transaction so in logs.
func isTracking(name string) bool {
	return len(name) <= maxTracking && !slices.ContainsFunc([]byte(name), func(c byte) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_'
	})
}

// noteBackchannel notes how a request left the journey of a transaction; a success is noted by approved. failed is how
// the journey failed, if it did.
func (x *exchange) noteBackchannel(w *wanted, out Outcome, failed error) error {
	var err error
	switch refusal, refused := errors.AsType[*Refusal](failed); {
	case refused && refusal.Status == http.StatusUnauthorized:
		err = x.denied(w)
	case failed == nil && out.Asked != nil:
		err = x.begun(w)
	}
	if errors.Is(err, store.ErrNotFound) {
		return errTransaction.because(err)
	}
	return err
}
