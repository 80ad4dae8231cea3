package login

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/am/store"
)

//go:embed pages
var pageFiles embed.FS

// pagePolicy lets a page load its style sheet and send its form, and nothing else.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// page is what the template shows.
type page struct {
	Title, Realm, Error, Text string
	Context                   string
	// Form shows the fields for name and password, sent to Action.
	Form         bool
	Action, Name string
	// Next is where the browser goes by itself.
	Next string
	Link *link
}

type link struct{ URL, Text string }

// ServePage answers the pages for browsers below <context>/XUI and <context>/UI: signing in, with or without
// JavaScript, and signing out (PingAM: UI/Login, UI/Logout).
func (s *Service) ServePage(w http.ResponseWriter, r *http.Request, place Place, tree, path string) {
	switch {
	case tree == "UI" && path == "Logout", tree == "XUI" && path == "logout":
		s.logoutPage(w, r, place)
	case tree == "UI" && path == "Login", tree == "XUI" && (path == "" || path == "index.html"):
		s.loginPage(w, r, place)
	case tree == "XUI" && path == "style.css":
		w.Header().Set("Cache-Control", "public, max-age=3600")
		http.ServeFileFS(w, r, pageFiles, "pages/style.css")
	default:
		s.show(w, place, http.StatusNotFound, page{Title: "Not found", Text: "There is no such page."})
	}
}

func (s *Service) loginPage(w http.ResponseWriter, r *http.Request, place Place) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		s.loginForm(w, r, place)
	case http.MethodPost:
		s.loginPosted(w, r, place)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		s.show(w, place, http.StatusMethodNotAllowed, page{Title: "Not possible", Text: "This page is read or sent as a form."})
	}
}

// loginForm shows the form, or goes on for those who are signed in already.
func (s *Service) loginForm(w http.ResponseWriter, r *http.Request, place Place) {
	q := r.URL.Query()
	found, err := s.FromRequest(r)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.broken(w, place, err)
		return
	}
	if err != nil || found.Realm != place.Realm.Path || q.Get("ForceAuth") == "true" || q.Get("arg") == "newsession" {
		s.show(w, place, http.StatusOK, s.form(r, place, q.Get("login_hint"), ""))
		return
	}
	if _, err := s.Touch(r.Context(), found.Token); err != nil {
		s.broken(w, place, err)
		return
	}
	if to := q.Get("goto"); s.ValidGoto(r.Context(), place, to) {
		http.Redirect(w, r, to, http.StatusFound)
		return
	}
	s.show(w, place, http.StatusOK, page{
		Title: "You are signed in", Text: "Signed in as " + found.Subject.Name + ".",
		Link: &link{place.Context + "/UI/Logout?realm=" + url.QueryEscape(place.Realm.Path), "Sign out"},
	})
}

func (s *Service) form(r *http.Request, place Place, name, wrong string) page {
	action := url.URL{Path: r.URL.Path, RawQuery: r.URL.RawQuery}
	return page{Title: "Sign in", Form: true, Action: action.String(), Name: name, Error: wrong}
}

func (s *Service) loginPosted(w http.ResponseWriter, r *http.Request, place Place) {
	if err := s.foreign.Check(r); err != nil {
		// Else a foreign page could sign its visitors in as somebody else.
		s.show(w, place, http.StatusForbidden, page{Title: "Not possible", Text: "The form was sent by a page of another site."})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		s.show(w, place, http.StatusBadRequest, page{Title: "Not possible", Text: "The form could not be read."})
		return
	}
	q := r.URL.Query()
	tree := q.Get("service")
	if q.Get("authIndexType") == "service" {
		tree = q.Get("authIndexValue")
	}
	name, password := r.PostForm.Get("IDToken1"), r.PostForm.Get("IDToken2")
	tree, err := s.tree(r.Context(), place.Realm, tree)
	var a Authenticated
	if err == nil {
		a, err = s.authenticate(r.Context(), place.Realm, tree, name, password)
	}
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		s.loginRefused(w, r, place, name, refusal)
		return
	}
	token := ""
	if err == nil {
		token, err = s.begin(r.Context(), place.Realm, a, tree)
	}
	if err != nil {
		s.broken(w, place, err)
		return
	}
	s.setCookies(w, r, place, token)
	to := q.Get("goto")
	if to == "" {
		to = r.PostForm.Get("goto")
	}
	if !s.ValidGoto(r.Context(), place, to) {
		to = place.SuccessURL()
	}
	s.goOn(w, r, place, to)
}

// goOn sends the browser on after a form was sent. Browsers hold a page's form-action against the redirects that
// follow as well, and those lead to clients' addresses that are not known here: so they get a page that leads on.
// Others get the redirect that they expect.
func (s *Service) goOn(w http.ResponseWriter, r *http.Request, place Place, to string) {
	if r.Header.Get("Sec-Fetch-Mode") == "" {
		http.Redirect(w, r, to, http.StatusFound)
		return
	}
	s.show(w, place, http.StatusOK, page{Title: "Signed in", Next: to})
}

func (s *Service) loginRefused(w http.ResponseWriter, r *http.Request, place Place, name string, refusal *Refusal) {
	if to := r.URL.Query().Get("gotoOnFail"); refusal.Status == http.StatusUnauthorized && s.ValidGoto(r.Context(), place, to) {
		s.goOn(w, r, place, to)
		return
	}
	text := ""
	switch {
	case refusal.Message == errFailure.Message:
		text = "The user name or the password is not right."
	case refusal == errLocked:
		text = "Too many attempts. Wait a minute and try again."
	case refusal.Status == http.StatusServiceUnavailable:
		text = "The server is busy. Try again in a moment."
	default:
		text = refusal.Message
	}
	s.show(w, place, refusal.Status, s.form(r, place, name, text))
}

// logoutPage ends the session of the browser.
func (s *Service) logoutPage(w http.ResponseWriter, r *http.Request, place Place) {
	found, err := s.FromRequest(r)
	if err == nil {
		err = s.End(r.Context(), found.Token)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.broken(w, place, err)
		return
	}
	s.ClearCookies(w, r, place)
	if to := r.URL.Query().Get("goto"); s.ValidGoto(r.Context(), place, to) {
		http.Redirect(w, r, to, http.StatusFound)
		return
	}
	s.show(w, place, http.StatusOK, page{
		Title: "You are signed out", Link: &link{place.Context + "/XUI/?realm=" + url.QueryEscape(place.Realm.Path), "Sign in again"},
	})
}

func (s *Service) broken(w http.ResponseWriter, place Place, err error) {
	s.Log.Error("sign-in page", "realm", place.Realm.Path, "error", err)
	s.show(w, place, statusOf(err), page{Title: "Something went wrong", Text: "The server could not do this. Try again later."})
}

func (s *Service) show(w http.ResponseWriter, place Place, status int, p page) {
	p.Context = place.Context
	if place.Realm.Path != "/" {
		p.Realm = strings.TrimPrefix(place.Realm.Path, "/")
	}
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, "page", p); err != nil {
		s.Log.Error("show page", "error", err)
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html;charset=UTF-8")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the browser is gone; nobody is left to tell
}

func parsePages() *template.Template {
	return template.Must(template.ParseFS(pageFiles, "pages/page.html"))
}
