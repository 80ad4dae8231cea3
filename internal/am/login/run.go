package login

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/login/social"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// Credentials fill the first callbacks that ask for a name or a password.
type Credentials struct {
	Name, Password string

	named, proved bool
}

// Outcome is how one request of a journey ends: with callbacks to answer, or with somebody authenticated.
type Outcome struct {
	// Asked is nil when the journey is over.
	Asked *journey.Result
	// State is what the journey goes on from, sealed; "" when the journey is over.
	State string
	// Life is how long the client may take for its answer.
	Life time.Duration
	Authenticated
}

// start begins what is wanted. Of several journeys the client chooses one first. c may be nil. A *Refusal is the client's
// fault, any other error the server's.
func (s *Service) start(r *http.Request, rl *realm.Realm, want *wanted, c *Credentials) (Outcome, error) {
	step := s.step(r, rl, &journey.State{})
	if want.known != "" {
		step.State.SetUsername(want.known)
	}
	for name, v := range want.data {
		step.State.Share(name, v)
	}
	if len(want.trees) > 1 {
		return s.ended(step, want, journey.Offer(step, want.trees), nil, nil)
	}
	end, err := journey.Start(step, want.trees[0])
	return s.ended(step, want, end, err, c)
}

// resume goes on from a state, with the callbacks as the client answered them.
func (s *Service) resume(r *http.Request, rl *realm.Realm, want *wanted, sealed string, answers []journey.Callback) (Outcome, error) {
	st, err := s.openState(sealed)
	if err != nil {
		return Outcome{}, err
	}
	step := s.step(r, rl, st)
	end, err := journey.Resume(step, answers)
	return s.ended(step, want, end, err, nil)
}

// goOnFrom goes on from a state in which the journey waited.
func (s *Service) goOnFrom(r *http.Request, rl *realm.Realm, want *wanted, sealed string) (Outcome, error) {
	st, err := s.openState(sealed)
	if err != nil {
		return Outcome{}, err
	}
	step := s.step(r, rl, st)
	end, err := journey.Continue(step)
	return s.ended(step, want, end, err, nil)
}

func (s *Service) openState(sealed string) (*journey.State, error) {
	plain, err := s.Realms.OpenSecret(sealed)
	if err != nil {
		return nil, errAuthID.because(err)
	}
	st := &journey.State{}
	if err := json.Unmarshal([]byte(plain), st); err != nil {
		return nil, errAuthID.because(err)
	}
	return st, nil
}

func (s *Service) step(r *http.Request, rl *realm.Realm, st *journey.State) *journey.Step {
	step := &journey.Step{
		Realm: rl, Request: r, State: st, Host: host{s}, Source: &s.Trees, Languages: languages(r), Now: s.Now().Unix(),
		NoScripts: r.Context().Value(noScripts{}) != nil, Log: s.Log,
	}
	step.Link = func() (string, string, error) { return s.link(r) }
	if s.ClientAddress != nil {
		step.ClientIP = s.ClientAddress(r, rl)
	} else {
		step.ClientIP, _, _ = net.SplitHostPort(r.RemoteAddr)
	}
	if found, err := s.FromRequest(r); err == nil && found.Realm == rl.Path {
		step.Session = &found.Session
	}
	return step
}

// languages are those of the request, the parameter first.
func languages(r *http.Request) []string {
	var list []string
	if l := r.URL.Query().Get("locale"); l != "" {
		list = append(list, strings.ReplaceAll(l, "_", "-"))
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		name, _, _ := strings.Cut(part, ";")
		if name = strings.TrimSpace(name); name != "" && name != "*" && len(list) < 10 {
			list = append(list, name)
		}
	}
	return list
}

// ended answers what it can with the credentials, and turns the end of the request into an outcome.
func (s *Service) ended(step *journey.Step, want *wanted, end journey.End, err error, c *Credentials) (Outcome, error) {
	out, err := s.outcome(step, end, err, c)
	if err == nil && out.Asked == nil {
		err = want.check(out.Authenticated)
	}
	s.tellLogin(step, want, &out, err)
	return out, err
}

func (s *Service) outcome(step *journey.Step, end journey.End, err error, c *Credentials) (Outcome, error) {
	for err == nil && len(end.Asked.Callbacks) > 0 && c != nil {
		answers, ok := c.answer(end.Asked.Callbacks)
		if !ok {
			break
		}
		end, err = journey.Resume(step, answers)
	}
	if err != nil {
		return Outcome{}, s.refusal(step.Context(), err)
	}
	st := step.State
	switch {
	case len(end.Asked.Callbacks) > 0:
		raw, err := json.Marshal(st)
		if err != nil {
			return Outcome{}, err
		}
		if len(raw) > maxState {
			return Outcome{}, observe.OverLimit("journey_state")
		}
		return Outcome{Asked: &end.Asked, State: s.Realms.SealSecret(string(raw)), Life: time.Duration(st.Timeout()) * time.Minute}, nil
	case !end.Success:
		refused := *errFailure
		if st.Message != "" {
			refused.Message = st.Message
		}
		refused.FailureURL, refused.Details = st.FailureURL, st.FailureDetails
		if refused.Message == errLocked.Message {
			refused = *errLocked
			refused.Message = cmp.Or(st.Lockout, errLocked.Message)
		}
		return Outcome{}, &refused
	}
	a, err := s.finished(step)
	return Outcome{Authenticated: a}, err
}

// finished is who a successful journey authenticated.
func (s *Service) finished(step *journey.Step) (Authenticated, error) {
	st := step.State
	a := Authenticated{
		AuthLevel: st.Level, AMR: slices.Compact(slices.Sorted(slices.Values(st.Methods))), Time: s.Now(), Properties: st.Properties,
		MaxIdle: time.Duration(st.MaxIdle) * time.Minute, MaxLife: time.Duration(st.MaxLife) * time.Minute, SuccessURL: st.SuccessURL,
	}
	if len(st.Path) > 0 {
		a.Tree = st.Path[0].Tree
	}
	a.NoSession = st.NoSession
	a.Details = maps.Clone(st.Details)
	for name, property := range st.DetailProperties {
		if v, ok := st.Properties[property]; ok {
			if a.Details == nil {
				a.Details = map[string]string{}
			}
			a.Details[name] = v
		}
	}
	if st.Agent != "" {
		a.Subject = store.Subject{Type: TypeAgent, Name: st.Agent}
		return a, nil
	}
	u, err := step.User()
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Authenticated{}, errFailure.because(err) // there is nobody of whom the session could be
	case err != nil:
		return Authenticated{}, err
	case !u.IsActive():
		return Authenticated{}, errInactive.because(realm.ErrInactive)
	}
	a.User, a.Subject = u, store.Subject{Type: TypeUser, Name: u.Name}
	for _, c := range st.Cookies {
		if realm.UserID(c.User) == u.ID {
			a.Cookies = append(a.Cookies, c)
		}
	}
	return a, nil
}

// maxState bounds what a client has to carry.
const maxState = 24 << 10

// refusal turns the errors of journeys into what clients are told.
func (s *Service) refusal(ctx context.Context, err error) error {
	var missing *journey.Unsupported
	switch {
	case errors.Is(err, journey.ErrNoTree):
		return errNoTree.because(err)
	case errors.Is(err, journey.ErrFailed):
		return errFailure.because(err)
	case errors.Is(err, journey.ErrAnswers):
		return errCallbacks.because(err)
	case errors.Is(err, realm.ErrBusy):
		return &Refusal{Status: http.StatusServiceUnavailable, Message: "The server is busy", Cause: err}
	case errors.As(err, &missing):
		s.Log.ErrorContext(ctx, "journey", "error", err)
		return &Refusal{Status: http.StatusNotImplemented, Message: "The journey has a node of type " + missing.Type + ", which is not supported by this server", Cause: err}
	}
	return err
}

// answer fills in callbacks when they ask for nothing but a name and a password, each once.
func (c *Credentials) answer(asked []journey.Callback) ([]journey.Callback, bool) {
	named, proved := c.named, c.proved
	out := make([]journey.Callback, len(asked))
	for i, cb := range asked {
		cb.Input = slices.Clone(cb.Input)
		switch {
		case cb.Type == journey.NameCallback && !named && c.Name != "":
			cb.Input[0].Value, named = c.Name, true
		case cb.Type == journey.PasswordCallback && !proved && c.Password != "":
			cb.Input[0].Value, proved = c.Password, true
		default:
			return nil, false
		}
		out[i] = cb
	}
	c.named, c.proved = named, proved
	return out, true
}

// credentialsIn are the name and the password in callbacks that ask for nothing else, nil for none.
func credentialsIn(answers []journey.Callback) *Credentials {
	if len(answers) != 2 || answers[0].Type != journey.NameCallback || answers[1].Type != journey.PasswordCallback {
		return nil
	}
	c := &Credentials{}
	for i, to := range []*string{&c.Name, &c.Password} {
		if len(answers[i].Input) != 1 {
			return nil
		}
		*to, _ = answers[i].Input[0].Value.(string)
	}
	if c.Name == "" || c.Password == "" {
		return nil
	}
	return c
}

// host is what nodes may do.
type host struct{ *Service }

func (h host) BackchannelURL(r *http.Request, rl *realm.Realm, id string) (string, error) {
	if h.Place == nil || h.Itself != nil && !h.Itself(r, rl) {
		return "", errStranger
	}
	return BackchannelURL(h.Place(r, rl), id), nil
}

func (h host) User(ctx context.Context, rl *realm.Realm, name, password string) (u *realm.User, err error) {
	err = h.guarded(rl, TypeUser, name, func() error {
		u, err = rl.CheckPassword(ctx, name, password)
		return err
	})
	return u, err
}

func (h host) Agent(ctx context.Context, rl *realm.Realm, name, password string) (id string, err error) {
	err = h.guarded(rl, TypeAgent, name, func() error {
		agent, err := rl.Agent(ctx, name)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return realm.ErrBadCredentials
		case err != nil:
			return err
		case !agent.CheckSecret(password):
			return realm.ErrBadCredentials
		case !agent.IsActive():
			return realm.ErrBadCredentials // agents are told no more
		}
		id = agent.ID
		return nil
	})
	return id, err
}

func (h host) FindAgent(ctx context.Context, rl *realm.Realm, name string) (string, error) {
	agent, err := rl.Agent(ctx, name)
	if err != nil {
		return "", err
	}
	if !agent.IsActive() {
		return "", fmt.Errorf("agent %s: %w", name, store.ErrNotFound)
	}
	return agent.ID, nil
}

func (h host) Find(ctx context.Context, rl *realm.Realm, name string) (*realm.User, error) {
	return rl.User(ctx, name)
}

func (h host) ChangePassword(ctx context.Context, rl *realm.Realm, name, current, next string) error {
	u, err := rl.User(ctx, name)
	if err == nil && u.External == "" {
		err = fmt.Errorf("change the password of %s: %w", name, realm.ErrRefusedPassword)
	}
	if err != nil {
		return err
	}
	return rl.ChangePassword(ctx, u, current, next)
}

var errNoDirectories = errors.New("this server has no directories")

func (h host) UserAt(ctx context.Context, rl *realm.Realm, d *realm.Directory, name, password string) (u *realm.User, err error) {
	at := rl.Identities()
	if at == nil {
		return nil, errNoDirectories
	}
	err = h.guarded(rl, TypeUser, name, func() error {
		u, err = at.CheckAt(ctx, d, name, password)
		if err == nil && !u.IsActive() {
			u, err = nil, realm.ErrInactive
		}
		return err
	})
	return u, err
}

func (h host) ChangePasswordAt(ctx context.Context, rl *realm.Realm, d *realm.Directory, name, current, next string) error {
	at := rl.Identities()
	if at == nil {
		return errNoDirectories
	}
	return at.ChangePasswordAt(ctx, d, name, current, next)
}

func (h host) Matches(ctx context.Context, hash, text string) (bool, error) {
	return h.Realms.MatchesHash(ctx, hash, text)
}

func (h host) Save(ctx context.Context, rl *realm.Realm, u *realm.User) error {
	return rl.SaveUser(ctx, u)
}

func (h host) Guess(rl *realm.Realm, user string) (bool, func(bool) bool) {
	key := guardKey(rl.Path, "otp", user)
	return h.guard.Wait(key) == 0, func(right bool) bool { return h.guard.Settle(key, right) && right }
}

func (h host) Origin(r *http.Request, rl *realm.Realm) string {
	if h.Options.Origin != nil {
		return h.Options.Origin(r, rl)
	}
	return ""
}

var errNoScripts = errors.New("this server runs no scripts in journeys")

func (h host) Decide(ctx context.Context, sc *realm.Script, in *script.DecisionInput) (*script.Decision, error) {
	if h.Scripts == nil {
		return nil, errNoScripts
	}
	return h.Scripts.Decide(ctx, sc, in)
}

func (h host) Profile(ctx context.Context, sc *realm.Script, rl *realm.Realm, binding string, profile map[string]any) (map[string]any, error) {
	if h.Scripts == nil {
		return nil, errNoScripts
	}
	return h.Scripts.Profile(ctx, sc, rl, binding, profile)
}

func (h host) Providers() *social.Client { return h.providers }

func (h host) OpenSecret(sealed string) (string, error) { return h.Realms.OpenSecret(sealed) }

func (h host) SealSecret(plain string) string { return h.Realms.SealSecret(plain) }
