package login

import (
	"embed"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/ui"
)

//go:embed pages
var pageFiles embed.FS

var (
	pages  = ui.MustParse(pageFiles, "pages")
	assets = ui.AssetHandler()
)

// ServePage answers the pages for browsers below <context>/XUI and <context>/UI: signing in, with or without
// JavaScript, and signing out (PingAM: UI/Login, UI/Logout), and the files that all pages share.
func (s *Service) ServePage(w http.ResponseWriter, r *http.Request, place Place, tree, path string) {
	switch {
	case tree == "UI" && path == "Logout", tree == "XUI" && path == "logout":
		s.logoutPage(w, r, place)
	case tree == "UI" && path == "Login", tree == "XUI" && (path == "" || path == "index.html" || path == "Login"):
		s.loginPage(w, r, place)
	case tree == "XUI" && path == "theme.css":
		s.themeSheet(w, r, place)
	case tree == "XUI" && strings.HasPrefix(path, "assets/"):
		http.StripPrefix(place.Context+"/XUI/assets/", assets).ServeHTTP(w, r)
	default:
		s.message(w, r, place, http.StatusNotFound, "page.missing.title", "page.missing.text")
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
		s.message(w, r, place, http.StatusMethodNotAllowed, "page.impossible.title", "page.method.text")
	}
}

// loginForm shows the first step, or goes on for those who are signed in already.
func (s *Service) loginForm(w http.ResponseWriter, r *http.Request, place Place) {
	back, brought, err := s.returned(w, r, place)
	if err != nil {
		s.broken(w, r, place, err)
		return
	}
	if back != nil {
		s.answered(w, r, place, s.advance(w, r, place, back, brought), "")
		return
	}
	if r.URL.Query().Has("suspendedId") {
		s.showResume(w, r, place)
		return
	}
	a := s.advance(w, r, place, nil, nil)
	if a.TokenID == "" {
		s.showStep(w, r, place, a, nil, r.URL.Query().Get("login_hint"))
		return
	}
	found, err := s.Find(r.Context(), a.TokenID)
	if err != nil {
		s.broken(w, r, place, err)
		return
	}
	if to := r.URL.Query().Get("goto"); s.ValidGoto(r.Context(), place, to) {
		http.Redirect(w, r, to, http.StatusFound)
		return
	}
	s.signedIn(w, r, place, found)
}

// showResume asks whoever followed the link of a journey that waits to go on: programs that look at the links of mails
// press no buttons.
func (s *Service) showResume(w http.ResponseWriter, r *http.Request, place Place) {
	p := s.Page(r, place)
	p.Title = p.T("login.title")
	action := url.URL{Path: r.URL.Path, RawQuery: r.URL.RawQuery}
	p.Content = &stepPage{Action: action.String(), Buttons: []stepButton{{Text: p.T("continue"), Primary: true}}}
	s.render(w, r, http.StatusOK, "signin", p)
}

// signedIn says who is signed in, and where to go.
func (s *Service) signedIn(w http.ResponseWriter, r *http.Request, place Place, sess store.Session) {
	p := s.Page(r, place)
	p.Title = p.T("signedin.title")
	p.Lead = p.T("signedin.as", "name", sess.Subject.Name)
	p.Content = map[string]any{
		"Home": s.Home(place, sess), "Admin": sess.Admin,
		"SignOut": place.Context + "/UI/Logout?realm=" + url.QueryEscape(place.Realm.Path),
	}
	s.render(w, r, http.StatusOK, "signedin", p)
}

// Home is where those go who asked for nothing else: administrators to the console, others to their account.
func (s *Service) Home(place Place, sess store.Session) string {
	if sess.Admin {
		return place.SuccessURL()
	}
	return place.Context + "/account?realm=" + url.QueryEscape(sess.Realm)
}

// loginPosted takes a step of the form. A form that is sent without one having been shown, as by curl, answers the
// first step.
func (s *Service) loginPosted(w http.ResponseWriter, r *http.Request, place Place) {
	if err := s.foreign.Check(r); err != nil {
		if to := postedReturn(w, r); to != "" {
			http.Redirect(w, r, to, http.StatusSeeOther)
			return
		}
		// Else a foreign page could sign its visitors in as somebody else.
		s.message(w, r, place, http.StatusForbidden, "page.impossible.title", "page.foreign.text")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 4*maxBody)
	if err := r.ParseForm(); err != nil {
		s.message(w, r, place, http.StatusBadRequest, "page.impossible.title", "page.form.text")
		return
	}
	asked, err := postedStep(r.PostForm)
	if err != nil {
		s.message(w, r, place, http.StatusBadRequest, "page.impossible.title", "page.form.text")
		return
	}
	if asked == nil && r.URL.Query().Has("suspendedId") {
		s.answered(w, r, place, s.advance(w, r, place, nil, nil), "")
		return
	}
	if asked == nil {
		first := s.advance(w, r, place, nil, nil)
		if first.Status != http.StatusOK || first.TokenID != "" {
			s.stepRefused(w, r, place, first, "")
			return
		}
		asked = &first
	}
	asked.fill(r.PostForm)
	s.answered(w, r, place, s.advance(w, r, place, asked, nil), asked.name())
}

// answered shows what an answer came to.
func (s *Service) answered(w http.ResponseWriter, r *http.Request, place Place, a pageStep, name string) {
	switch {
	case a.Status != http.StatusOK:
		s.stepRefused(w, r, place, a, name)
	case a.TokenID != "":
		s.succeed(w, r, place, a)
	default:
		s.showStep(w, r, place, a, nil, name)
	}
}

// succeed sends the browser on.
func (s *Service) succeed(w http.ResponseWriter, r *http.Request, place Place, a pageStep) {
	to := r.URL.Query().Get("goto")
	if to == "" {
		to = r.PostForm.Get("goto")
	}
	if !s.ValidGoto(r.Context(), place, to) {
		to = a.SuccessURL
	}
	if to == "" || to == place.SuccessURL() {
		sess, err := s.Find(r.Context(), a.TokenID)
		if err != nil {
			s.broken(w, r, place, err)
			return
		}
		to = s.Home(place, sess)
	}
	s.goOn(w, r, place, to)
}

// goOn sends the browser on after a form was sent. Browsers hold a page's form-action against the redirects that
// follow as well, and those lead to clients' addresses that are not known here: so they get a page that leads on.
// Others get the redirect that they expect. Over http, browsers say what they are by Accept alone.
func (s *Service) goOn(w http.ResponseWriter, r *http.Request, place Place, to string) {
	if r.Header.Get("Sec-Fetch-Mode") == "" && !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(w, r, to, http.StatusFound)
		return
	}
	p := s.Page(r, place)
	p.Title, p.Refresh, p.Content = p.T("goon.title"), to, to
	s.render(w, r, http.StatusOK, "goon", p)
}

// stepRefused shows the first step again with what went wrong, which never is whether the name or the password was.
func (s *Service) stepRefused(w http.ResponseWriter, r *http.Request, place Place, a pageStep, name string) {
	if to := r.URL.Query().Get("gotoOnFail"); a.Status == http.StatusUnauthorized && s.ValidGoto(r.Context(), place, to) {
		s.goOn(w, r, place, to)
		return
	}
	lang := ui.RequestLang(r)
	text := a.Message
	switch {
	case a.Message == errFailure.Message, a.Message == errInactive.Message:
		text = lang.T("login.failed")
	case a.Message == journey.MessageOf(realm.ErrExpired):
		text = lang.T("login.expiredPassword")
	case a.Message == errLocked.Message:
		text = lang.T("login.locked")
	case a.Status == http.StatusRequestTimeout:
		text = lang.T("login.expired")
	case a.Status == http.StatusServiceUnavailable:
		text = lang.T("login.busy")
	case a.Status >= 500 && a.Status != http.StatusNotImplemented:
		text = lang.T("page.broken.text")
	}
	again := s.advance(w, r, place, nil, nil)
	if again.Status != http.StatusOK || again.TokenID != "" {
		p := s.Page(r, place)
		p.Title, p.Alert = p.T("login.impossible"), &ui.Alert{Kind: "bad", Text: text}
		s.render(w, r, a.Status, "message", p)
		return
	}
	if leads(again) && (a.Message == errFailure.Message || a.Status >= 500) {
		text = lang.T("login.away.failed")
	}
	again.Status = a.Status
	s.showStep(w, r, place, again, &ui.Alert{Kind: "bad", Text: text}, name)
}

// leads tells that a step sends the browser to somebody else.
func leads(a pageStep) bool {
	return slices.ContainsFunc(a.Callbacks, func(c wireCallback) bool { return c.Type == "RedirectCallback" })
}

// logoutPage ends the session of the browser.
func (s *Service) logoutPage(w http.ResponseWriter, r *http.Request, place Place) {
	found, err := s.FromRequest(r)
	if err == nil {
		err = s.End(r.Context(), found.Token)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.broken(w, r, place, err)
		return
	}
	s.ClearCookies(w, r, place)
	if to := r.URL.Query().Get("goto"); s.ValidGoto(r.Context(), place, to) {
		http.Redirect(w, r, to, http.StatusFound)
		return
	}
	p := s.Page(r, place)
	p.Title, p.Lead = p.T("signedout.title"), p.T("signedout.text")
	p.Content = place.Context + "/XUI/?realm=" + url.QueryEscape(place.Realm.Path)
	s.render(w, r, http.StatusOK, "signedout", p)
}

func (s *Service) broken(w http.ResponseWriter, r *http.Request, place Place, err error) {
	s.Log.ErrorContext(r.Context(), "sign-in page", "realm", place.Realm.Path, "error", err)
	s.message(w, r, place, http.StatusInternalServerError, "page.broken.title", "page.broken.text")
}

// message shows a page that says something and asks nothing.
// NoRealm tells somebody at a browser that there is no such realm, NoPage that there is no such page. place is of a realm
// that there is, for the look.
func (s *Service) NoRealm(w http.ResponseWriter, r *http.Request, place Place) {
	s.message(w, r, place, http.StatusBadRequest, "page.missing.title", "page.realm.text")
}

// NoPage: see NoRealm.
func (s *Service) NoPage(w http.ResponseWriter, r *http.Request, place Place) {
	s.message(w, r, place, http.StatusNotFound, "page.missing.title", "page.missing.text")
}

func (s *Service) message(w http.ResponseWriter, r *http.Request, place Place, status int, title, text string) {
	p := s.Page(r, place)
	p.Title, p.Lead = p.T(title), p.T(text)
	s.render(w, r, status, "message", p)
}

func (s *Service) render(w http.ResponseWriter, r *http.Request, status int, name string, p *ui.Page, forms ...string) {
	if err := pages.Render(w, status, ui.Card, name, p, ui.Policy{Forms: slices.Clone(forms)}); err != nil {
		s.Log.ErrorContext(r.Context(), "show page", "error", err)
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
	}
}
