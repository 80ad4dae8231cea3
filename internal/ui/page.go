// Package ui holds what all pages share: layouts, components, styles, the few scripts, themes, and the texts in each
// language. It knows no wing: the pages themselves live where their matter is.
package ui

import (
	"net/http"
	"net/url"
	"strings"
)

// ProductName is what pages call the product where no realm's name stands.
const ProductName = "Gatehouse"

// Page is what a layout shows. NewPage fills what comes from the request; templates reach all of it as ".", and what
// is the page's own as ".Content".
type Page struct {
	Lang
	// Title is the page's heading and, with Brand, the window's title. It is translated already.
	Title string
	// Lead is a sentence below the heading; "": none.
	Lead string
	// Brand is whose page it is; "" is ProductName.
	Brand string
	// Assets is where AssetHandler is mounted, with a slash at both ends.
	Assets string
	// Theme is a realm's look; nil is the product's own.
	Theme *Theme
	// Wide gives the card layout room for tables.
	Wide bool
	// Frame is needed by the frame layout only.
	Frame *Frame
	// Alert is shown above the content; nil: none.
	Alert *Alert
	// Errors are counted at the top, with links to their fields.
	Errors []FieldError
	// Links stand at the foot of the card layout.
	Links []Link
	// Refresh sends the browser to this address by itself; "": it stays.
	Refresh string
	Content any

	color, nav string
	address    *url.URL // of this page, for the links that choose another language; nil: it cannot be asked for again
	choose     string   // the language to remember
}

// Link is an address with its words. Icon names a picture, see Icons.
type Link struct {
	URL, Text, Icon string
	Current         bool
}

// Section is a part of the frame's navigation. Title may be empty.
type Section struct {
	Title string
	Links []Link
}

// Frame is what stands around the content of administrators' pages.
type Frame struct {
	// Home is where the product's name leads.
	Home string
	// Realm is the realm (or folder) that the page is about, Realms are those to switch to; none: no switcher.
	Realm  string
	Realms []Link
	// Sections are the navigation, Crumbs the way to this page; the last crumb is the page itself.
	Sections []Section
	Crumbs   []Link
	// Search is the address that takes the query "q"; "": no search. Query is what was searched. SearchWith are values
	// that the form sends besides, since forms replace the query of their address.
	Search, Query string
	SearchWith    map[string]string
	// Person is who is signed in, PersonLinks what they can do about it; SignOut is the address of a form that ends
	// the session, Token its proof (field "csrf").
	Person         string
	PersonLinks    []Link
	SignOut, Token string
}

// Alert is a message about what happened. Kind is "ok", "warn", "bad" or "" for information.
type Alert struct{ Kind, Title, Text string }

// FieldError says what is wrong with a field. ID is the field's; "": it is about the whole form.
type FieldError struct{ ID, Text string }

// NewPage returns a page in the language and the colours that r asks for.
func NewPage(r *http.Request, assets, title string) *Page {
	lang, chosen := requestLang(r)
	p := &Page{Lang: lang, Title: title, Assets: assets, color: cookieOf(r, "ui_color", "light", "dark"), nav: cookieOf(r, "ui_nav", "icons")}
	if chosen {
		p.choose = lang.Code()
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		p.address = r.URL
	}
	return p
}

// cookieOf is the cookie's value when it is one of those that are known.
func cookieOf(r *http.Request, name string, known ...string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	for _, k := range known {
		if c.Value == k {
			return k
		}
	}
	return ""
}

// Color is what the reader chose: "light", "dark" or "" for the system's.
func (p *Page) Color() string { return p.color }

// Nav is "icons" when the reader keeps the navigation small.
func (p *Page) Nav() string { return p.nav }

// Asset is the address of a file of this package.
func (p *Page) Asset(name string) string { return p.Assets + Asset(name) }

// BrandName is whose page it is.
func (p *Page) BrandName() string {
	switch {
	case p.Brand != "":
		return p.Brand
	case p.Theme != nil && p.Theme.Name != "":
		return p.Theme.Name
	}
	return ProductName
}

// Languages are links to this page in each language; none when it cannot be asked for again.
func (p *Page) Languages() []Link {
	if p.address == nil {
		return nil
	}
	var list []Link
	for _, l := range Languages() {
		q := p.address.Query()
		q.Set("locale", l.Code())
		list = append(list, Link{URL: p.address.EscapedPath() + "?" + q.Encode(), Text: l.T("language.name"), Icon: l.Code(), Current: l.Code() == p.Code()})
	}
	return list
}

// FooterLinks are those of the theme and of the page.
func (p *Page) FooterLinks() []Link {
	if p.Theme == nil {
		return p.Links
	}
	return append(append([]Link(nil), p.Theme.Links...), p.Links...)
}

// ErrorOf is what is wrong with the field; "": nothing.
func (p *Page) ErrorOf(id string) string {
	var list []string
	for _, e := range p.Errors {
		if e.ID == id {
			list = append(list, e.Text)
		}
	}
	return strings.Join(list, " ")
}
