package main

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/internal/gateway/script"
	"gatehouse/internal/groovy"
)

// language is what is true of the language as a whole; lists of classes and methods
// come from the engine.
//
//go:embed groovy.md
var language string

// core are the classes whose methods scripts use on values of their own.
var core = []string{
	"java.lang.Object", "java.lang.CharSequence", "java.lang.String", "java.lang.StringBuilder", "java.lang.Number", "java.lang.Integer",
	"java.lang.Character", "java.math.BigDecimal", "java.math.BigInteger", "java.lang.Iterable", "java.util.Collection", "java.util.List", "java.util.ArrayList", "java.util.Set",
	"java.util.Map", "java.util.Map.Entry", "java.util.AbstractCollection", "java.util.AbstractList", "java.util.AbstractSet",
	"java.util.AbstractMap", "java.util.Properties", "groovy.lang.Range", "groovy.lang.Closure", "java.util.regex.Matcher",
	"java.util.stream.Stream", "java.util.Optional", "java.util.Date", "java.io.InputStream", "java.io.Reader", "java.io.OutputStream",
	"java.io.Writer", "java.io.File", "java.net.URL", "java.net.URLConnection", "java.lang.Throwable", "java.lang.System", "java.lang.Math",
}

// groovyPage describes the language of scripts.
func groovyPage() string {
	var b strings.Builder
	e, l := script.Language(), groovy.DefaultLimits()
	b.WriteString(notice + language)
	fmt.Fprintf(&b, `
## Limits

A run that passes a limit ends, costs its request a 500, and cannot catch that. The limits are system properties of the
gateway (`+"`-D name=number`"+`).

| Property | Bounds | Default |
|---|---|---|
| `+"`script.maxSteps`"+` | calls and rounds of loops | %d |
| `+"`script.maxDepth`"+` | calls in calls | %d, at most 5000 |
| `+"`script.maxMemoryBytes`"+` | memory handed out in one run, in total | %d |
| `+"`script.maxMillis`"+` | time in the script; waiting for other servers does not count | %d |
| `+"`script.maxRegexpMillis`"+` | one match of a regular expression | %d |
| `+"`script.maxWaitMillis`"+` | waiting for other servers, all together; a wait that has begun is waited for | %d |
`, l.Steps, l.Depth, l.Bytes, l.Wall.Milliseconds(), l.Regexp.Milliseconds(), l.Wait.Milliseconds())
	b.WriteString("\nThese bounds are fixed. What passes one is an exception, which a script may catch, unless the row says otherwise.\n\n| At most | |\n|---|---|\n")
	for _, bound := range append(groovy.Bounds(), script.Bounds()...) {
		fmt.Fprintf(&b, "| %d | %s |\n", bound.Most, bound.What)
	}
	packages, names, statics := script.Visible()
	b.WriteString("\n## Without import\n\nWhat Groovy imports by itself, and:\n\n")
	for _, p := range packages {
		fmt.Fprintf(&b, "- `%s.*`\n", p)
	}
	for _, n := range names {
		fmt.Fprintf(&b, "- `%s`\n", n)
	}
	for _, n := range statics {
		fmt.Fprintf(&b, "- static members of `%s`, unless the script has something of that name\n", n)
	}
	b.WriteString("\n## Methods of values\n\nProperties first, then methods. `getX()` and `isX()` without arguments are properties `x`, too, and `setX()` sets them;\na property `x` has these methods. Each class has also what its superclasses and interfaces have.\n\n")
	done := map[string][]string{}
	for _, n := range core {
		members(&b, e, n, done)
	}
	var library, gateway, thrown []string
	for _, n := range e.ClassNames() {
		switch {
		case e.IsException(n):
			thrown = append(thrown, n)
		case strings.HasPrefix(n, "org.forgerock.") || strings.HasPrefix(n, "org.slf4j."):
			gateway = append(gateway, n)
		case !strings.HasPrefix(n, "org.codehaus."):
			library = append(library, n)
		}
	}
	b.WriteString("\n## Classes of the gateway\n\n")
	for _, n := range gateway {
		members(&b, e, n, done)
	}
	b.WriteString("\n## Classes of Java and Groovy\n\n")
	byPackage(&b, library)
	b.WriteString("\n## Exceptions\n\n")
	byPackage(&b, thrown)
	return b.String()
}

// members writes the line of a class. Classes that have all that one of done has
// name that one.
func members(b *strings.Builder, e *groovy.Engine, class string, done map[string][]string) {
	list := e.Members(class)
	if len(list) == 0 {
		return
	}
	whole := list
	for _, other := range slices.Sorted(maps.Keys(done)) {
		theirs := slices.DeleteFunc(slices.Clone(done[other]), func(m string) bool { return strings.HasPrefix(m, "static ") })
		if len(theirs) < 20 || slices.ContainsFunc(theirs, func(m string) bool { return !slices.Contains(list, m) }) {
			continue
		}
		list = slices.DeleteFunc(slices.Clone(list), func(m string) bool { return slices.Contains(theirs, m) })
		list = append([]string{"all of `" + other + "`"}, list...)
		break
	}
	done[class] = whole
	fmt.Fprintf(b, "- `%s`: %s\n", class, strings.Join(list, ", "))
}

// byPackage writes a line for each package.
func byPackage(b *strings.Builder, classes []string) {
	var packages []string
	in := map[string][]string{}
	for _, n := range classes {
		p, c := n, ""
		for { // nested classes stay with their outer ones
			i := strings.LastIndexByte(p, '.')
			p, c = p[:i], strings.TrimSuffix(p[i+1:]+"."+c, ".")
			last := p[strings.LastIndexByte(p, '.')+1:]
			if last == "" || last[0] < 'A' || last[0] > 'Z' {
				break
			}
		}
		if in[p] == nil {
			packages = append(packages, p)
		}
		in[p] = append(in[p], c)
	}
	slices.Sort(packages)
	for _, p := range packages {
		fmt.Fprintf(b, "- `%s`: %s\n", p, strings.Join(in[p], ", "))
	}
}
