package login

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Transaction is one access that a user has to authorize by itself (PingAM: transactional authorization).
type Transaction struct {
	// Session is the ID of the session that asked for access.
	Session string `json:"s"`
	// Resource is what it asked for.
	Resource string `json:"r"`
	// Strategy and Specifier are the name and the value of the advice that authorizes it.
	Strategy  string `json:"t"`
	Specifier string `json:"v"`
	Approved  bool   `json:"a,omitempty"`
}

// ServiceTransaction is the service that says how long a transaction waits to be authorized.
const ServiceTransaction = "transaction"

// TransactionLife is how long it waits where no service says so.
const TransactionLife = 180 * time.Second

func (s *Service) transactions() store.Tickets[Transaction] {
	return store.Tickets[Transaction]{Engine: s.Realms.Engine(), Kind: "transaction"}
}

// BeginTransaction keeps a transaction until it is authorized and used, or its time is over. The ID is what to show
// when it is.
func (s *Service) BeginTransaction(ctx context.Context, rl *realm.Realm, t Transaction) (id string, err error) {
	t.Approved = false
	id = uuid.NewString()
	return id, s.transactions().Save(ctx, rl.Path, id, t, s.Now().Add(s.transactionLife(ctx, rl)))
}

// UseTransaction tells whether t was authorized under that ID, which is over with that: it is true once.
func (s *Service) UseTransaction(ctx context.Context, rl *realm.Realm, id string, t Transaction) (bool, error) {
	ticket, err := s.transactions().Find(ctx, rl.Path, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	t.Approved = true
	if err != nil || ticket.Value != t {
		return false, err
	}
	err = s.transactions().Take(ctx, ticket)
	if errors.Is(err, store.ErrUsed) {
		return false, nil
	}
	return err == nil, err
}

func (s *Service) transactionLife(ctx context.Context, rl *realm.Realm) time.Duration {
	var body struct {
		Life     int `json:"timeToLive"` // seconds
		Defaults struct {
			Life int `json:"timeToLive"`
		} `json:"defaults"`
	}
	doc, err := rl.Service(ctx, ServiceTransaction)
	if errors.Is(err, store.ErrNotFound) {
		doc, err = s.docs.Get(ctx, "", store.KindGlobal, ServiceTransaction)
	}
	if err == nil {
		err = json.Unmarshal(doc.Body, &body)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.Log.Warn("the transaction service cannot be used", "realm", rl.Path, "error", err)
	}
	if n := cmp.Or(body.Life, body.Defaults.Life); n > 0 && n <= maxMinutes*60 {
		return time.Duration(n) * time.Second
	}
	return TransactionLife
}

var errTransaction = &Refusal{Status: http.StatusBadRequest, Message: "Unable to read transaction."}

// transact wants what authorizes a transaction, of whoever asked for it. He keeps his session, and gets no other.
func (x *exchange) transact(w *wanted, id string) error {
	if w.transaction != nil {
		return errTransaction.because(errNested)
	}
	ticket, err := x.s.transactions().Find(x.r.Context(), x.place.Realm.Path, id)
	if errors.Is(err, store.ErrNotFound) {
		return errTransaction.because(err)
	}
	if err != nil {
		return err
	}
	if ticket.Value.Approved {
		return errTransaction
	}
	if x.shown.Token == "" || x.shown.ID() != ticket.Value.Session || x.shown.Realm != x.place.Realm.Path {
		return errFailure.because(errOther)
	}
	w.transaction = &ticket
	if err := x.follow(w, map[string][]string{ticket.Value.Strategy: {ticket.Value.Specifier}}); err != nil {
		return err
	}
	w.known = x.shown.Subject.Name
	if x.shown.Subject.Type == TypeUser {
		w.user = realm.UserID(w.known)
	}
	return nil
}

// approve notes that the transaction is authorized.
func (x *exchange) approve(w *wanted, a Authenticated) error {
	t := *w.transaction
	t.Value.Approved = true
	err := x.s.transactions().Update(x.r.Context(), t)
	if errors.Is(err, store.ErrConflict) {
		return errTransaction.because(err)
	}
	if err != nil {
		return err
	}
	return x.success(x.shown.Token, a)
}
