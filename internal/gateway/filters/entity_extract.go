package filters

import (
	"context"
	"log/slog"

	"golang.org/x/text/encoding/htmlindex"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/javaregexp"
)

type entityExtractConfig struct {
	// MessageType says whose body is read.
	MessageType string `conf:"messageType,required,oneof=REQUEST|RESPONSE"`
	// Charset is that of the body; the default is what the message says.
	Charset string `conf:"charset"`
	// Target is where the map of results goes.
	Target *expr.Template `conf:"target,required"`
	// Bindings say what to look for.
	Bindings []extraction `conf:"bindings"`
}

type extraction struct {
	// Key is the key in the map of results.
	Key string `conf:"key,required"`
	// Pattern is looked for anywhere in the body.
	Pattern pattern `conf:"pattern,required"`
	// Template is the result: $0 is the whole match, $1 the first group.
	Template string `conf:"template,default=$0"`
}

// entityExtract looks for patterns in a body.
var entityExtract = heap.Define("EntityExtractFilter", func(c *entityExtractConfig, env *heap.Env) (chain.Filter, error) {
	if !c.Target.IsLValue() {
		env.Fail("target", "%s", notAPlace(c.Target))
	}
	if c.Charset != "" {
		if _, err := htmlindex.Get(c.Charset); err != nil {
			env.Fail("charset", "%q is no known charset", c.Charset)
		}
	}
	return &entityExtractor{c.MessageType == "REQUEST", c.Charset, c.Target, c.Bindings, env.Log}, nil
})

type entityExtractor struct {
	request  bool
	charset  string
	target   *expr.Template
	bindings []extraction
	log      *slog.Logger
}

func (f *entityExtractor) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	if f.request {
		if err := f.extract(x.Ctx(), x, &x.Request.Entity, x.Request.Header["Content-Encoding"]); err != nil {
			return nil, err
		}
		return next.Handle(x)
	}
	resp, err := next.Handle(x)
	if err != nil {
		return nil, err
	}
	if err := f.extract(x.Ctx(), chain.ResponseScope{Exchange: x, Response: resp}, &resp.Entity, resp.Header["Content-Encoding"]); err != nil {
		resp.Entity.Close()
		return nil, err
	}
	return resp, nil
}

func (f *entityExtractor) extract(ctx context.Context, s expr.Scope, e *chain.Entity, coding []string) error {
	text, err := textAs(e, f.charset, coding)
	if err != nil {
		return err
	}
	return f.target.Assign(s, extractAll(ctx, f.bindings, text, f.log))
}

// extractAll returns what the bindings find in a text; null for what is not there.
func extractAll(ctx context.Context, bindings []extraction, text string, log *slog.Logger) map[string]any {
	out := make(map[string]any, len(bindings))
	for i := range bindings {
		b := &bindings[i]
		groups, err := b.Pattern.Submatches(text)
		if err != nil {
			log.WarnContext(ctx, "pattern is given up", "key", b.Key, "error", err)
		}
		if groups == nil {
			out[b.Key] = nil
			continue
		}
		out[b.Key] = javaregexp.Expand(b.Template, groups)
	}
	return out
}

// textAs is the body as text in a charset, "" for that of the message.
func textAs(e *chain.Entity, charset string, coding []string) (string, error) {
	if charset == "" {
		return e.Text()
	}
	b, err := e.Bytes()
	if err != nil {
		return "", err
	}
	var other chain.Entity
	other.Bind(map[string][]string{"Content-Type": {"text/plain; charset=" + charset}, "Content-Encoding": coding})
	other.SetBytes(b)
	return other.Text()
}
