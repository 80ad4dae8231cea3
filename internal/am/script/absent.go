package script

import (
	"github.com/dop251/goja"

	"gatehouse/internal/groovy"
)

// absent stands for a binding of the product that this server does not offer: whatever a script calls of it is an error
// that says so.
type absent struct{ name, why string }

// GroovyClass has nothing to call.
func (*absent) GroovyClass() *groovy.Class { return absentClass }

var absentClass = &groovy.Class{Name: "org.forgerock.openam.scripting.Binding"}

func (a *absent) member(j *js, key string) goja.Value {
	return j.vm.ToValue(func(goja.FunctionCall) goja.Value {
		panic(j.throwable(unsupported("%s.%s: %s", a.name, key, a.why)))
	})
}

// notOffered are those of the newer dialect.
var notOffered = func() []binding {
	var out []binding
	for _, a := range []absent{
		{"openidm", "there is no identity management behind this server"},
		{"policy", "scripts of this server cannot evaluate policies"},
		{"cacheManager", "this server keeps no caches for scripts"},
		{"jwtAssertion", "scripts of this server cannot make JWTs"},
		{"jwtValidator", "scripts of this server cannot check JWTs"},
	} {
		out = append(out, binding{a.name, constant(&a)})
	}
	return out
}()
