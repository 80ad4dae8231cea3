package console

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/am/login"
	"gatehouse/internal/ui"
)

// visit is one request of a browser.
type visit struct {
	w       http.ResponseWriter
	r       *http.Request
	place   login.Place
	console *Console
	page    *page
	vars    map[string]string

	api *api
	// token is the session's, handle names it in lists, person is the name of who has it.
	token, handle, person string
	// personRealm is where the person belongs, which need not be the page's.
	personRealm string
	realms      []string
	lang        ui.Lang
}

// realm is the address of the realm that the page is about: "/alpha".
func (v *visit) realm() string { return v.place.Realm.Path }

// in is the address of a resource of the realm: in("users", "demo").
func (v *visit) in(parts ...string) string {
	return login.RealmAddress(v.realm()) + "/" + address(parts[0], parts[1:]...)
}

// lookAround finds out which realms there are. Who may not know that is no administrator.
func (v *visit) lookAround() error {
	found, err := v.api.all("global-config/realms", url.Values{})
	switch statusOf(err) {
	case http.StatusUnauthorized:
		return v.signIn()
	case http.StatusForbidden:
		return errNotAdmin
	}
	if err != nil {
		return err
	}
	v.api.calls = nil // this one is the frame's, not the page's
	for _, o := range found {
		v.realms = append(v.realms, realmPathOf(o))
	}
	slices.Sort(v.realms)
	return nil
}

// realmPathOf is the path of a realm as the interface tells of it.
func realmPathOf(o object) string {
	name := text(o["name"])
	if name == "/" {
		return "/"
	}
	return strings.TrimSuffix(text(o["parentPath"]), "/") + "/" + name
}

var errNotAdmin = errors.New("not an administrator")

// signIn leads to the sign-in page and back here.
func (v *visit) signIn() error {
	if v.r.Header.Get("HX-Request") == "true" {
		v.w.Header().Set("HX-Refresh", "true") // the whole page goes, not a piece of it
		v.w.WriteHeader(http.StatusUnauthorized)
		return nil
	}
	back := v.r.URL.RequestURI()
	if v.r.Method != http.MethodGet {
		back = v.place.Context + "/console/"
	}
	http.Redirect(v.w, v.r, v.place.Context+"/XUI/?"+url.Values{"realm": {"/"}, "goto": {back}}.Encode(), http.StatusFound)
	return nil
}

// link is an address of the console that keeps the realm. The path is below console; it may have a query.
func (v *visit) link(path string) string {
	path, query, _ := strings.Cut(path, "?")
	path, anchor, _ := strings.Cut(path, "#")
	q, _ := url.ParseQuery(query)
	if !q.Has("realm") && v.realm() != "/" {
		q.Set("realm", v.realm())
	}
	out := v.place.Context + "/console/" + path
	if len(q) > 0 {
		out += "?" + q.Encode()
	}
	if anchor != "" {
		out += "#" + anchor
	}
	return out
}

// goTo ends a form: the browser reads the page at path, which tells what was done.
func (v *visit) goTo(path, done string) error {
	if done != "" {
		v.remember(done)
	}
	http.Redirect(v.w, v.r, v.link(path), http.StatusSeeOther)
	return nil
}

const doneCookie = "gatehouse-console-done"

// remember keeps a sentence for the next page.
func (v *visit) remember(done string) {
	http.SetCookie(v.w, &http.Cookie{
		Name: doneCookie, Value: base64.RawURLEncoding.EncodeToString([]byte(done)), Path: v.place.Context + "/console/", MaxAge: 60,
		HttpOnly: true, Secure: strings.HasPrefix(v.place.Base, "https:"), SameSite: http.SameSiteStrictMode,
	})
}

// done is the sentence that the last page left, once.
func (v *visit) done() string {
	c, err := v.r.Cookie(doneCookie)
	if err != nil || c.Value == "" {
		return ""
	}
	http.SetCookie(v.w, &http.Cookie{Name: doneCookie, Path: v.place.Context + "/console/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	raw, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || len(raw) > 500 {
		return ""
	}
	return string(raw)
}

// proof is what a form carries to show that it is of a page that this session was given: another site can neither
// read the page nor make the value, which needs the token of the session.
func (v *visit) proof() string {
	mac := hmac.New(sha256.New, []byte(v.token))
	mac.Write([]byte("form of the console"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// checkForm reads a form that was sent and refuses those that other sites made.
func (v *visit) checkForm() error {
	// Browsers say this where there is TLS, and on this machine; elsewhere the proof alone decides.
	if site := v.r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return errForeignForm
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	kind, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return &apiError{Status: http.StatusUnsupportedMediaType, Message: "The page takes forms."}
	}
	if err := v.r.ParseForm(); err != nil {
		return &apiError{Status: http.StatusBadRequest, Message: "The form could not be read."}
	}
	if !hmac.Equal([]byte(v.r.PostForm.Get("csrf")), []byte(v.proof())) {
		return errForeignForm
	}
	return nil
}

var errForeignForm = &apiError{
	Status:  http.StatusForbidden,
	Message: "The form is not of a page that this session was given. Open the page again and repeat what you did.",
}

// form is a value of the form that was sent, without white space around it.
func (v *visit) form(name string) string { return strings.TrimSpace(v.r.PostForm.Get(name)) }

// query is a value of the address.
func (v *visit) query(name string) string { return v.r.URL.Query().Get(name) }
