package login

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// suspended is a journey that waits for whoever has its link.
type suspended struct {
	State string `json:"s"` // sealed
	Kind  string `json:"k,omitempty"`
	Value string `json:"v,omitempty"`
}

// maxSuspended bounds how long a journey may wait.
const maxSuspended = 30 * 24 * time.Hour

func (s *Service) suspended() store.Tickets[suspended] {
	return store.Tickets[suspended]{Engine: s.Realms.Engine(), Kind: "suspended"}
}

var errStranger = errors.New("the server is not known by the name that was sent")

// placeOf is under what the place of a request is in its context.
type placeOf struct{}

// link makes a link by which a journey can go on, and the ticket in it.
func (s *Service) link(r *http.Request) (link, ticket string, err error) {
	place, ok := r.Context().Value(placeOf{}).(Place)
	if !ok {
		return "", "", errors.New("a journey that nobody sees cannot wait")
	}
	if s.Itself != nil && !s.Itself(r, place.Realm) {
		s.Log.ErrorContext(r.Context(), "no link goes out under a name that anybody can send: the Base URL Source needs a fixed value, or a realm the host as an alias",
			"realm", place.Realm.Path, "base", place.Base)
		return "", "", (&Refusal{Status: http.StatusBadRequest, Message: "Bad Request"}).because(errStranger)
	}
	ticket = store.NewRaw()
	q := url.Values{"realm": {place.Realm.Path}, "suspendedId": {ticket}}
	for _, name := range []string{"goto", "gotoOnFail", "locale"} {
		if v := r.URL.Query().Get(name); v != "" {
			q.Set(name, v)
		}
	}
	return place.Base + "/XUI/?" + q.Encode(), ticket, nil
}

// suspend keeps a journey, and hands out the link to it.
func (x *exchange) suspend(want *wanted, out Outcome) error {
	var link string
	ticket := out.Asked.Suspend.Ticket
	if ticket == "" {
		var err error
		if link, ticket, err = x.s.link(x.r); err != nil {
			return err
		}
	}
	wait := time.Duration(out.Asked.Suspend.Minutes) * time.Minute
	if wait <= 0 {
		wait = x.s.suspendedLife(x.r.Context(), x.place.Realm)
	}
	err := x.s.suspended().Save(x.r.Context(), x.place.Realm.Path, ticket, suspended{out.State, want.kind, want.value}, x.s.Now().Add(min(wait, maxSuspended)))
	if err != nil {
		return err
	}
	if send := out.Asked.Suspend.Send; send != nil {
		x.s.sendLater(func() { send(link) })
	}
	return nil
}

// maxSending bounds the mails that are on their way to mail servers at a time.
const maxSending = 64

// sendLater sends a mail while the client gets its answer: how long that takes must not tell whether there is somebody to
// write to.
func (s *Service) sendLater(send func()) {
	select {
	case s.sending <- struct{}{}:
	default:
		s.Limits.Add("mails")
		s.Log.Error("a mail was not sent: too many are on their way to their servers", "most", cap(s.sending))
		return
	}
	s.mails.Go(func() {
		defer func() { <-s.sending }()
		send()
	})
}

// Close waits for mails that are on their way, which have a time limit.
func (s *Service) Close() { s.mails.Wait() }

// suspendedLife is what the realm says (PingAM: suspended authentication duration), else five minutes.
func (s *Service) suspendedLife(ctx context.Context, rl *realm.Realm) time.Duration {
	var body struct {
		Trees struct {
			Minutes int `json:"suspendedAuthenticationTimeout"`
		} `json:"trees"`
	}
	doc, err := s.docs.Get(ctx, rl.Path, store.KindService, ServiceAuthentication)
	if err == nil {
		err = json.Unmarshal(doc.Body, &body)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.Log.WarnContext(ctx, "the authentication settings cannot be used", "realm", rl.Path, "error", err)
	}
	if n := body.Trees.Minutes; n > 0 && n <= maxMinutes {
		return time.Duration(n) * time.Minute
	}
	return stepLife
}

// resumed goes on with the journey of a link, which is good once.
func (x *exchange) resumed(raw string) error {
	if len(raw) > maxToken {
		return errTimeout
	}
	tickets := x.s.suspended()
	ticket, err := tickets.Find(x.r.Context(), x.place.Realm.Path, raw)
	if err == nil {
		err = tickets.Take(x.r.Context(), ticket)
	}
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrUsed) {
		return errTimeout.because(err)
	}
	if err != nil {
		return err
	}
	want, err := x.wants(ticket.Value.Kind, ticket.Value.Value)
	if err != nil {
		return err
	}
	out, err := x.s.goOnFrom(x.r, x.place.Realm, want, ticket.Value.State)
	return x.next(want, out, err)
}
