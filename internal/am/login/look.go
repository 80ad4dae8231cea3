package login

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/am/store"
	"gatehouse/internal/ui"
)

// ServicePages is the service that says how a realm's pages look.
const ServicePages = "gatehousePages"

// PageSettings are the settings of ServicePages.
type PageSettings struct {
	// Name stands at the top of pages and in the window's title.
	Name string `json:"name"`
	// Logo is an address of https, of this server, or data:image/…; it stands where the name would.
	Logo string `json:"logo"`
	// Accent is a colour, #rrggbb, of buttons and links.
	Accent string `json:"accentColor"`
	// Footer are links: "text|address" or "language|text|address".
	Footer []string `json:"footerLinks"`
}

// Check finds what pages could not show.
func (p PageSettings) Check() error {
	if p.Accent != "" {
		if _, err := ui.ThemeSheet(p.Accent); err != nil {
			return fmt.Errorf("accentColor: %w", err)
		}
	}
	if p.Logo != "" && (&ui.Theme{Logo: p.Logo}).LogoURL() == "" {
		return errors.New("logo: expected an https address or data:image/…")
	}
	if len(p.Logo) > 200_000 {
		return errors.New("logo: expected at most 200,000 characters")
	}
	for _, line := range p.Footer {
		if _, _, _, err := footerLink(line); err != nil {
			return fmt.Errorf("footerLinks: %w", err)
		}
	}
	return nil
}

func footerLink(line string) (lang, words, address string, err error) {
	parts := strings.SplitN(line, "|", 3)
	if len(parts) == 2 {
		parts = append([]string{""}, parts...)
	}
	if len(parts) != 3 || parts[1] == "" {
		return "", "", "", fmt.Errorf("expected text|address or language|text|address, found %q", line)
	}
	u, err := url.Parse(parts[2])
	if err != nil || u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "mailto" && !strings.HasPrefix(parts[2], "/") {
		return "", "", "", fmt.Errorf("expected an address of http, https or mailto, found %q", parts[2])
	}
	return parts[0], parts[1], parts[2], nil
}

// Page returns a page of the realm: in its look, and in the language that r asks for.
func (s *Service) Page(r *http.Request, place Place) *ui.Page {
	p := ui.NewPage(r, place.Context+"/XUI/assets/", "")
	p.Theme = s.theme(r.Context(), place, p.Lang)
	return p
}

func (s *Service) theme(ctx context.Context, place Place, lang ui.Lang) *ui.Theme {
	set, ok := s.pageSettings(ctx, place)
	if !ok {
		return nil
	}
	t := &ui.Theme{Name: set.Name, Logo: set.Logo}
	if set.Accent != "" {
		// The colour is part of the address, so that a new one is asked for.
		sum := sha256.Sum256([]byte(set.Accent))
		t.Sheet = place.Context + "/XUI/theme.css?realm=" + url.QueryEscape(place.Realm.Path) + "&v=" + base64.RawURLEncoding.EncodeToString(sum[:6])
	}
	for _, line := range set.Footer {
		code, words, address, err := footerLink(line)
		if err == nil && (code == "" || code == lang.Code()) {
			t.Links = append(t.Links, ui.Link{Text: words, URL: address})
		}
	}
	return t
}

func (s *Service) pageSettings(ctx context.Context, place Place) (PageSettings, bool) {
	var set PageSettings
	doc, err := place.Realm.Service(ctx, ServicePages)
	if errors.Is(err, store.ErrNotFound) {
		return set, false
	}
	if err == nil {
		err = json.Unmarshal(doc.Body, &set)
	}
	if err == nil {
		err = set.Check()
	}
	if err != nil {
		s.Log.Warn("the look of the realm's pages cannot be used", "realm", place.Realm.Path, "error", err)
	}
	return set, err == nil
}

// themeSheet is the style sheet of the realm's accent colour.
func (s *Service) themeSheet(w http.ResponseWriter, r *http.Request, place Place) {
	set, _ := s.pageSettings(r.Context(), place)
	sheet, err := ui.ThemeSheet(set.Accent)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/css; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write([]byte(sheet)) // the browser is gone; nobody is left to tell
}
