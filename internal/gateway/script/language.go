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
