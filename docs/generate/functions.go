package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/internal/expr"
)

// functionsPage lists the functions and methods of expressions.
func functionsPage() string {
	var b strings.Builder
	b.WriteString(notice + "# Functions of expressions\n\nIn signatures `?` marks what may be left out, `...` what may be repeated.\n")
	for _, f := range expr.Functions() {
		function(&b, "##", f)
	}
	methods := expr.Methods()
	for _, on := range slices.Sorted(maps.Keys(methods)) {
		fmt.Fprintf(&b, "\n## Methods: %s\n", on)
		for _, f := range methods[on] {
			function(&b, "###", f)
		}
	}
	return b.String()
}

func function(b *strings.Builder, level string, f expr.Function) {
	fmt.Fprintf(b, "\n%s %s\n\n`%s%s`\n\n%s\n", level, f.Name, f.Name, f.Sig, strings.TrimSpace(f.Doc))
	if len(f.Examples) == 0 {
		return
	}
	b.WriteString("\n| Expression | Value |\n|---|---|\n")
	for _, e := range f.Examples {
		fmt.Fprintf(b, "| `%s` | %s |\n", cell("${"+e.Expr+"}"), cell(shown(e.Want)))
	}
}

func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case []byte:
		return fmt.Sprintf("bytes `%x`", v)
	case fmt.Stringer:
		return "`" + v.String() + "`"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "`" + fmt.Sprint(v) + "`"
	}
	return "`" + string(text) + "`"
}
