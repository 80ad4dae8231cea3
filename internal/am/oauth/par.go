package oauth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// pushPrefix begins the names of pushed requests (RFC 9126 §2.2).
const pushPrefix = "urn:ietf:params:oauth:request_uri:"

// pushedStay is how long a request that a browser brought in time stays good while its user signs in and decides. The
// life that the client was told is the time to bring it (RFC 9126 §2.2).
const pushedStay = 10 * time.Minute

// pushedRequest is an authorization request that a client left here.
type pushedRequest struct {
	ClientID string `json:"c"`
	Form     string `json:"f"`
	Stays    bool   `json:"s,omitempty"` // a browser has brought it
}

func (p *Provider) pushedRequests() store.Tickets[pushedRequest] {
	return store.Tickets[pushedRequest]{Engine: p.Engine, Kind: "par"}
}

// push is POST /par (RFC 9126): the request of /authorize comes from the client itself, authenticated and checked
// before a browser sees it.
func (q *request) push() error {
	form, err := readForm(q.r)
	if err != nil {
		return err
	}
	client, err := q.authenticateClient(q.r, form, "par")
	if err != nil {
		return err
	}
	if err := checkPush(form); err != nil {
		return err
	}
	kept := form.without(append(ownParameters(), "client_secret", "client_assertion", "client_assertion_type")...)
	kept.set("client_id", client.ID)
	a := &authorization{request: q, form: kept, pushed: "now"}
	if err := a.begin(); err != nil {
		return err
	}
	if _, err := a.check(); err != nil {
		return err
	}
	if err := a.pushKey(); err != nil {
		return err
	}
	life := seconds(q.Settings.Advanced.PARRequestURILifetime)
	if q.Settings.Own.FAPI2 {
		life = min(life, maxFAPIPush)
	}
	raw := store.NewRaw()
	value := pushedRequest{ClientID: client.ID, Form: a.form.encode()}
	if err := q.pushedRequests().Save(q.r.Context(), q.Realm.Path, raw, value, q.Now().Add(life)); err != nil {
		return err
	}
	o := newObject()
	o.text("request_uri", pushPrefix+raw)
	o.number("expires_in", int64(life.Seconds()))
	writeJSON(q.w, http.StatusCreated, o.end())
	return nil
}

// checkPush refuses what must not be pushed: another push, and parameters beside a request object, which says all there
// is to say (RFC 9126 §3).
func checkPush(form *Form) error {
	if form.Has("request_uri") {
		return Refuse("invalid_request", "request_uri must not be pushed.")
	}
	if !form.Has("request") {
		return nil
	}
	beside := ""
	form.Each(func(name, _ string) {
		switch name {
		case "request", "client_id", "client_secret", "client_assertion", "client_assertion_type", "realm":
		default:
			beside = name
		}
	})
	if beside != "" {
		return Refuse("invalid_request", "Parameters beside the request object must not be pushed.").Because(errors.New(beside))
	}
	return nil
}

// unpack replaces the parameters by those of a pushed request, or adds those of a request object.
func (a *authorization) unpack(ctx context.Context) error {
	named, object := a.form.Get("request_uri"), a.form.Get("request")
	switch {
	case named != "" && object != "":
		return Refuse("invalid_request", "request and request_uri must not be used together.")
	case strings.HasPrefix(named, pushPrefix):
		return a.unpackPushed(ctx, named)
	case named != "":
		return a.unpackFetched(ctx, named)
	case object != "":
		return a.unpackObject(ctx, object)
	}
	return nil
}

func (a *authorization) unpackPushed(ctx context.Context, name string) error {
	t, err := a.pushedRequests().Find(ctx, a.Realm.Path, strings.TrimPrefix(name, pushPrefix))
	if errors.Is(err, store.ErrNotFound) || err == nil && t.Value.ClientID != a.client.ID {
		return Refuse("invalid_request", "The request_uri is unknown or has expired.")
	}
	if err != nil {
		return err
	}
	form, err := ParseForm(t.Value.Form)
	if err != nil {
		return err
	}
	// What the sign-in and the consent page add goes beside; everything else was said when it was pushed.
	for _, own := range ownParameters() {
		if a.form.Has(own) {
			form.set(own, a.form.Get(own))
		}
	}
	a.form, a.pushed = form, name
	return nil
}

// keepPushed lets a pushed request outlive its life once, for the user who is asked now.
func (a *authorization) keepPushed(ctx context.Context) error {
	if a.pushed == "" {
		return nil
	}
	tickets := a.pushedRequests()
	t, err := tickets.Find(ctx, a.Realm.Path, strings.TrimPrefix(a.pushed, pushPrefix))
	if err == nil && !t.Value.Stays {
		t.Value.Stays, t.Expires = true, a.Now().Add(pushedStay)
		err = tickets.Update(ctx, t)
	}
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) { // used, or kept, at this moment
		return nil
	}
	return err
}

// takePushed uses the pushed request up: it is good for one answer (RFC 9126 §7.3).
func (a *authorization) takePushed(ctx context.Context) error {
	if a.pushed == "" {
		return nil
	}
	expired := Refuse("invalid_request", "The request_uri is unknown or has expired.")
	tickets := a.pushedRequests()
	t, err := tickets.Find(ctx, a.Realm.Path, strings.TrimPrefix(a.pushed, pushPrefix))
	if err == nil {
		err = tickets.Take(ctx, t)
	}
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrUsed) {
		return expired.Because(err)
	}
	return err
}

// unpackObject reads a request object (RFC 9101, OIDC Core §6.1). It must be signed with a key of the client, with the
// algorithm of its profile where that names one. What the object says wins; in JAR mode nothing else counts.
//
// Deviation: PingAM takes unsigned objects in OIDC mode. They say no more than parameters do, so nobody needs them.
func (a *authorization) unpackObject(ctx context.Context, raw string) error {
	bad := func(err error) error { return Refuse("invalid_request_object", "Invalid request object").Because(err) }
	keys, algorithms, err := a.requestKeys()
	if err != nil {
		return bad(err)
	}
	plain, err := a.decryptObject(ctx, raw)
	if err != nil {
		return bad(err)
	}
	tok, err := jose.Verify(ctx, plain, jose.VerifyOptions{Keys: keys, Algorithms: algorithms})
	if err != nil {
		return bad(err)
	}
	claims, err := jose.ParseClaims(tok.Payload)
	if err != nil {
		return bad(err)
	}
	if err := a.checkObject(claims); err != nil {
		return bad(err)
	}
	form := a.form.without("request", "request_uri")
	if a.Settings.Advanced.RequestObjectProcessing == "JAR" {
		form = &Form{}
		for _, own := range append(ownParameters(), "client_id") {
			if a.form.Has(own) {
				form.set(own, a.form.Get(own))
			}
		}
	}
	for name, value := range claims.Values {
		if text, ok := parameterText(name, value); ok {
			form.set(name, text)
		}
	}
	a.outer, a.form = a.form, form
	return nil
}
