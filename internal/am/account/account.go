// Package account is the page on which users see to what is theirs: the sessions that are open in their name, the
// applications that hold tokens for them, the keys and devices that they sign in with, and their password.
package account

import (
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/store"
	"gatehouse/internal/ui"
)

//go:embed pages
var files embed.FS

var pages = ui.MustParse(files, "pages")

const maxForm = 16 << 10

// Options are what the pages work with; all are needed.
type Options struct {
	Login *login.Service
	// API is the administration interface. What it offers to users is asked of it, in their name, so that its rules
	// hold here too.
	API http.Handler
	Log *slog.Logger
}

// Pages answers <context>/account.
type Pages struct {
	Options
	foreign *http.CrossOriginProtection
}

// New returns the pages.
func New(o Options) *Pages {
	return &Pages{Options: o, foreign: http.NewCrossOriginProtection()}
}

// visit is one request of a user.
type visit struct {
	*Pages
	w     http.ResponseWriter
	r     *http.Request
	place login.Place
	found login.Found
	page  *ui.Page
}

// ServeHTTP answers a request for <context>/account, path being what follows.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request, place login.Place, path string) {
	v := &visit{Pages: p, w: w, r: r, place: place}
	found, err := p.Login.FromRequest(r)
	if err == nil {
		_, err = p.Login.Touch(r.Context(), found.Token)
	}
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		v.broken(err)
		return
	case err != nil || found.Subject.Type != login.TypeUser || found.Realm != place.Realm.Path:
		v.toSignIn()
		return
	}
	v.found = found
	v.page = p.Login.Page(r, place)
	if path != "" {
		v.message(http.StatusNotFound, "page.missing.title", "page.missing.text")
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		v.show(http.StatusOK)
	case http.MethodPost:
		v.change()
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		v.message(http.StatusMethodNotAllowed, "page.impossible.title", "page.method.text")
	}
}

func (v *visit) self() string {
	return v.place.Context + "/account?realm=" + url.QueryEscape(v.place.Realm.Path)
}

func (v *visit) toSignIn() {
	q := url.Values{"realm": {v.place.Realm.Path}, "goto": {v.self()}}
	http.Redirect(v.w, v.r, v.place.Context+"/XUI/?"+q.Encode(), http.StatusFound)
}

// session is a session as its user sees it.
type session struct {
	ID                     string
	Here                   bool
	Journey                string
	Started, Used, Expires time.Time
}

// application is a client that holds tokens for the user.
type application struct {
	ID     string            `json:"_id"`
	Name   string            `json:"name"`
	Scopes map[string]string `json:"scopes"`
	Until  *time.Time        `json:"expiryDateTime"`
}

// Display is the name without the language that it may begin with ("en|Photo prints").
func (a application) Display() string { return a.Name[strings.LastIndexByte(a.Name, '|')+1:] }

// Words are what the application may do, in the words of its scopes.
func (a application) Words() []string {
	var list []string
	for scope, words := range a.Scopes {
		if words == "" {
			words = scope
		}
		list = append(list, words)
	}
	slices.Sort(list)
	return list
}

// device is something that the user signs in with beside the password.
type device struct {
	ID       string `json:"_id"`
	Name     string `json:"deviceName"`
	Added    int64  `json:"createdDate"`    // ms
	LastUsed int64  `json:"lastAccessDate"` // ms
	// Kind is "webauthn" or "oath", as the interface has it.
	Kind string `json:"-"`
}

// Since and Used are zero when nobody knows.
func (d device) Since() time.Time { return instant(d.Added) }

// Used is when it was used last.
func (d device) Used() time.Time { return instant(d.LastUsed) }

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// deviceKinds are the kinds that users may look after.
var deviceKinds = []string{"webauthn", "oath"}

type content struct {
	Action, CSRF, SignOut string
	Sessions              []session
	Others                int
	Devices               []device
	Applications          []application
	Password              []ui.Field
}

// show writes the page. What the API does not give is shown as what went wrong, not as nothing.
func (v *visit) show(status int) {
	c := content{Action: v.self(), CSRF: csrfOf(v.found.Token), SignOut: v.place.Context + "/UI/Logout?realm=" + url.QueryEscape(v.place.Realm.Path)}
	var err error
	if c.Sessions, err = v.sessions(); err != nil {
		v.broken(err)
		return
	}
	c.Others = len(c.Sessions) - 1
	var answer struct {
		Result []application `json:"result"`
	}
	if err := v.api(http.MethodGet, "/oauth2/applications?_queryFilter=true", nil, &answer); err != nil {
		v.broken(err)
		return
	}
	c.Applications = answer.Result
	for _, kind := range deviceKinds {
		var found struct {
			Result []device `json:"result"`
		}
		if err := v.api(http.MethodGet, "/devices/2fa/"+kind+"?_queryFilter=true", nil, &found); err != nil {
			v.broken(err)
			return
		}
		for _, d := range found.Result {
			d.Kind = kind
			c.Devices = append(c.Devices, d)
		}
	}
	for _, f := range []struct{ id, key, fill string }{
		{"current", "account.password.current", "current-password"}, {"next", "account.password.next", "new-password"}, {"again", "account.password.again", "new-password"},
	} {
		c.Password = append(c.Password, ui.Field{
			ID: f.id, Name: f.id, Label: v.page.T(f.key), Type: "password", Autocomplete: f.fill, Required: true, Error: v.page.ErrorOf(f.id),
		})
	}
	v.page.Title = v.page.T("account.title")
	v.page.Lead = v.page.T("signedin.as", "name", v.found.Subject.Name)
	v.page.Wide, v.page.Content = true, c
	v.render(status, "account")
}

// sessions are those of the user, the newest first.
func (v *visit) sessions() ([]session, error) {
	all, err := v.Login.Sessions().ListOf(v.r.Context(), v.found.Realm, v.found.Subject)
	if err != nil {
		return nil, err
	}
	var list []session
	for _, s := range all {
		if !v.Login.Now().Before(s.Ends()) {
			continue
		}
		list = append(list, session{s.ID(), s.ID() == v.found.ID(), s.Tree, s.Created, s.LastAccess, s.Ends()})
	}
	slices.SortFunc(list, func(a, b session) int {
		if a.Here != b.Here {
			if a.Here {
				return -1
			}
			return 1
		}
		return b.Started.Compare(a.Started)
	})
	return list, nil
}

// change does what a form of the page asks for, and shows the page again.
func (v *visit) change() {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if err := v.foreign.Check(v.r); err != nil {
		v.message(http.StatusForbidden, "page.impossible.title", "page.foreign.text")
		return
	}
	if err := v.r.ParseForm(); err != nil {
		v.message(http.StatusBadRequest, "page.impossible.title", "page.form.text")
		return
	}
	if subtle.ConstantTimeCompare([]byte(v.r.PostForm.Get("csrf")), []byte(csrfOf(v.found.Token))) != 1 {
		v.message(http.StatusForbidden, "page.impossible.title", "page.foreign.text")
		return
	}
	form := v.r.PostForm
	switch form.Get("do") {
	case "end":
		v.end(form.Get("session"))
	case "end-others":
		v.endOthers()
	case "revoke":
		v.revoke(form.Get("application"))
	case "remove":
		v.remove(form.Get("kind"), form.Get("device"))
	case "password":
		v.password(form.Get("current"), form.Get("next"), form.Get("again"))
	default:
		v.message(http.StatusBadRequest, "page.impossible.title", "page.form.text")
	}
}

// end ends one session of the user.
func (v *visit) end(id string) {
	sessions := v.Login.Sessions()
	sess, err := sessions.FindByID(v.r.Context(), id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		v.broken(err)
		return
	}
	if err != nil || !login.SameSubject(&sess, &v.found.Session) {
		v.done(http.StatusNotFound, "warn", "account.session.gone")
		return
	}
	if err := v.Login.Destroy(v.r.Context(), sess); err != nil {
		v.broken(err)
		return
	}
	if id == v.found.ID() {
		v.Login.ClearCookies(v.w, v.r, v.place)
		http.Redirect(v.w, v.r, v.place.Context+"/UI/Logout?realm="+url.QueryEscape(v.place.Realm.Path), http.StatusSeeOther)
		return
	}
	v.done(http.StatusOK, "ok", "account.session.ended")
}

func (v *visit) endOthers() {
	list, err := v.Login.Sessions().ListOf(v.r.Context(), v.found.Realm, v.found.Subject)
	for _, s := range list {
		if err == nil && s.ID() != v.found.ID() {
			err = v.Login.Destroy(v.r.Context(), s)
		}
	}
	if err != nil {
		v.broken(err)
		return
	}
	v.done(http.StatusOK, "ok", "account.sessions.ended")
}

// revoke takes all tokens from an application.
func (v *visit) revoke(id string) {
	err := v.api(http.MethodDelete, "/oauth2/applications/"+url.PathEscape(id), nil, nil)
	if e, ok := errors.AsType[*apiError](err); ok && e.Code == http.StatusNotFound {
		v.done(http.StatusNotFound, "warn", "account.application.gone")
		return
	}
	if err != nil {
		v.broken(err)
		return
	}
	v.done(http.StatusOK, "ok", "account.application.revoked")
}

// remove takes a device away from the user.
func (v *visit) remove(kind, id string) {
	if !slices.Contains(deviceKinds, kind) || id == "" {
		v.message(http.StatusBadRequest, "page.impossible.title", "page.form.text")
		return
	}
	err := v.api(http.MethodDelete, "/devices/2fa/"+kind+"/"+url.PathEscape(id), nil, nil)
	if e, ok := errors.AsType[*apiError](err); ok && e.Code == http.StatusNotFound {
		v.done(http.StatusNotFound, "warn", "account.device.gone")
		return
	}
	if err != nil {
		v.broken(err)
		return
	}
	v.done(http.StatusOK, "ok", "account.device.removed")
}

func (v *visit) password(current, next, again string) {
	t := v.page.T
	switch {
	case current == "":
		v.page.Errors = append(v.page.Errors, ui.FieldError{ID: "current", Text: t("account.password.missing")})
	case next == "":
		v.page.Errors = append(v.page.Errors, ui.FieldError{ID: "next", Text: t("account.password.missing")})
	case next != again:
		v.page.Errors = append(v.page.Errors, ui.FieldError{ID: "again", Text: t("account.password.differ")})
	}
	if v.page.Errors != nil {
		v.show(http.StatusBadRequest)
		return
	}
	err := v.api(http.MethodPost, "?_action=changePassword", map[string]string{"currentpassword": current, "userpassword": next}, nil)
	if e, ok := errors.AsType[*apiError](err); ok && e.Code < 500 {
		id, text := "next", e.Message
		if e.Message == "The password is not the current one" {
			id, text = "current", t("account.password.wrong")
		}
		v.page.Errors = []ui.FieldError{{ID: id, Text: text}}
		v.show(http.StatusBadRequest)
		return
	}
	if err != nil {
		v.broken(err)
		return
	}
	v.done(http.StatusOK, "ok", "account.password.changed")
}

// done shows the page with what happened.
func (v *visit) done(status int, kind, key string) {
	v.page.Alert = &ui.Alert{Kind: kind, Text: v.page.T(key)}
	v.show(status)
}

// apiError is a refusal of the API.
type apiError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *apiError) Error() string { return e.Message }

// api asks the administration interface about the user, in the user's name.
func (v *visit) api(method, path string, in, out any) error {
	header := http.Header{
		"Accept-Api-Version": {"protocol=2.1,resource=1.0"}, "X-Requested-With": {"XMLHttpRequest"},
		http.CanonicalHeaderKey(v.Login.Cookie): {v.found.Token},
	}
	var body []byte
	if in != nil {
		header.Set("Content-Type", "application/json")
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	target := v.place.Context + "/json/" + login.RealmAddress(v.place.Realm.Path) + "/users/" + url.PathEscape(v.found.Subject.Name) + path
	got, err := login.Inside(v.API, v.r, method, target, header, body)
	if err != nil {
		return err
	}
	if got.Status >= 300 {
		e := &apiError{Code: got.Status}
		if err := json.Unmarshal(got.Body.Bytes(), e); err != nil {
			return err
		}
		return e
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(got.Body.Bytes(), out)
}

// csrfOf is what forms hold instead of the session's token, which nothing but its cookie should have.
func csrfOf(token string) string {
	sum := sha256.Sum256([]byte("account:" + token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (v *visit) broken(err error) {
	v.Log.ErrorContext(v.r.Context(), "account page", "realm", v.place.Realm.Path, "error", err)
	v.page = v.Login.Page(v.r, v.place)
	v.message(http.StatusInternalServerError, "page.broken.title", "page.broken.text")
}

func (v *visit) message(status int, title, text string) {
	v.page.Title, v.page.Lead = v.page.T(title), v.page.T(text)
	v.render(status, "message")
}

func (v *visit) render(status int, name string) {
	if err := pages.Render(v.w, status, ui.Card, name, v.page, ui.Policy{}); err != nil {
		v.Log.ErrorContext(v.r.Context(), "show page", "error", err)
		http.Error(v.w, "Internal Server Error", http.StatusInternalServerError)
	}
}
