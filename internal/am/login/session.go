package login

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// tokenTail ends session tokens, so that clients which look for PingAM's form find it: "*AAJ…*" names server 01 and
// no site. It has a dot and stars, which cookies, headers and addresses carry unharmed.
const tokenTail = ".*AAJTSQACMDEAAlNLAAEwAAR0eXBlAANDVFMAAlMxAAA.*"

// maxToken is longer than any token that was given out.
const maxToken = 512

// Found is the session that a request shows.
type Found struct {
	store.Session
	Token string
	// Cookie tells that the token came in the cookie, which browsers send unasked.
	Cookie bool
}

// FromRequest returns the live session that r shows in the header named like the cookie, else in the cookie;
// store.ErrNotFound when there is none. It does not count as use of the session, see Touch.
func (s *Service) FromRequest(r *http.Request) (Found, error) {
	if token := r.Header.Get(s.Cookie); token != "" {
		sess, err := s.Find(r.Context(), token)
		return Found{Session: sess, Token: token}, err
	}
	// A browser may send several: those of other domains or paths, and dead ones.
	for i, cookie := range r.CookiesNamed(s.Cookie) {
		if i == 4 {
			break
		}
		sess, err := s.Find(r.Context(), cookie.Value)
		if err == nil || !errors.Is(err, store.ErrNotFound) {
			return Found{Session: sess, Token: cookie.Value, Cookie: true}, err
		}
	}
	return Found{}, fmt.Errorf("session of the request: %w", store.ErrNotFound)
}

// Find returns the live session of a token, or store.ErrNotFound. It does not count as use.
func (s *Service) Find(ctx context.Context, token string) (store.Session, error) {
	id, err := s.idOf(ctx, token)
	if err != nil {
		return store.Session{}, fmt.Errorf("find session: %w", err)
	}
	sess, err := s.sessions.FindByID(ctx, id)
	if err == nil && !s.Now().Before(sess.Ends()) {
		return store.Session{}, fmt.Errorf("find session: %w", store.ErrNotFound)
	}
	return sess, err
}

// Touch notes that the session is in use, which starts its idle time anew.
func (s *Service) Touch(ctx context.Context, token string) (store.Session, error) {
	id, err := s.idOf(ctx, token)
	if err != nil {
		return store.Session{}, fmt.Errorf("find session: %w", err)
	}
	return s.sessions.TouchByID(ctx, id)
}

// idOf is the stored ID of the session that the token stands for: the session's own, or an ID token that may be shown
// in its place. What cannot be a token is store.ErrNotFound.
func (s *Service) idOf(ctx context.Context, token string) (string, error) {
	if strings.HasPrefix(token, "eyJ") && !strings.Contains(token, "*") && s.IDToken != nil {
		return s.IDToken(ctx, token)
	}
	if token == "" || len(token) > maxToken {
		return "", store.ErrNotFound
	}
	return store.IDOf(token), nil
}

// Sessions are the stored sessions.
func (s *Service) Sessions() store.Sessions { return s.sessions }

// End ends the session of a token. One that is gone is no error.
func (s *Service) End(ctx context.Context, token string) error {
	id, err := s.idOf(ctx, token)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	sess, err := s.sessions.FindByID(ctx, id)
	if err := s.sessions.EndByID(ctx, id); err != nil {
		return err
	}
	if err == nil {
		s.tell(ctx, Event{Kind: EventLogout, Realm: sess.Realm, Subject: sess.Subject, Session: sess.CtxID})
	}
	return nil
}

// Destroy ends a session without its token: an administrator does, or its account has changed.
func (s *Service) Destroy(ctx context.Context, sess store.Session) error {
	if err := s.sessions.EndByID(ctx, sess.ID()); err != nil {
		return err
	}
	s.tell(ctx, Event{Kind: EventDestroyed, Realm: sess.Realm, Subject: sess.Subject, Session: sess.CtxID})
	return nil
}

// EndAll ends the sessions of a subject.
func (s *Service) EndAll(ctx context.Context, rl *realm.Realm, sub store.Subject) (int, error) {
	list, err := s.sessions.ListOf(ctx, rl.Path, sub)
	if err != nil {
		return 0, err
	}
	ended := 0
	for _, sess := range list {
		if err := s.Destroy(ctx, sess); err != nil {
			return ended, err
		}
		ended++
	}
	return ended, nil
}

// begin makes a session of a successful authentication. over is the session that the request shows, nil for none: when
// it is the same subject's, the new one takes its place, with its properties and no lower level (PingAM: session upgrade).
func (s *Service) begin(ctx context.Context, rl *realm.Realm, a Authenticated, over *store.Session) (string, error) {
	idle, life := s.times(ctx, rl)
	if a.MaxLife > 0 {
		life = min(a.MaxLife, maxMinutes*time.Minute)
	}
	if a.MaxIdle > 0 {
		idle = min(a.MaxIdle, maxMinutes*time.Minute)
	}
	idle = min(idle, life)
	now := s.Now().UTC()
	token := store.NewRaw() + tokenTail
	sess := store.Session{
		Realm:       rl.Path,
		Subject:     a.Subject,
		UniversalID: UniversalID(rl.Path, a.Subject),
		Created:     now,
		LastAccess:  now,
		MaxIdle:     idle,
		MaxLife:     life,
		AuthLevel:   a.AuthLevel,
		Tree:        a.Tree,
		AMR:         a.AMR,
		Properties:  a.Properties,
		Admin:       a.Subject.Type == TypeUser && IsAdmin(rl.Path, a.Subject.Name),
		CtxID:       fmt.Sprintf("%s-%d", uuid.NewString(), now.UnixNano()%100000),
		Handle:      "shandle:" + rand.Text() + ".*AAJTSQACMDEAAlMxAAA.*",
	}
	if over != nil && !SameSubject(over, &sess) {
		over = nil
	}
	if over != nil {
		sess.AuthLevel = max(sess.AuthLevel, over.AuthLevel)
		sess.Properties = maps.Clone(over.Properties)
		if sess.Properties == nil {
			sess.Properties = a.Properties
		} else {
			maps.Copy(sess.Properties, a.Properties)
		}
	}
	room, err := s.room(ctx, rl, a)
	if err != nil {
		return "", err
	}
	old := ""
	if over != nil {
		old = over.ID()
	}
	replaced, err := s.sessions.Begin(ctx, token, sess, old, room)
	if err != nil {
		return "", err
	}
	if replaced {
		s.tell(ctx, Event{Kind: EventDestroyed, Realm: over.Realm, Subject: over.Subject, Session: over.CtxID})
	}
	s.tell(ctx, Event{Kind: EventSession, Realm: rl.Path, Subject: a.Subject, Session: sess.CtxID, Tree: a.Tree})
	return token, nil
}

// SameSubject tells whether two sessions are of one user or agent.
func SameSubject(a, b *store.Session) bool {
	return a.Realm == b.Realm && a.Subject.Type == b.Subject.Type && realm.UserID(a.Subject.Name) == realm.UserID(b.Subject.Name)
}

// times are the idle and whole life of the realm's new sessions: minutes, in its session service, or in what the server
// has for realms without one.
func (s *Service) times(ctx context.Context, rl *realm.Realm) (idle, life time.Duration) {
	idle, life = defaultIdle, defaultLife
	type dynamic struct {
		Idle int `json:"maxIdleTime"`
		Life int `json:"maxSessionTime"`
	}
	var body struct {
		Dynamic  dynamic `json:"dynamic"`
		Defaults struct {
			Dynamic dynamic `json:"dynamic"`
		} `json:"defaults"`
	}
	doc, err := rl.Service(ctx, ServiceSession)
	if errors.Is(err, store.ErrNotFound) {
		doc, err = s.docs.Get(ctx, "", store.KindGlobal, ServiceSession)
	}
	if errors.Is(err, store.ErrNotFound) {
		return idle, life
	}
	if err == nil {
		err = json.Unmarshal(doc.Body, &body)
	}
	if err != nil {
		s.Log.Warn("the session service cannot be used", "realm", rl.Path, "error", err)
		return idle, life
	}
	if n := cmp.Or(body.Dynamic.Idle, body.Defaults.Dynamic.Idle); n > 0 && n <= maxMinutes {
		idle = time.Duration(n) * time.Minute
	}
	if n := cmp.Or(body.Dynamic.Life, body.Defaults.Dynamic.Life); n > 0 && n <= maxMinutes {
		life = time.Duration(n) * time.Minute
	}
	return min(idle, life), life
}

// maxMinutes bounds configured times to a year.
const maxMinutes = 365 * 24 * 60

// UniversalID is the name of a subject in the manner of a directory (PingAM: universal ID).
func UniversalID(realmPath string, sub store.Subject) string {
	if sub.Type == TypeUser && IsAdmin(realmPath, sub.Name) {
		return "id=amadmin,ou=user,ou=am-config"
	}
	kind := "user"
	if sub.Type == TypeAgent {
		kind = "agent"
	}
	return "id=" + sub.Name + ",ou=" + kind + "," + RealmDN(realmPath)
}

// RealmDN is the name of a realm in the manner of a directory.
func RealmDN(path string) string {
	const base = "dc=openam,dc=forgerock,dc=org"
	if path == "/" {
		return base
	}
	var dn strings.Builder
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i := len(parts) - 1; i >= 0; i-- {
		dn.WriteString("o=" + parts[i] + ",")
	}
	return dn.String() + "ou=services," + base
}
