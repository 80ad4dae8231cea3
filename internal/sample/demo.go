package sample

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/ui"
)

//go:embed pages
var files embed.FS

var pages = ui.MustParse(files, "pages")

// Options say where the parts of a demo are. All are needed.
type Options struct {
	// AM and Self are addresses that browsers know, http://host:port: of the authorization server, of this application.
	AM, Self string
	// Hosts maps host:port, as addresses of flows have them, to where that is.
	Hosts map[string]string
	// Roots are the certificates that the gateway's is checked with.
	Roots *x509.CertPool
	Log   *slog.Logger
}

// Demo is the sample application with a start page: a button for each flow of OAuth 2.0, which runs it and shows the
// messages on the way. Flows run one after the other, so that it is known which flow a message belongs to.
type Demo struct {
	Options
	running sync.Mutex // held while a flow runs
	mu      sync.Mutex
	log     *log
	logins  map[string]login // by state
	echo    http.Handler
	foreign *http.CrossOriginProtection
	assets  http.Handler
}

// NewDemo returns the application.
func NewDemo(o Options) *Demo {
	return &Demo{
		Options: o, logins: map[string]login{}, echo: Handler(), foreign: http.NewCrossOriginProtection(),
		assets: http.StripPrefix("/_demo/assets/", ui.AssetHandler()),
	}
}

// current is the log of the flow that runs now, nil when none does.
func (d *Demo) current() *log {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log
}

func (d *Demo) setLog(l *log) {
	d.mu.Lock()
	d.log = l
	d.mu.Unlock()
}

// transport connects to the parts of the demo by the names that the documents use.
func (d *Demo) transport() http.RoundTripper {
	plain := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if to, ok := d.Hosts[address]; ok {
				address = to
			}
			return plain.DialContext(ctx, network, address)
		},
		TLSClientConfig: &tls.Config{RootCAs: d.Roots, MinVersion: tls.VersionTLS12}, DisableCompression: true,
	}
}

// ServeHTTP answers the start page and its flows; everything else is the application that shows what arrived.
func (d *Demo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	html := strings.Contains(r.Header.Get("Accept"), "text/html")
	switch {
	case strings.HasPrefix(r.URL.Path, "/_demo/assets/"):
		d.assets.ServeHTTP(w, r)
	case r.URL.Path == "/" && r.Method == http.MethodGet && html:
		d.start(w, r)
	case r.URL.Path == "/_demo/login" && r.Method == http.MethodGet:
		d.toLogin(w, r)
	case r.URL.Path == "/_demo/callback" && r.Method == http.MethodGet:
		d.callback(w, r)
	case strings.HasPrefix(r.URL.Path, "/_demo/run/") && r.Method == http.MethodPost:
		d.run(w, r, strings.TrimPrefix(r.URL.Path, "/_demo/run/"))
	case strings.HasPrefix(r.URL.Path, "/_demo/"):
		http.Redirect(w, r, "/", http.StatusSeeOther)
	default:
		d.echo.ServeHTTP(w, r)
	}
}

func (d *Demo) page(r *http.Request, title string) *ui.Page {
	p := ui.NewPage(r, "/_demo/assets/", "")
	p.Title, p.Brand, p.Wide = p.T(title), p.T("sample.brand"), true
	return p
}

func (d *Demo) start(w http.ResponseWriter, r *http.Request) {
	p := d.page(r, "sample.title")
	p.Lead = p.T("sample.lead")
	p.Content = map[string]any{"Flows": flows(), "Account": d.AM + "/openam/account", "Console": d.AM + "/openam/console"}
	d.render(w, "start", p)
}

// run runs a flow and shows its messages.
func (d *Demo) run(w http.ResponseWriter, r *http.Request, id string) {
	if err := d.foreign.Check(r); err != nil {
		http.Error(w, "the form was sent by a page of another site", http.StatusForbidden)
		return
	}
	for _, f := range flows() {
		if f.ID != id || f.run == nil {
			continue
		}
		list, err := d.record(r.Context(), func(x *run) error { return f.run(x) })
		d.result(w, r, f, list, err, "")
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// record runs steps and returns the messages on the way.
func (d *Demo) record(ctx context.Context, steps func(*run) error) ([]message, error) {
	d.running.Lock()
	defer d.running.Unlock()
	l := &log{}
	d.setLog(l)
	defer d.setLog(nil)
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	x := &run{ctx: ctx, log: l, client: &http.Client{
		Transport:     recording{RoundTripper: d.transport(), from: "app", log: func() *log { return l }, text: func(l *log, _ *http.Request) string { return l.text }},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	err := steps(x)
	return l.messages(), err
}

func (d *Demo) result(w http.ResponseWriter, r *http.Request, f flow, list []message, err error, claims string) {
	p := d.page(r, f.Title())
	p.Lead = p.T(f.Lead())
	switch {
	case err != nil:
		p.Alert = &ui.Alert{Kind: "bad", Title: p.T("sample.failed"), Text: err.Error()}
	default:
		p.Alert = &ui.Alert{Kind: "ok", Text: p.N("sample.done", len(list))}
	}
	p.Content = map[string]any{"Flow": f, "Messages": list, "Claims": claims}
	d.render(w, "result", p)
}

func (d *Demo) render(w http.ResponseWriter, name string, p *ui.Page) {
	if err := pages.Render(w, http.StatusOK, ui.Card, name, p, ui.Policy{}); err != nil {
		d.Log.Error("show page", "error", err)
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
	}
}

// run is a flow that runs.
type run struct {
	ctx    context.Context
	log    *log
	client *http.Client
}

// say explains the next message, with a text of the catalogue.
func (x *run) say(key string) *run {
	x.log.mu.Lock()
	x.log.text = key
	x.log.mu.Unlock()
	return x
}

// post sends a form, with basic authentication when user is given.
func (x *run) post(address, user, password string, form url.Values) (answer, error) {
	req, err := http.NewRequestWithContext(x.ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user != "" {
		req.SetBasicAuth(user, password)
	}
	return x.send(req)
}

// get reads, with an access token when one is given.
func (x *run) get(address, token string) (answer, error) {
	req, err := http.NewRequestWithContext(x.ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return x.send(req)
}

type answer struct {
	status int
	body   map[string]any
}

// text is a member of the answer.
func (a answer) text(name string) string {
	s, _ := a.body[name].(string)
	return s
}

// token is the access token of the answer, or an error that says what came instead.
func (a answer) token() (string, error) {
	if t := a.text("access_token"); t != "" {
		return t, nil
	}
	return "", errors.New("no access token came: see the last answer")
}

func (x *run) send(req *http.Request) (answer, error) {
	resp, err := x.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return answer{}, err
	}
	a := answer{status: resp.StatusCode}
	_ = json.Unmarshal(raw, &a.body) // pages of the gateway are no JSON
	return a, nil
}
