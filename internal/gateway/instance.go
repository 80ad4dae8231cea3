// Package gateway makes running routes from configuration documents: it loads
// admin.json, config.json and routes, keeps them fresh, and serves them.
package gateway

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/audit"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/filters"
	"gatehouse/internal/gateway/handlers"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2"
	"gatehouse/internal/gateway/oauth2/token"
	"gatehouse/internal/gateway/script"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/gateway/session"
	"gatehouse/internal/observe"
)

// Options say what to load and how.
type Options struct {
	// Dir is the instance folder: it holds config/, scripts/, logs/, tmp/.
	Dir string
	// Hosts maps outgoing "host:port" or "host" to the address to connect to, or to several
	// with commas between.
	Hosts map[string]string
	// System holds system properties.
	System map[string]string
	// Limits are values of limits that are not the defaults, see ParseLimits.
	Limits map[string]int64
	// Getenv looks up environment variables; nil is the process's own environment.
	Getenv func(string) (string, bool)
	// Log receives everything; nil drops it.
	Log *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Record makes objects that leave their steps in traces; see Gateway.Try.
	Record bool
}

// instance is what the documents of one gateway share.
type instance struct {
	services   *heap.Services
	catalog    *heap.Catalog
	tokenFiles map[string]string
	system     map[string]any // the variable of that name
	// building makes documents load one after the other: a route may make the root
	// heap build a default object.
	building gate
	routers  routerList
	rootHeap *heap.Heap // of config.json
	// mode is what the token ig.run.mode stands for.
	mode string
	// configText is config.json, for binding its properties again.
	configText []byte
	locations  locations
	// storage is what config.json says about the bodies of requests; nil: nothing.
	storage *handlers.TemporaryStorage
	// place is the label of the router whose route is being built; "" for none.
	place string
	// within are the folders of the routers whose routes are being built.
	within []os.FileInfo
	timers timers
	// traced says that admin.json or the environment asks for spans.
	traced bool
	loaded time.Time
}

func newInstance(o Options) (*instance, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if o.Getenv == nil {
		o.Getenv = os.LookupEnv
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Log = observe.Correlate(o.Log)
	if o.Now == nil {
		o.Now = time.Now
	}
	i := &instance{building: newGate(), system: systemProperties(o.System), tokenFiles: map[string]string{}, mode: "production", loaded: time.Now(),
		locations: locations{files: map[string]stamp{}, added: make(chan struct{}, 1)}}
	i.services = &heap.Services{
		Limits: observe.NewLimits(append(limitNames, "other"), o.Limits), Logger: o.Log, Getenv: o.Getenv, Now: o.Now, Hosts: o.Hosts,
		System: func(name string) (string, bool) { v, ok := o.System[name]; return v, ok },
		Dirs: heap.Dirs{
			Instance: dir, Config: filepath.Join(dir, "config"), Scripts: filepath.Join(dir, "scripts", "groovy"),
			Temp: filepath.Join(dir, "tmp"), Logs: filepath.Join(dir, "logs"),
		},
		Kinds: []heap.Kind{
			heap.KindFor[chain.Filter]("filter"), heap.KindFor[chain.Handler]("handler"),
			heap.KindFor[heap.Decorator]("decorator"), heap.KindFor[secrets.Store]("secret store"),
			heap.KindFor[secrets.KeyManager]("key manager"), heap.KindFor[secrets.TrustManager]("trust manager"),
			heap.KindFor[token.AccessTokenResolver]("access token resolver"), heap.KindFor[*amservice.Service]("AM service"),
			heap.KindFor[session.SessionManager]("session manager"),
		},
	}
	if o.Record {
		i.services.Recorder = recorder{}
	}
	i.catalog = heap.NewCatalog(i.types(), decorators, handlers.All, filters.All, oauth2.All, secrets.All, session.All, audit.All, script.All, services, refused, older)
	return i, i.readTokenFiles()
}

// root returns the bindings below which every document stands.
func (i *instance) root() *heap.Bindings {
	d := i.services.Dirs
	openig := map[string]any{}
	for name, dir := range map[string]string{
		"instanceDirectory": d.Instance, "baseDirectory": d.Instance, "configDirectory": d.Config,
		"logDirectory": d.Logs, "tempDirectory": d.Temp, "temporaryDirectory": d.Temp,
		"scriptsDirectory": filepath.Dir(d.Scripts), "groovyScriptsDirectory": d.Scripts,
	} {
		openig[name] = expr.File(dir)
	}
	return heap.NewBindings(nil, func(name string) (any, bool) {
		switch name {
		case "openig":
			return openig, true
		case "system":
			return i.system, true
		}
		return nil, false
	})
}

// systemProperties are those of every process, and those that were given.
func systemProperties(given map[string]string) map[string]any {
	m := map[string]any{}
	for name, v := range expr.SystemProperties() {
		m[name] = v
	}
	for name, v := range given {
		m[name] = v
	}
	return m
}

// documentFields are the top-level fields of documents that are no decorations.
var documentFields = map[string]bool{
	"auditService": true, "condition": true, "globalDecorators": true, "heap": true, "handler": true, "name": true,
	"_id": true, "properties": true, "secrets": true, "session": true, "monitor": true, "comment": true,
	"temporaryStorage": true,
}

// decorations picks the top-level decorations of a document and warns about fields
// that mean nothing.
func (i *instance) decorations(d *document, h *heap.Heap) []conf.Field {
	var list []conf.Field
	for _, f := range d.node.Fields {
		switch {
		case documentFields[f.Name] || strings.HasPrefix(f.Name, "_"):
		case h.Declared(f.Name):
			list = append(list, f)
		default:
			h.Errs().Warn(f.NameNode(d.node), "unknown field %q is ignored%s", f.Name, conf.DidYouMean(f.Name, knownFields))
		}
	}
	return list
}

var knownFields = []string{"auditService", "condition", "globalDecorators", "heap", "handler", "name", "properties",
	"session", "capture", "timer", "baseURI"}
