package script

import (
	"log/slog"
	"slices"

	"gatehouse/internal/groovy"
)

// Language is an engine with the classes that scripts have, for the reference.
func Language() *groovy.Engine {
	return groovy.New(groovy.Env{Classes: classes(slog.New(slog.DiscardHandler))})
}

// Visible lists what scripts see without an import, besides what Groovy itself
// imports: packages, classes, and classes whose statics need no class name.
func Visible() (packages, names, static []string) {
	return slices.Clone(starImports), slices.Clone(imports), slices.Clone(statics)
}

// Bounds lists the bounds of what scripts get and give, which no setting moves.
func Bounds() []groovy.Bound {
	return []groovy.Bound{
		{What: "values in JSON, attributes and sessions", Most: maxValues},
		{What: "levels of JSON, attributes and sessions", Most: maxNesting},
		{What: "bytes of JSON that is written", Most: maxJSON},
		{What: "digits of a whole number in JSON", Most: maxDigits},
		{What: "keys of a JWK set", Most: maxKeys},
		{What: "bytes of a script file", Most: maxFile},
		{What: "bytes of a file that a script reads", Most: maxRead},
		{What: "bytes that a script writes to a connection", Most: maxBody},
		{What: "redirects that a connection follows", Most: maxRedirects},
		{What: "calls of `http` at a time", Most: maxCalls},
		{What: "files and connections open at a time", Most: maxOpen},
		{What: "bytes of a line of the log; the rest is cut off", Most: maxLine},
	}
}
