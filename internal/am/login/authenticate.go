package login

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// maxBody bounds what a client posts: an authId and a few callbacks.
const maxBody = 64 << 10

// exchange is one call of the authenticate endpoint.
type exchange struct {
	s     *Service
	w     http.ResponseWriter
	r     *http.Request
	place Place
	old   bool // version 1 of the answers
	// shown is the live session that the request shows, the zero value for none.
	shown Found
	// over is the session that a new one takes the place of when its subject is the same; nil for none.
	over *store.Session
}

// Authenticate answers /json/authenticate: it starts a journey, or goes on with the one whose authId is posted, and
// ends in a session or a refusal (PingAM: authenticate endpoint).
func (s *Service) Authenticate(w http.ResponseWriter, r *http.Request, place Place) {
	r = r.WithContext(context.WithValue(r.Context(), placeOf{}, place))
	x := &exchange{s: s, w: w, r: r, place: place, old: strings.Contains(strings.ReplaceAll(r.Header.Get("Accept-API-Version"), " ", ""), "resource=1")}
	h := w.Header()
	h.Set("Content-API-Version", "resource=2.1")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "0")
	if err := x.serve(); err != nil {
		x.refuse(err)
	}
}

func (x *exchange) serve() error {
	if x.r.Method != http.MethodPost {
		x.w.Header().Set("Allow", http.MethodPost)
		return &Refusal{Status: http.StatusMethodNotAllowed, Message: "Method Not Allowed"}
	}
	in, err := x.read()
	if err != nil {
		return err
	}
	current, err := x.current()
	if err != nil {
		return err
	}
	if in.AuthID != "" {
		return x.proceed(in)
	}
	if raw := x.r.URL.Query().Get("suspendedId"); raw != "" {
		return x.resumed(raw)
	}
	kind, value := x.r.URL.Query().Get("authIndexType"), x.r.URL.Query().Get("authIndexValue")
	want, err := x.wants(kind, value)
	if err != nil {
		return err
	}
	given := &Credentials{Name: HeaderText(x.r, "X-OpenAM-Username"), Password: HeaderText(x.r, "X-OpenAM-Password")}
	if given.Name == "" || given.Password == "" {
		given.Password = ""
	}
	if given.Password == "" && current.Token != "" && want.doneBy(current.Session) {
		if _, err := x.s.Touch(x.r.Context(), current.Token); err != nil {
			return err
		}
		return x.success(current.Token, Authenticated{})
	}
	if given.Password == "" {
		out, err := x.s.start(x.r, x.place.Realm, want, nil)
		if err == nil && out.Asked != nil && given.Name != "" {
			prefill(out.Asked.Callbacks, given.Name)
		}
		return x.next(want, out, err)
	}
	if err := x.agents(want, given.Name); err != nil {
		return err
	}
	out, err := x.s.start(x.r, x.place.Realm, want, given)
	return x.next(want, out, err)
}

// prefill puts a name that is known already into the callback that asks for it.
func prefill(list []journey.Callback, name string) {
	for i := range list {
		if list[i].Type == journey.NameCallback && len(list[i].Input) > 0 {
			list[i].Input[0].Value = name
			return
		}
	}
}

// current is the session of the realm that the request shows, the zero value when there is none or it is to be
// left aside.
func (x *exchange) current() (Found, error) {
	q := x.r.URL.Query()
	found, err := x.s.FromRequest(x.r)
	if errors.Is(err, store.ErrNotFound) {
		return Found{}, x.upgraded(q.Get("sessionUpgradeSSOTokenId"))
	}
	if err != nil {
		return Found{}, err
	}
	if found.Cookie {
		if no := x.s.CSRF(x.r); no != nil {
			return Found{}, no
		}
	}
	if q.Get("arg") == "newsession" {
		return Found{}, x.s.End(x.r.Context(), found.Token)
	}
	x.shown, x.over = found, &found.Session
	if found.Realm != x.place.Realm.Path || q.Get("ForceAuth") == "true" {
		return Found{}, nil
	}
	return found, nil
}

// upgraded notes the session that the client names for an upgrade, which it need not show.
func (x *exchange) upgraded(token string) error {
	if token == "" {
		return nil
	}
	sess, err := x.s.Find(x.r.Context(), token)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	x.over = &sess
	return err
}

// proceed takes the callbacks that the client filled in.
func (x *exchange) proceed(in *input) error {
	st, err := x.s.readAuthID(x.r.Context(), x.place.Realm, in.AuthID)
	if err != nil {
		return err
	}
	want, err := x.wants(st.IndexType, st.IndexValue)
	if err != nil {
		return err
	}
	if given := credentialsIn(in.Callbacks); given != nil {
		if err := x.agents(want, given.Name); err != nil {
			return err
		}
		if want.agent {
			out, err := x.s.start(x.r, x.place.Realm, want, given)
			return x.next(want, out, err)
		}
	}
	out, err := x.s.resume(x.r, x.place.Realm, want, st.state, in.Callbacks)
	return x.next(want, out, err)
}

// next asks what the journey asks, or ends it.
func (x *exchange) next(want *wanted, out Outcome, err error) error {
	if want.backchannel != "" {
		if err := x.noteBackchannel(want, out, err); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if out.Asked != nil {
		if out.Asked.Suspend != nil {
			if err := x.suspend(want, out); err != nil {
				return err
			}
		}
		return x.ask(want, out)
	}
	if want.completed {
		return errApprove
	}
	if want.transaction != nil {
		return x.approve(want, out.Authenticated)
	}
	if out.Authenticated.NoSession || x.r.URL.Query().Get("noSession") == "true" {
		if want.backchannel != "" {
			if err := x.approved(want, ""); err != nil {
				return err
			}
		}
		return x.write(http.StatusOK, detailed(out.Details, map[string]any{
			"message": "Authentication Successful", "successUrl": x.successURL(out.Authenticated), "realm": x.place.Realm.Path,
		}))
	}
	token, err := x.s.begin(x.r.Context(), x.place.Realm, out.Authenticated, x.over)
	if err != nil {
		return err
	}
	if want.backchannel != "" {
		if err := x.approved(want, token); err != nil {
			return errors.Join(err, x.s.End(x.r.Context(), token))
		}
	}
	x.s.setCookies(x.w, x.r, x.place, token)
	for _, c := range out.Cookies {
		x.s.setCookie(x.w, x.place, c)
	}
	return x.success(token, out.Authenticated)
}

func (x *exchange) success(token string, a Authenticated) error {
	return x.write(http.StatusOK, detailed(a.Details, map[string]any{
		"tokenId": token, "successUrl": x.successURL(a), "realm": x.place.Realm.Path,
	}))
}

// detailed adds members that a journey wants to be there to an answer, whose own stay.
func detailed(details map[string]string, answer map[string]any) map[string]any {
	for name, v := range details {
		if _, own := answer[name]; !own {
			answer[name] = v
		}
	}
	return answer
}

func (x *exchange) successURL(a Authenticated) string {
	if to := x.r.URL.Query().Get("goto"); x.s.ValidGoto(x.r.Context(), x.place, to) {
		return to
	}
	return cmp.Or(a.SuccessURL, x.place.SuccessURL())
}

// ask sends the callbacks. What a page has besides is printed for pages alone.
func (x *exchange) ask(want *wanted, out Outcome) error {
	authID, err := x.s.newAuthID(x.r.Context(), x.place.Realm, want.kind, want.value, out.State, out.Life)
	if err != nil {
		return err
	}
	x.s.setAffinity(x.w, x.place)
	body := map[string]any{"authId": authID, "callbacks": out.Asked.Callbacks}
	if out.Asked.Stage != "" || out.Asked.Header != "" || out.Asked.Description != "" {
		body["template"], body["stage"], body["header"], body["description"] = "", out.Asked.Stage, out.Asked.Header, out.Asked.Description
	}
	return x.write(http.StatusOK, body)
}

// statusOf is the status of an error that the person can do nothing about.
func statusOf(err error) int {
	if errors.Is(err, store.ErrUnavailable) {
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// refuse answers an error.
func (x *exchange) refuse(err error) {
	observe.CountLimit(x.r.Context(), err)
	e, ok := errors.AsType[*Refusal](err)
	if !ok {
		x.s.Log.ErrorContext(x.r.Context(), "authenticate", "realm", x.place.Realm.Path, "error", err)
		status := statusOf(err)
		e = &Refusal{Status: status, Message: http.StatusText(status)}
	}
	body := map[string]any{"code": e.Status, "reason": http.StatusText(e.Status), "message": e.Message}
	if x.old {
		body = map[string]any{"errorMessage": e.Message}
	}
	switch e.Status {
	case http.StatusUnauthorized:
		to := x.r.URL.Query().Get("gotoOnFail")
		if !x.s.ValidGoto(x.r.Context(), x.place, to) {
			to = e.FailureURL
		}
		detail := body
		if !x.old {
			detail = map[string]any{}
		}
		if to != "" {
			detail["failureUrl"] = to
		}
		detailed(e.Details, detail)
		if !x.old && len(detail) > 0 {
			body["detail"] = detail
		}
	case http.StatusRequestTimeout:
		if !x.old {
			body["detail"] = map[string]any{"errorCode": "110"}
		}
	}
	if err := x.write(e.Status, body); err != nil {
		x.s.Log.ErrorContext(x.r.Context(), "write answer of authenticate", "error", err)
	}
}

func (x *exchange) write(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body) // the client is gone; nobody is left to tell
	return nil
}

// HeaderText is a header's value, which may be encoded for characters outside ASCII (RFC 2047).
func HeaderText(r *http.Request, name string) string {
	v := r.Header.Get(name)
	if text, err := (&mime.WordDecoder{}).DecodeHeader(v); err == nil {
		v = text
	}
	if utf8.ValidString(v) {
		return v
	}
	text := make([]rune, 0, len(v)) // bytes as ISO 8859-1, the old meaning of header values
	for i := range len(v) {
		text = append(text, rune(v[i]))
	}
	return string(text)
}

// input is what a client posts.
type input struct {
	AuthID    string             `json:"authId"`
	Callbacks []journey.Callback `json:"callbacks"`
}

var (
	errNotJSON   = &Refusal{Status: http.StatusBadRequest, Message: "The request could not be processed because the provided content is not valid JSON"}
	errCallbacks = &Refusal{Status: http.StatusBadRequest, Message: "Invalid callbacks"}
)

func (x *exchange) read() (*input, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	if err != nil {
		return nil, &Refusal{Status: http.StatusRequestEntityTooLarge, Message: "The request is too large", Cause: err}
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return &input{}, nil
	}
	if kind, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, &Refusal{Status: http.StatusUnsupportedMediaType, Message: "Unsupported Media Type"}
	}
	return parseInput(raw)
}

// parseInput reads a body; what it knows nothing of is ignored, as clients hand back all they were given.
func parseInput(raw []byte) (*input, error) {
	in := &input{}
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return in, nil // sent by agents
	}
	if err := json.Unmarshal(raw, in); err != nil {
		return nil, errNotJSON.because(err)
	}
	return in, nil
}
