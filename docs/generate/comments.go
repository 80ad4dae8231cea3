package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// comments finds what the source says about struct fields.
type comments struct {
	root     string
	packages map[string]map[string]*ast.StructType // package path -> type -> struct
}

// of returns the struct in the source, or nil when there is none.
func (c *comments) of(t reflect.Type) *ast.StructType {
	if t.PkgPath() == "" {
		return nil
	}
	types, ok := c.packages[t.PkgPath()]
	if !ok {
		types = c.parse(t.PkgPath())
		c.packages[t.PkgPath()] = types
	}
	name, _, _ := strings.Cut(t.Name(), "[")
	return types[name]
}

func (c *comments) parse(pkg string) map[string]*ast.StructType {
	types := map[string]*ast.StructType{}
	rel, ours := strings.CutPrefix(pkg, "gatehouse/")
	if !ours {
		return types
	}
	files, _ := filepath.Glob(filepath.Join(c.root, rel, "*.go"))
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
		if err != nil {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if s, ok := spec.Type.(*ast.StructType); ok {
					types[spec.Name.Name] = s
				}
			}
			return true
		})
	}
	return types
}

// field returns the comment of a field, and its type in the source.
func field(s *ast.StructType, name string) (text string, typ ast.Expr) {
	if s == nil {
		return "", nil
	}
	for _, f := range s.Fields.List {
		for _, n := range f.Names {
			if n.Name != name {
				continue
			}
			doc := f.Doc
			if doc == nil {
				doc = f.Comment
			}
			text := strings.Join(strings.Fields(doc.Text()), " ")
			return sentence(text, name), f.Type
		}
	}
	return "", nil
}

// sentence drops the Go name that comments begin with: "Port is a port" -> "A port".
func sentence(text, name string) string {
	rest, ok := strings.CutPrefix(text, name+" ")
	if !ok {
		return text
	}
	for _, verb := range []string{"is ", "are "} {
		if after, ok := strings.CutPrefix(rest, verb); ok {
			rest = after
			break
		}
	}
	return strings.ToUpper(rest[:1]) + rest[1:]
}

// within returns the struct that a type in the source stands for when it is written in
// place.
func within(e ast.Expr) *ast.StructType {
	switch e := e.(type) {
	case *ast.StructType:
		return e
	case *ast.StarExpr:
		return within(e.X)
	case *ast.ArrayType:
		return within(e.Elt)
	case *ast.MapType:
		return within(e.Value)
	}
	return nil
}
