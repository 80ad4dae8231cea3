package groovy

import (
	"container/list"
	"errors"
	"fmt"
	"sync"

	"github.com/dlclark/regexp2/v2"

	"gatehouse/internal/javaregexp"
)

const excPattern = "java.util.regex.PatternSyntaxException"

// Pattern is java.util.regex.Pattern.
type Pattern struct {
	text   string
	flags  int
	re     *regexp2.Regexp
	full   *regexp2.Regexp // anchored at both ends
	groups int
	names  map[string]int
}

func (p *Pattern) javaName() string { return "java.util.regex.Pattern" }
func (p *Pattern) String() string   { return p.text }

// maxPatternText is the longest pattern, in bytes.
const maxPatternText = 20_000

// patternCache keeps compiled patterns of an engine, the most recent ones.
type patternCache struct {
	mu    sync.Mutex
	m     map[patternKey]*list.Element
	order *list.List
}

type patternKey struct {
	text  string
	flags int
}

func newPatternCache() *patternCache {
	return &patternCache{m: map[patternKey]*list.Element{}, order: list.New()}
}

const cachedPatterns = 500

func (c *patternCache) get(k patternKey) *Pattern {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.m[k]; e != nil {
		c.order.MoveToFront(e)
		return e.Value.(*Pattern)
	}
	return nil
}

func (c *patternCache) put(k patternKey, p *Pattern) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m[k] = c.order.PushFront(p)
	if c.order.Len() > cachedPatterns {
		old := c.order.Back()
		op := old.Value.(*Pattern)
		delete(c.m, patternKey{op.text, op.flags})
		c.order.Remove(old)
	}
}

// pattern compiles a regular expression written for Java.
func (th *thread) pattern(text string) *Pattern { return th.patternFlags(text, 0) }

func (th *thread) patternFlags(text string, flags int) *Pattern {
	p, err := th.eng.pattern(text, flags)
	if err != nil {
		var bad *javaregexp.SyntaxError
		if errors.As(err, &bad) {
			th.throw(excPattern, "%s near index %d\n%s", bad.Msg, bad.Pos, clip(text))
		}
		th.throw(excPattern, "%s\n%s", err, clip(text))
	}
	return p
}

func (e *Engine) pattern(text string, flags int) (*Pattern, error) {
	k := patternKey{text, flags}
	if p := e.res.get(k); p != nil {
		return p, nil
	}
	if len(text) > maxPatternText {
		return nil, fmt.Errorf("the pattern is too long")
	}
	java, err := javaregexp.Translate(text, javaregexp.Flags(flags))
	if err != nil {
		return nil, err
	}
	re, err := regexp2.Compile(java.Pattern)
	if err != nil {
		return nil, err
	}
	full, err := regexp2.Compile(`\A(?:` + java.Pattern + `)\z`)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout, full.MatchTimeout = e.env.Limits.Regexp, e.env.Limits.Regexp
	p := &Pattern{text: text, flags: flags, re: re, full: full, groups: java.Groups, names: java.Names}
	e.res.put(k, p)
	return p, nil
}

func (th *thread) asPattern(v Value) *Pattern {
	switch x := v.(type) {
	case *Pattern:
		return x
	case nil:
		th.throw(excNull, "the pattern is null")
	}
	return th.pattern(th.str(v))
}

// rematch handles the result of a match call.
func (th *thread) rematch(m *regexp2.Match, err error) *regexp2.Match {
	th.step()
	if err != nil {
		th.limit("regexp", err)
	}
	return m
}

// matchAll is the full match ==~.
func (th *thread) matchAll(p *Pattern, s string) bool {
	m, err := p.full.FindStringMatch(s)
	return th.rematch(m, err) != nil
}
