package console

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"gatehouse/internal/ui"
)

//go:embed *.html
var pageFiles embed.FS

// assetFolder is where browsers find the files of package ui, below the console.
const assetFolder = "assets/"

// view is what a page's template sees: the visit's methods, and the page's own data as .D.
type view struct {
	*visit
	D any
}

// With passes a part of the data to another template.
func (v view) With(d any) view { return view{v.visit, d} }

// problem is what is wrong with a form; data of pages have it.
type problem struct {
	Problem string
	// At is the ID of the field that it is about; "": the form as a whole.
	At string
}

func (p problem) trouble() (string, []*field) { return p.Problem, nil }

func (p problem) where() string { return p.At }

// fault is what is wrong with one field, if anything is.
type fault struct{ ID, Text string }

// Fault is what is wrong with the field of that ID.
func (p problem) Fault(id string) fault {
	if p.At != id {
		return fault{ID: id}
	}
	return fault{id, p.Problem}
}

// refused notes a refusal of the server, as one of the field.
func (p *problem) refused(v *visit, err error, at string) {
	p.Problem, p.At = refusal(err), at
	if p.Problem == "Invalid resource ID" {
		p.Problem = v.Say("Names cannot have slashes, and not all other signs: letters, digits and . - _ @ are always right.")
	}
}

// missing notes the first field that was left empty; asked are IDs and titles by turns.
func (p *problem) missing(v *visit, asked ...string) bool {
	for i := 0; i+1 < len(asked); i += 2 {
		if v.form(asked[i]) == "" {
			p.Problem, p.At = v.Say("%s is missing.", v.Say(asked[i+1])), asked[i]
			return true
		}
	}
	return false
}

// show answers with a page; title is translated.
func (v *visit) show(name, title string, data any) error {
	return v.showStatus(http.StatusOK, name, title, data)
}

func (v *visit) showStatus(status int, name, title string, data any) error {
	p := ui.NewPage(v.r, v.place.Context+"/console/"+assetFolder, title)
	p.Frame = v.frame(title)
	p.Content = view{v, data}
	if done := v.done(); done != "" {
		p.Alert = &ui.Alert{Kind: "ok", Text: done}
	}
	if t, ok := data.(interface{ trouble() (string, []*field) }); ok {
		text, wrong := t.trouble()
		at := ""
		if w, ok := data.(interface{ where() string }); ok {
			at = w.where()
		}
		switch {
		case text != "" && at != "":
			p.Errors = append(p.Errors, ui.FieldError{ID: at, Text: text})
		case text != "":
			p.Alert = &ui.Alert{Kind: "bad", Text: text}
		}
		for _, f := range wrong {
			p.Errors = append(p.Errors, ui.FieldError{ID: f.ID(), Text: f.Title + ": " + v.Say(f.Error)})
		}
	}
	return v.console.set.Render(v.w, status, ui.Console, "page_"+name, p, ui.Policy{})
}

// part answers with a part of a page, for htmx.
func (v *visit) part(name, part string, data any) error {
	p := ui.NewPage(v.r, v.place.Context+"/console/"+assetFolder, "")
	p.Content = view{v, data}
	return v.console.set.Part(v.w, http.StatusOK, "page_"+name, part, p)
}

// frame is what stands around the page.
func (v *visit) frame(title string) *ui.Frame {
	f := &ui.Frame{Home: v.Link(""), Realm: realmName(v.realm()), Person: v.person}
	if v.api == nil || v.realms == nil {
		f.Person = ""
		return f
	}
	for _, path := range v.realms {
		f.Realms = append(f.Realms, ui.Link{URL: v.RealmLink(path, v.section()), Text: realmName(path), Current: path == v.realm()})
	}
	f.Sections = v.sections()
	f.Search, f.SearchWith = v.place.Context+"/console/search", map[string]string{"realm": v.realm()}
	if v.section() == "search" {
		f.Query = v.query("q")
	}
	f.SignOut, f.Token = v.Link("signout"), v.proof()
	f.PersonLinks = []ui.Link{{URL: v.AccountURL(), Text: v.Say("Your account")}}
	f.Crumbs = []ui.Link{{URL: v.Link(""), Text: realmName(v.realm())}}
	if v.page != nil && v.page.Title != "" && v.Say(v.page.Title) != title {
		f.Crumbs = append(f.Crumbs, ui.Link{URL: v.Link(v.page.Name), Text: v.Say(v.page.Title)})
	}
	f.Crumbs = append(f.Crumbs, ui.Link{Text: title, Current: true})
	return f
}

// sections are the navigation.
func (v *visit) sections() []ui.Section {
	var out []ui.Section
	for i := range v.console.pages {
		p := &v.console.pages[i]
		if p.Title == "" {
			continue
		}
		if title := p.Section; len(out) == 0 || v.Say(title) != out[len(out)-1].Title {
			out = append(out, ui.Section{Title: v.Say(title)})
		}
		last := &out[len(out)-1]
		last.Links = append(last.Links, ui.Link{URL: v.Link(p.Name), Text: v.Say(p.Title), Icon: p.Icon, Current: p == v.page})
	}
	return out
}

// failed answers with what went wrong.
func (v *visit) failed(err error) {
	status, message := http.StatusInternalServerError, v.Say("Something went wrong here. The server's log has more.")
	name, title := "failed", v.Say("This did not work")
	if e, ok := errors.AsType[*apiError](err); ok {
		status, message = e.Status, v.Say(cmp.Or(e.Message, http.StatusText(e.Status)))
		if e.Status == http.StatusNotFound && message == http.StatusText(e.Status) {
			message = v.Say("There is nothing of this name in the realm %s. It may have been deleted, or be in another realm.", v.RealmName())
		}
	} else if errors.Is(err, errNotAdmin) {
		status, name, title = http.StatusForbidden, "not_admin", v.Say("This console is for administrators")
	}
	if status >= http.StatusInternalServerError {
		v.console.Log.ErrorContext(v.r.Context(), "console", "method", v.r.Method, "path", v.r.URL.Path, "error", err)
	}
	if err := v.showStatus(status, name, title, message); err != nil {
		v.console.Log.ErrorContext(v.r.Context(), "console", "error", err)
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// refusal is the text of what the person can put right: a refusal of what was typed. Others are "".
func refusal(err error) string {
	e, ok := errors.AsType[*apiError](err)
	if !ok {
		return ""
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusPreconditionFailed, http.StatusForbidden, http.StatusNotImplemented, http.StatusRequestEntityTooLarge:
		if e.Message == "" {
			return http.StatusText(e.Status)
		}
		return e.Message
	}
	return ""
}

// Frame data.

// Link is an address of the console in the realm of the page.
func (v *visit) Link(parts ...string) string { return v.link(address(parts[0], parts[1:]...)) }

func address(first string, parts ...string) string {
	for _, p := range parts {
		first += "/" + url.PathEscape(p)
	}
	return first
}

// Realm is the path of the realm, RealmName what people call it.
func (v *visit) Realm() string { return v.realm() }

// RealmName is what people call the realm.
func (v *visit) RealmName() string { return realmName(v.realm()) }

func realmName(path string) string {
	if path == "/" {
		return "Top Level Realm"
	}
	return strings.TrimPrefix(path, "/")
}

func (v *visit) section() string {
	if v.page == nil {
		return ""
	}
	return v.page.Name
}

// Context is the deployment context: "/openam".
func (v *visit) Context() string { return v.place.Context }

// Person is the name of who is signed in.
func (v *visit) Person() string { return v.person }

// Proof is what forms carry.
func (v *visit) Proof() string { return v.proof() }

// Query is a value of the address.
func (v *visit) Query(name string) string { return v.query(name) }

// Here is the page's address with one value changed.
func (v *visit) Here(name, value string) string {
	q := v.r.URL.Query()
	if name != "page" {
		q.Del("page")
	}
	q.Set(name, value)
	return v.r.URL.Path + "?" + q.Encode()
}

// command is a request as a curl command.
type command struct{ Title, Text string }

// Commands are the requests that made the page.
func (v *visit) Commands() []command {
	if v.api == nil {
		return nil
	}
	var out []command
	for _, c := range v.api.calls {
		path, _, _ := strings.Cut(c.Path, "?")
		out = append(out, command{c.Method + " " + path, v.api.curl(c)})
	}
	return out
}

// Curl is a request as a curl command.
func (v *visit) Curl(c *call) string { return v.api.curl(c) }

// TokenCommand gets the token that the commands show.
func (v *visit) TokenCommand() string {
	return "TOKEN=$(curl --silent --request POST \\\n  --header " + quote("X-OpenAM-Username: "+v.person) + " \\\n  --header " + quote("X-OpenAM-Password: …") +
		" \\\n  --header 'Accept-API-Version: resource=2.0, protocol=1.0' \\\n  " + quote(v.place.Base+"/json/authenticate") + " | jq --raw-output .tokenId)"
}

// wouldPut is the request that saving would send.
func (v *visit) wouldPut(path string, body object, rev string) *call {
	c := &call{Method: http.MethodPut, Path: v.place.Context + "/json/" + path, Body: body, Header: http.Header{}}
	c.Header.Set("Accept-API-Version", "protocol=2.1")
	c.Header.Set("Content-Type", "application/json")
	if rev != "" {
		c.Header.Set("If-Match", `"`+rev+`"`)
	}
	return c
}

// listing is one page of a table.
type listing[T any] struct {
	Rows []T
	// Total counts what the filter lets through, All everything.
	Total, All  int
	Page, Pages int
	First, Last int
	// Before, Next and Start are the addresses of other pages, "" where there is none.
	Before, Next, Start string
}

const pageSize = 25

// paged cuts the page out that the address asks for.
func paged[T any](v *visit, rows []T, all int) listing[T] {
	l := listing[T]{Total: len(rows), All: all, Pages: max(1, (len(rows)+pageSize-1)/pageSize)}
	n, _ := strconv.Atoi(v.query("page"))
	l.Page = min(max(1, n), l.Pages)
	from := (l.Page - 1) * pageSize
	to := min(from+pageSize, len(rows))
	l.Rows, l.First, l.Last = rows[from:to], from+1, to
	if l.Page > 1 {
		l.Before = v.Here("page", strconv.Itoa(l.Page-1))
	}
	if l.Page < l.Pages {
		l.Next = v.Here("page", strconv.Itoa(l.Page+1))
	}
	return l
}

// walked is a page of a collection that may be too large to read whole: it goes on after the object that the page before
// ended with, and knows no total. All is 0 where nothing was asked for and nothing is there.
func walked[T any](v *visit, path, filter, fields string, row func(object) T) (listing[T], error) {
	query := url.Values{"_queryFilter": {cmp.Or(filter, "true")}, "_fields": {fields}, "_pageSize": {strconv.Itoa(pageSize)}}
	after := v.query("after")
	if after != "" {
		query.Set("_pagedResultsCookie", after)
	}
	o, err := v.api.get(path + "?" + query.Encode())
	if err != nil {
		return listing[T]{}, err
	}
	var l listing[T]
	for _, o := range objects(o["result"]) {
		l.Rows = append(l.Rows, row(o))
	}
	l.All = len(l.Rows) + len(filter) + len(after)
	if after != "" {
		l.Start = v.Here("after", "")
	}
	if cookie := text(o["pagedResultsCookie"]); cookie != "" {
		l.Next = v.Here("after", cookie)
	}
	return l, nil
}

// containing is the filter for objects that have the text in one of the fields, "" without a text.
func containing(text string, fields ...string) string {
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = f + " co " + literal(text)
	}
	return strings.Join(parts, " or ")
}

func indented(o any) string {
	b, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return ""
	}
	return string(b)
}

var errNotObject = errors.New("expected a JSON object")

// parseObject reads a JSON object that a person typed.
func parseObject(s string) (object, error) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var o object
	err := d.Decode(&o)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := s[:min(int(syntax.Offset), len(s))]
		return nil, fmt.Errorf("line %d: %w", 1+strings.Count(before, "\n"), err)
	}
	if err != nil {
		return nil, err
	}
	if o == nil || d.More() {
		return nil, errNotObject
	}
	return o, nil
}

// RealmPaths are the paths of all realms.
func (v *visit) RealmPaths() []string { return v.realms }

// RealmLink is a page of the console in another realm.
func (v *visit) RealmLink(path, page string) string {
	u := url.URL{Path: v.place.Context + "/console/" + page, RawQuery: url.Values{"realm": {path}}.Encode()}
	return u.String()
}

// AccountURL is the page of the person's own account.
func (v *visit) AccountURL() string {
	return v.place.Context + "/account?" + url.Values{"realm": {v.personRealm}}.Encode()
}

// SignOutURL ends the session and comes back to the sign-in page.
func (v *visit) SignOutURL() string {
	return v.place.Context + "/UI/Logout?" + url.Values{"realm": {"/"}, "goto": {v.place.Context + "/console/"}}.Encode()
}

// danger is what the form of a destructive action shows.
type danger struct {
	Action, Name, Title, Text, Button string
	// Open forms need no click to be seen.
	Open bool
}

// Opened is the form, to be seen at once.
func (d danger) Opened() danger {
	d.Open = true
	return d
}

// Danger makes the form of a destructive action on the object of that name.
func (v *visit) Danger(action, name, title, text, button string) danger {
	return danger{Action: action, Name: name, Title: title, Text: text, Button: button}
}

// tabLink is a tab that is a page of its own.
type tabLink struct{ Name, Title, URL string }

// Short is the readable part of a grant type.
func (v *visit) Short(grant string) string {
	if i := strings.LastIndexByte(grant, ':'); i >= 0 {
		return grant[i+1:]
	}
	return grant
}

// filterForm is the form that filters a table.
type filterForm struct{ Page, Label string }

// Filter makes the form that filters the table of a page.
func (v *visit) Filter(page, label string) filterForm { return filterForm{page, label} }

// Back is the address of this page below the console, without the realm.
func (v *visit) Back() string {
	if id := v.vars["id"]; id != "" {
		return address(v.section(), id)
	}
	return v.section()
}

// Statuses are those of people.
func (v *visit) Statuses() []string { return []string{"Active", "Inactive"} }
