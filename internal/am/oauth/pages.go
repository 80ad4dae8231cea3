package oauth

import (
	"embed"
	"net/http"
	"strings"

	"gatehouse/internal/ui"
)

//go:embed pages
var pageFiles embed.FS

var pages = ui.MustParse(pageFiles, "pages")

// newPage is a page in the realm's look and the user's language. Its title is a text of the catalogue.
func (q *request) newPage(title string, pairs ...any) *ui.Page {
	var p *ui.Page
	if q.Page != nil {
		p = q.Page(q.r, q.Base, q.Realm)
	} else {
		p = ui.NewPage(q.r, "/XUI/assets/", "")
	}
	p.Title = p.T(title, pairs...)
	return p
}

// showPage writes a page whose form may lead to the given addresses as well.
func (q *request) showPage(status int, name string, p *ui.Page, policy ui.Policy) error {
	if err := pages.Render(q.w, status, ui.Card, name, p, policy); err != nil {
		return internal("write page", err)
	}
	return nil
}

// shownError is an error with what its code means to people, in their language.
type shownError struct {
	*Error
	Is string
}

// show tells an error here: as a page to browsers, as JSON to others.
func (q *request) show(err error) error {
	if !strings.Contains(q.r.Header.Get("Accept"), "text/html") {
		return err
	}
	e := asError(err)
	q.logError(q.r, e)
	p := q.newPage("oauth.error.title")
	shown := shownError{Error: e}
	if key := "oauth.error.is." + e.Code; p.Has(key) {
		shown.Is = p.T(key)
	}
	p.Content = shown
	return q.showPage(e.Status, "error", p, ui.Policy{})
}

// writeFrame writes a page that other pages may have in a frame.
func writeFrame(w http.ResponseWriter, policy, page string) {
	h := w.Header()
	protect(h)
	h.Del("X-Frame-Options")
	h.Set("Content-Type", "text/html;charset=UTF-8")
	h.Set("Content-Security-Policy", policy)
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(page))
}
