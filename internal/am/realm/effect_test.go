package realm_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"gatehouse/internal/am/realm"
)

// Every setting of providers, clients and agents, and of all providers together, is read somewhere, or docs/specs.md says that it is kept without effect; and
// what is said there is true.
func TestEverySettingHasItsEffect(t *testing.T) {
	used := fieldsUsed(t)
	page, err := os.ReadFile("../../../docs/specs.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(page), "\n## Settings without effect\n")
	if !ok {
		t.Fatal("docs/specs.md has no section on settings without effect")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	listed := map[string]bool{}
	for _, row := range strings.Split(section, "\n") {
		if first, _, ok := strings.Cut(strings.TrimPrefix(row, "| "), " |"); ok {
			for _, m := range regexp.MustCompile("`([A-Za-z_]+)`").FindAllStringSubmatch(first, -1) {
				listed[m[1]] = true
			}
		}
	}
	known := map[string]bool{}
	look := func(group reflect.Type) {
		for _, f := range reflect.VisibleFields(group) {
			if f.Anonymous {
				continue
			}
			if f.PkgPath != "" || f.Tag.Get("json") == "-" {
				continue
			}
			owner := group.Name()
			if len(f.Index) > 1 {
				owner = group.Field(f.Index[0]).Type.Name()
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			known[name] = true
			if name == "agentgroup" {
				continue // read in the document before that is decoded: TestAgentGroup
			}
			if name == "introspectionPolicySets" {
				continue // read to be kept when a client updates its registration, and for nothing else
			}
			has := used[owner+"."+f.Name]
			if !has && !listed[name] {
				t.Errorf("%s (%s.%s): nothing reads it, and docs/specs.md does not say so", name, owner, f.Name)
			}
			if has && listed[name] {
				t.Errorf("%s: docs/specs.md says that it has no effect, but %s.%s is read", name, owner, f.Name)
			}
		}
	}
	look(reflect.TypeFor[realm.Global]())
	for _, top := range []reflect.Type{reflect.TypeFor[realm.Provider](), reflect.TypeFor[realm.Client]()} {
		for i := range top.NumField() {
			if group := top.Field(i); group.Type.Kind() == reflect.Struct && group.Tag.Get("json") != "" {
				look(group.Type)
			}
		}
	}
	for _, agent := range []reflect.Type{reflect.TypeFor[realm.Agent](), reflect.TypeFor[realm.TrustedIssuer](), reflect.TypeFor[realm.RemoteConsentAgent](), reflect.TypeFor[realm.SoftwarePublisher]()} {
		look(agent)
	}
	for name := range listed {
		if !known[name] {
			t.Errorf("docs/specs.md names %s, which is no setting", name)
		}
	}
	effective := reflect.TypeOf(realm.Effective{})
	for i := range effective.NumField() {
		if f := effective.Field(i); !used["Effective."+f.Name] {
			t.Errorf("Effective.%s: nothing reads it", f.Name)
		}
	}
}

// fieldsUsed finds the fields "Type.Field" of package realm that the program reads, wherever that is.
func fieldsUsed(t *testing.T) map[string]bool {
	t.Helper()
	list := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export,Dir,GoFiles", "gatehouse/internal/am")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	type pkg struct {
		ImportPath, Export, Dir string
		GoFiles                 []string
	}
	exports := map[string]string{}
	var ours []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, "gatehouse/internal/am") {
			ours = append(ours, p)
		}
	}
	used := map[string]bool{}
	fset := token.NewFileSet()
	from := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, p := range ours {
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		info := &types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}}
		if _, err := (&types.Config{Importer: from}).Check(p.ImportPath, fset, files, info); err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			written := map[ast.Expr]bool{}
			ast.Inspect(f, func(n ast.Node) bool {
				if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.ASSIGN {
					for _, left := range a.Lhs {
						written[left] = true
					}
				}
				s, ok := n.(*ast.SelectorExpr)
				if !ok || written[s] {
					return true
				}
				sel := info.Selections[s]
				if sel == nil || sel.Kind() != types.FieldVal || sel.Obj().Pkg() == nil || sel.Obj().Pkg().Path() != "gatehouse/internal/am/realm" {
					return true
				}
				recv := sel.Recv()
				if ptr, ok := recv.(*types.Pointer); ok {
					recv = ptr.Elem()
				}
				if named, ok := recv.(*types.Named); ok {
					used[named.Obj().Name()+"."+s.Sel.Name] = true
				}
				return true
			})
		}
	}
	if !used["ProviderCore.CodeLifetime"] {
		t.Fatal("the search for fields finds nothing")
	}
	return used
}
