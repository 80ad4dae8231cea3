package gateway

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/audit"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/gateway/session"
	"gatehouse/internal/observe"
)

// route is one document of a router, built and, once in service, started.
type route struct {
	id, name  string
	file      string // path of the file
	version   stamp  // of the file
	text      []byte
	condition heap.Condition
	hints     hints
	handler   chain.Handler
	heap      *heap.Heap
	warnings  []conf.Problem
	files     []string // watched files of properties that it depends on
	metrics   *routeMetrics
	delayed   bool // metrics are shown from the first request on

	// running counts the requests inside. Once the route is retired and empty it is
	// set to closed, from where it cannot come back: what enters later sees that.
	running atomic.Int64
	retired atomic.Bool
}

const closed = -1 << 62

type routeConfig struct {
	Name      string                           `conf:"name"`
	ID        string                           `conf:"_id"`
	Condition heap.Condition                   `conf:"condition"`
	Handler   heap.Ref[chain.Handler]          `conf:"handler,required"`
	Session   heap.Ref[session.SessionManager] `conf:"session"`
	// AuditService writes down the requests that pass.
	AuditService heap.Ref[audit.AuditService] `conf:"auditService,default=AuditService"`
	// Rest holds what is dealt with elsewhere, and the decorations.
	Rest []conf.Field `conf:"*"`
}

// newRoute builds the route of a file, without starting it. Problems go to errs.
func (i *instance) newRoute(path string, text []byte, parent *heap.Heap, errs *conf.Errors) (built *route) {
	d := i.parse(i.relative(path), text, parent.Bindings(), errs)
	if d == nil {
		return nil
	}
	r := &route{file: path, text: text}
	r.id = strings.TrimSuffix(filepath.Base(path), ".json")
	if n := d.node.Get("_id"); n != nil && n.Kind == conf.String {
		r.id = n.Text
	}
	declared := d.node.Get("heap")
	r.heap = heap.New(heap.Options{
		Name: r.id, Parent: parent, Bindings: d.bindings, Errs: errs,
		Declared: declared, GlobalDecorators: d.node.Get("globalDecorators"),
	})
	defer func() {
		if built == nil {
			r.heap.Stop()
			i.routers.discard(r.heap)
		}
	}()
	i.scopeSecrets(d, r.heap)
	r.heap.BuildAll()
	var c routeConfig
	r.heap.Decoder().Decode(d.node, &c)
	r.name, r.condition, r.hints = c.Name, c.Condition, hintsOf(&c.Condition)
	if r.name == "" {
		r.name = r.id
	}
	if r.name == "default" || r.id == "default" {
		errs.Add(d.node, "a route cannot be named \"default\": that name stands for the router's default handler")
	}
	i.refuseDocumentFields(d, errs)
	v, ok := r.heap.Decorate(c.Handler.Get(), i.decorations(d, r.heap), r.heap.DocumentEnv("top-level-handler", d.node))
	if !ok || errs.Err() != nil {
		return nil
	}
	r.handler = audit.Within(c.AuditService.Get(), r.id, r.name, guarded(v.(chain.Handler)))
	if c.Session.IsSet() {
		r.handler = session.Within(c.Session.Get(), r.handler)
	}
	r.warnings, r.files = errs.Warnings(), d.bindings.Uses()
	return r
}

// guarded makes a failure of the chain an empty 500 that remembers its cause. What
// surrounds it, session and audit, sees a response like any other.
func guarded(h chain.Handler) chain.Handler {
	return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		resp, err := h.Handle(x)
		if err == nil && resp == nil {
			err = errNoResponse
		}
		if err != nil {
			return chain.Fail(500, err), nil
		}
		return resp, nil
	})
}

// scopeSecrets reads the stores of a document that serve whatever in it names none, as
// releases before 2024.3 have it.
func (i *instance) scopeSecrets(d *document, h *heap.Heap) {
	n := d.node.Get("secrets")
	if n == nil {
		return
	}
	var c struct {
		Stores secrets.Provider `conf:"stores,required"`
	}
	h.Errs().Warn(n, "\"secrets\" is the older way: give the objects that need secrets a \"secretsProvider\"")
	if h.Decoder().Decode(n, &c) {
		secrets.SetScope(h, c.Stores)
	}
}

// refuseDocumentFields names the fields of documents that are not there yet.
func (i *instance) refuseDocumentFields(d *document, errs *conf.Errors) {
	if n := d.node.Get("monitor"); n != nil {
		errs.Warn(n, "the field has no effect: every route is monitored")
	}
}

// enter admits a request, unless the route was retired and is empty.
func (r *route) enter() bool { return r.running.Add(1) > 0 }

func (r *route) leave() {
	if r.running.Add(-1) == 0 && r.retired.Load() {
		r.close()
	}
}

// retire stops the route after the last request inside.
func (r *route) retire() {
	r.retired.Store(true)
	r.close()
}

func (r *route) close() {
	if r.running.CompareAndSwap(0, closed) {
		r.heap.Stop()
	}
}

func (r *route) start(ctx context.Context) error { return r.heap.Start(ctx) }

// handle answers a request inside the route.
func (r *route) handle(x *chain.Exchange) *chain.Response {
	p := r.metrics.begin()
	defer p.end()
	if span := observe.SpanOf(x.Ctx()); span.On() {
		span.Rename(x.Request.Method + " " + r.name)
		span.Set(attribute.String("ig.route.id", r.id), attribute.String("ig.route.name", r.name))
	}
	resp, err := r.handler.Handle(x)
	p.answered(resp, err)
	if err != nil {
		resp = chain.Fail(500, err)
	}
	if resp.Cause != nil && resp.Status.Code >= 400 {
		observe.CountLimit(x.Ctx(), resp.Cause)
		r.report(x, resp)
	}
	return resp
}

// reported is a cause that the log has already, from a route inside.
type reported struct{ error }

func (r reported) Unwrap() error { return r.error }

func (r *route) report(x *chain.Exchange, resp *chain.Response) {
	tellFailure(r.heap.Services().Logger, x, resp, "route", r.id)
}

// tellFailure tells why the gateway itself made an answer, unless that has been told. The place comes first in the line.
func tellFailure(log *slog.Logger, x *chain.Exchange, resp *chain.Response, place ...any) {
	if _, is := resp.Cause.(reported); is {
		return
	}
	cause := resp.Cause
	resp.Cause = reported{cause}
	// What a client did wrong is no reason for concern, and could fill the log; nor is
	// one that went away.
	level := slog.LevelDebug
	if resp.Status.Code >= 500 && x.Ctx().Err() == nil {
		level = slog.LevelWarn
	}
	log.Log(x.Ctx(), level, "the request failed", append(place, "status", resp.Status.Code,
		"method", x.Request.Method, "path", x.Request.URI.RawPath, "cause", cause.Error())...)
}
