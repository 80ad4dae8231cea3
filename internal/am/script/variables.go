package script

import (
	"slices"

	"gatehouse/internal/groovy"
)

// binding is a variable of a script; what the script never names is not made.
type binding struct {
	name  string
	value func(*run) groovy.Value
}

// variables are those of scripts of a context, in the two dialects. They are settled once, and made for each run from what
// that is about.
type variables struct{ older, newer []binding }

func (v *variables) of(r *run) []binding {
	if r.nextGen {
		return v.newer
	}
	return v.older
}

// variablesOf has those of every script besides the given ones, which are of both dialects.
func variablesOf(both ...binding) *variables {
	return &variables{
		older: slices.Concat(everywhere, both),
		newer: slices.Concat(everywhere, everywhereNewer, both),
	}
}

func (v *variables) olderHas(more ...binding) *variables {
	return &variables{slices.Concat(v.older, more), v.newer}
}

func (v *variables) newerHas(more ...binding) *variables {
	return &variables{v.older, slices.Concat(v.newer, more)}
}

// onRequest are the variables of scripts about a request for tokens, which are about an *Input and what else there is.
func onRequest(more ...binding) *variables { return variablesOf(slices.Concat(requested, more)...) }

// undefined is the value of a variable that is not there. Older scripts of Groovy see null.
type undefined struct{}

// constant is a variable with one value.
func constant(v groovy.Value) func(*run) groovy.Value { return func(*run) groovy.Value { return v } }

// of is a variable that is made of what the run is about.
func of[T any](value func(*run, T) groovy.Value) func(*run) groovy.Value {
	return func(r *run) groovy.Value { return value(r, r.about.(T)) }
}

var everywhere = []binding{
	{"logger", func(r *run) groovy.Value { return &logger{r, maxLogLines} }},
	{"scriptName", func(r *run) groovy.Value { return r.script.Name }},
	{"realm", func(r *run) groovy.Value { return r.realmPath() }},
	{"httpClient", func(r *run) groovy.Value { return &httpClient{r} }},
	{"secrets", func(r *run) groovy.Value { return &secrets{r} }},
	{"systemEnv", func(r *run) groovy.Value { return &systemEnv{r} }},
}

var everywhereNewer = []binding{
	{"utils", constant(utils{})},
	{"cookieName", func(r *run) groovy.Value { return r.eng.options.Cookie }},
	{"emailService", func(r *run) groovy.Value { return &emailService{r} }},
	{"openidm", func(r *run) groovy.Value { return &openidm{r} }},
	{"policy", func(r *run) groovy.Value { return &policies{r} }},
	{"jwtAssertion", func(r *run) groovy.Value { return &jwtAssertion{r} }},
	{"jwtValidator", func(r *run) groovy.Value { return &jwtValidator{r} }},
}

var requested = []binding{
	{"scopes", func(r *run) groovy.Value { return r.scopes(r.in.Scopes) }},
	{"requestProperties", func(r *run) groovy.Value { return requestProperties(r, r.in) }},
	{"clientProperties", func(r *run) groovy.Value { return clientProperties(r.in.Client) }},
	{"identity", func(r *run) groovy.Value { return newIdentity(r, r.in) }},
	{"session", func(r *run) groovy.Value { return newSession(r, r.in.Session) }},
}
