package script

import (
	"strings"

	"gatehouse/internal/groovy"
)

// locales picks texts in a language that the client likes.
type locales struct{ languages []string }

// GroovyClass is ScriptedLocales.
func (*locales) GroovyClass() *groovy.Class { return localesClass }

var localesClass = &groovy.Class{
	Name: "org.forgerock.openam.auth.nodes.script.ScriptedLocales",
	Methods: map[string]groovy.Method{
		// The first text stands for languages that there are none in.
		"getLocalizedMessage": withArgs(1, func(c *groovy.Call) (groovy.Value, error) {
			m, ok := c.Arg(0).(*groovy.Map)
			if !ok || m.Len() == 0 {
				return nil, wrong(c)
			}
			for _, l := range c.This.(*locales).languages {
				short, _, _ := strings.Cut(l, "-")
				for _, key := range []string{l, strings.ReplaceAll(l, "-", "_"), short} {
					if v, ok := m.Get(key); ok && v != nil {
						return text(v), nil
					}
				}
			}
			return text(m.Values()[0]), nil
		}),
	},
}
