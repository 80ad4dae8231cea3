package oauth

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/ui"
)

// loginAfter carries, through the sign-in and back, since when the user has to have signed in again: see stamp.
const loginAfter = "login_after"

// signIn finds the session that the answer will rest on, or sends the browser to get one.
func (a *authorization) signIn() (bool, error) {
	hint, err := a.hintedSubject()
	if err != nil {
		return false, err
	}
	err = a.findSession()
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	if err != nil {
		if done, err := a.handOn(a.again(), ui.Policy{Forms: []string{originOf(a.redirect)}}); done {
			return true, err
		}
		if a.prompt.none {
			return false, errInteraction.Because(errNoSession)
		}
		return true, a.toLogin(LoginHints{Tree: a.tree(), Force: a.session.ID() != ""})
	}
	if hint != "" && hint != a.subjectFor(a.client, a.session.Subject) {
		if a.prompt.none {
			return false, errLogin
		}
		return true, a.toLogin(LoginHints{Tree: a.tree(), Force: true})
	}
	fresh, err := a.fresh()
	if err != nil {
		return false, err
	}
	if fresh {
		return false, a.checkACR()
	}
	if a.prompt.none {
		return false, errLogin.Because(errors.New("the session is too old or of another kind"))
	}
	return true, a.toLogin(LoginHints{Tree: a.tree(), Force: true})
}

// findSession reads the session of this realm that the request shows, and its user.
func (a *authorization) findSession() error {
	sess, token, err := a.Login.Session(a.r)
	if err != nil {
		return err
	}
	if sess.Realm != a.Realm.Path || sess.Subject.Type != subjectUser {
		a.session = sess
		return store.ErrNotFound
	}
	a.user, err = a.ActiveUser(a.r.Context(), sess.Subject, errLogin)
	if errors.Is(err, errLogin) && !sess.Admin {
		return store.ErrNotFound
	}
	if err != nil && !errors.Is(err, errLogin) {
		return err
	}
	a.session, a.token = sess, token
	return nil
}

// fresh tells whether the session is recent enough and of the right kind, and settles the acr.
func (a *authorization) fresh() (bool, error) {
	since, err := a.askedSince()
	if err != nil {
		return false, err
	}
	again := !since.IsZero() && !a.session.Created.Before(since) // signed in since the first request
	if tree := a.client.Advanced.Tree.ID(); tree != "" && (!again || a.session.Tree != tree) || a.prompt.login && !again {
		return false, nil
	}
	if age, ok := a.maxAge(); ok && !again && a.Now().Sub(a.session.Created) > age {
		return false, nil
	}
	trees := a.Settings.AdvancedOIDC.LoAMapping
	wanted := false
	for _, acr := range a.requestedACRs() {
		tree, known := trees[acr]
		if known && tree == a.session.Tree {
			a.acr = acr
			return true, nil
		}
		wanted = wanted || known
	}
	return !wanted || again, nil // whoever signed in and is still of another kind gets acr "0"
}

// checkACR refuses an answer in which the acr is not one of those that are essential (OIDC Core §5.5.1.1).
func (a *authorization) checkACR() error {
	acrs, essential := idTokenClaim(a.claimsParameter(), "acr")
	if essential && len(acrs) > 0 && !contains(acrs, a.acr) {
		return Refuse("unmet_authentication_requirements", "The sign-in was of none of the kinds that the request needs.")
	}
	return nil
}

// maxAge is the longest time that the sign-in may be ago.
func (a *authorization) maxAge() (time.Duration, bool) {
	if n, err := strconv.Atoi(a.form.Get("max_age")); err == nil {
		return seconds(max(n, a.Settings.AdvancedOIDC.MinMaxAge)), true
	}
	return seconds(a.client.OIDC.DefaultMaxAge), a.client.OIDC.DefaultMaxAgeEnabled
}

// tree is the journey to sign in with, "" for the realm's own.
func (a *authorization) tree() string {
	if id := a.client.Advanced.Tree.ID(); id != "" {
		return id
	}
	for _, acr := range a.requestedACRs() {
		if tree := a.Settings.AdvancedOIDC.LoAMapping[acr]; tree != "" {
			return tree
		}
	}
	return cmp.Or(a.form.Get("service"), a.form.Get("auth_chain"))
}

// toLogin sends the browser to sign in and to come back with the same request.
func (a *authorization) toLogin(h LoginHints) error {
	h.Locale = cmp.Or(a.form.Get("ui_locales"), a.form.Get("locale"))
	h.User = a.form.Get("login_hint")
	if err := a.keepPushed(a.r.Context()); err != nil {
		return err
	}
	back := a.asked()
	stamp, err := a.stamp(a.Now().UnixMilli(), back)
	if err != nil {
		return err
	}
	back.set(loginAfter, stamp)
	h.ACR = strings.Join(a.requestedACRs(), " ")
	return a.toSignIn(a.Issuer+"/authorize?"+back.encode(), h)
}

// ownParameters are what this server, its pages and remote consent services add to what a client asks for.
func ownParameters() []string {
	return []string{"decision", "csrf", "save_consent", consentResponse, consentAgain, loginAfter}
}

// asked is what the client asked for, without what this server and its pages add on the way.
func (a *authorization) asked() *Form {
	return a.original().without(append(ownParameters(), "realm")...)
}

// unanswered is the request as it came, without what pages and remote consent services add.
func (a *authorization) unanswered() *Form {
	f := a.asked()
	if after := a.form.Get(loginAfter); after != "" {
		f.set(loginAfter, after)
	}
	return f
}

// stamp says when the request came first, in a way that nobody else can say: whoever could would pass off an old
// session as one that was begun for this request.
func (a *authorization) stamp(ms int64, asked *Form) (string, error) {
	key, err := a.Realm.Keys().Active(a.r.Context(), realm.LabelAuthenticity)
	if err != nil {
		return "", err
	}
	when := strconv.FormatInt(ms, 10)
	mac := hmac.New(sha256.New, key.Secret())
	mac.Write([]byte("login after\x00" + a.Realm.Path + "\x00" + when + "\x00" + asked.encode()))
	return when + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18]), nil
}

// askedSince is when this request came first, zero when it comes for the first time.
func (a *authorization) askedSince() (time.Time, error) {
	shown := a.form.Get(loginAfter)
	when, _, _ := strings.Cut(shown, ".")
	ms, err := strconv.ParseInt(when, 10, 64)
	if err != nil {
		return time.Time{}, nil
	}
	own, err := a.stamp(ms, a.asked())
	if err != nil || subtle.ConstantTimeCompare([]byte(shown), []byte(own)) != 1 {
		return time.Time{}, err
	}
	return time.UnixMilli(ms), nil
}

// original is the request as it came: a pushed one by its name again, a request object with what was around it.
func (a *authorization) original() *Form {
	if a.outer != nil {
		return a.outer
	}
	if a.pushed == "" {
		return a.form
	}
	f := &Form{}
	f.set("client_id", a.client.ID)
	f.set("request_uri", a.pushed)
	return f
}

func (a *authorization) go302(where string) {
	h := a.w.Header()
	protect(h)
	h.Set("Location", where)
	a.w.WriteHeader(http.StatusFound)
}
