package internal

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rule says what a package, and what lies below it, may import of ours. Paths are
// below gatehouse/internal; "x/..." means x and all below it.
type rule struct {
	pkg    string
	may    []string
	reason string
}

var ground = []string{"audit", "conf", "expr", "groovy", "javaregexp", "jose", "keystore", "observe", "gateway/chain", "gateway/heap"}

// rules are read from the top; the first that matches a package holds.
var rules = []rule{
	{"conf", nil, "the ground floor knows nothing else"},
	{"gateway/chain", nil, "the contract holds no behaviour"},
	{"observe", nil, "the ground floor knows nothing else"},
	{"javaregexp", nil, "patterns are only text"},
	{"groovy", []string{"javaregexp"}, "the language knows nothing of gateways"},
	{"keystore", nil, "the ground floor knows nothing else"},
	{"sample", []string{"ui"}, "the sample application is an application like any other"},
	{"jose", []string{"keystore"}, "keys may come from key stores"},
	{"audit", []string{"conf", "observe"}, "both wings audit, and neither knows the other"},
	{"expr", []string{"conf", "javaregexp"}, "expressions are compiled from configuration"},
	{"ui", []string{"observe"}, "pages know no wing"},
	{"gateway/heap", []string{"conf", "gateway/chain", "expr", "javaregexp", "observe"}, "objects are made before wings exist"},
	{"gateway/wire", []string{"gateway/chain", "observe"}, "the sockets know the contract only"},
	{"gateway/secrets", ground, "stores come before all users of secrets"},
	{"gateway/session", append(slices.Clone(ground), "gateway/secrets"), "left neighbours only"},
	{"gateway/audit", append(slices.Clone(ground), "gateway/secrets", "gateway/session"), "left neighbours only"},
	{"gateway/script", append(slices.Clone(ground), "gateway/secrets", "gateway/session", "gateway/audit", "gateway/wire"), "left neighbours only"},
	{"gateway/amservice", append(slices.Clone(ground), "gateway/secrets", "gateway/session", "gateway/audit", "gateway/wire", "gateway/script"), "left neighbours only"},
	{"gateway/filters", kit, "not other lists of types"},
	{"gateway/handlers", kit, "not other lists of types"},
	{"gateway/oauth2", kit, "not other lists of types"},
	{"gateway/studio", []string{"gateway/...", "conf", "expr", "observe", "ui"}, "pages over the gateway"},
	{"gateway", []string{"gateway/...", "audit", "conf", "expr", "groovy", "javaregexp", "jose", "keystore", "observe"}, "one wing, and never the other"},
	{"am/account", []string{"am/store", "am/login", "ui"}, "a page sees what an API caller sees"},
	{"am/store/embedded", []string{"am/store", "am/store/storetest", "observe"}, "engines store records"},
	{"am/store/memory", []string{"am/store", "am/store/storetest"}, "engines store records"},
	{"am/store/postgres", []string{"am/store", "am/store/storetest", "observe"}, "engines store records"},
	{"am/store/storetest", []string{"am/store", "am/store/memory"}, "the suite knows records and the simplest engine"},
	{"am/store", []string{"am/store/...", "observe"}, "downwards only"},
	{"am/realm", []string{"am/store/...", "conf", "jose", "keystore", "observe"}, "downwards only"},
	{"am/outgoing", []string{"observe"}, "it knows addresses, and nobody who names them"},
	{"am/script", []string{"am/store/...", "am/realm", "am/outgoing", "groovy", "jose", "observe", "conf"}, "downwards only"},
	{"am/login/social", []string{"am/store", "am/realm", "am/outgoing", "jose"}, "calls other providers, and knows no journey"},
	{"am/login/journey", []string{"am/store", "am/realm", "am/script", "am/login/social", "observe"}, "the engine of journeys knows no node but its own"},
	{"am/login/devices", []string{"am/realm"}, "records of users, which nodes and the interface read"},
	{"am/login/selfservice", []string{"am/store", "am/realm"}, "records of users, which nodes and the interface read"},
	{"am/login/nodes", []string{"am/store", "am/realm", "am/script", "am/login/journey", "am/login/devices", "am/login/selfservice", "am/login/social"}, "nodes know the engine, and one another not"},
	{"am/login", []string{"am/store/...", "am/realm", "am/script", "audit", "jose", "observe", "ui", "conf"}, "downwards only"},
	{"am/oauth", []string{"am/store/...", "am/realm", "am/outgoing", "am/script", "am/login", "am/oauth/...", "jose", "observe", "ui", "conf"}, "downwards only"},
	{"am/rest", []string{"am/store/...", "am/realm", "am/directory", "am/script", "am/login/...", "am/oauth/...", "audit", "javaregexp", "jose", "observe", "ui", "conf"}, "downwards only"},
	{"am/backup", []string{"am/store/..."}, "it copies files of a store"},
	{"am/directory", []string{"am/store/...", "am/realm"}, "it finds users, as realms want them"},
	{"am/transfer", nil, "it calls the administration interface as anybody else does"},
	{"am/console", []string{"am/...", "jose", "observe", "ui", "conf"}, "a page sees what an API caller sees"},
	{"am", []string{"am/...", "audit", "jose", "observe", "ui", "conf", "groovy"}, "one wing, and never the other"},
}

var kit = append(slices.Clone(ground), "gateway/secrets", "gateway/session", "gateway/audit", "gateway/wire", "gateway/script", "gateway/amservice")

func TestImports(t *testing.T) {
	walk(t, func(path string) {
		dir := filepath.ToSlash(filepath.Dir(path))
		if dir == "." {
			return
		}
		r, ok := ruleFor(dir)
		if !ok {
			t.Errorf("internal/%s has no rule: add it to the table", dir)
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			p, ours := strings.CutPrefix(p, "gatehouse/")
			if !ours {
				continue
			}
			p, inside := strings.CutPrefix(p, "internal/")
			if !inside || !(p == dir || strings.HasPrefix(p, dir+"/") && dir != "gateway" && dir != "am" || allowed(r, p)) {
				t.Errorf("internal/%s imports %s: %s", path, p, r.reason)
			}
		}
	})
}

func ruleFor(dir string) (rule, bool) {
	for _, r := range rules {
		if dir == r.pkg || strings.HasPrefix(dir, r.pkg+"/") {
			return r, true
		}
	}
	return rule{}, false
}

func allowed(r rule, p string) bool {
	for _, may := range r.may {
		base, tree := strings.CutSuffix(may, "/...")
		if p == base || tree && strings.HasPrefix(p, base+"/") {
			return true
		}
	}
	return false
}

// walk visits every Go file below internal.
func walk(t *testing.T, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "testdata" {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	badNames  = []string{"util", "utils", "common", "helper", "helpers", "types", "models", "pkg", "misc", "base"}
	initFunc  = regexp.MustCompile(`(?m)^func init\(\)`)
	defined   = regexp.MustCompile(`(?m)^var (\w+) = heap\.(?:Define|Refuse)`)
	maxLength = 700
)

func TestFiles(t *testing.T) {
	walk(t, func(path string) {
		for _, part := range strings.Split(filepath.ToSlash(filepath.Dir(path)), "/") {
			if slices.Contains(badNames, part) {
				t.Errorf("internal/%s: the folder's name says nothing; name it for what it is about", path)
			}
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if initFunc.Match(text) {
			t.Errorf("internal/%s: init functions hide what happens; pass lists in", path)
		}
		if n := strings.Count(string(text), "\n"); n > maxLength && !strings.HasSuffix(path, "_test.go") {
			t.Errorf("internal/%s has %d lines, more than %d: does it still do one thing?", path, n, maxLength)
		}
	})
}

// Every type of an object that is defined is in the list of its folder.
func TestAllListsEveryType(t *testing.T) {
	for _, dir := range []string{"gateway/filters", "gateway/handlers", "gateway/oauth2", "gateway/secrets", "gateway/amservice"} {
		list, err := os.ReadFile(filepath.Join(dir, "all.go"))
		if err != nil {
			t.Errorf("internal/%s: %v", dir, err)
			continue
		}
		files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range defined.FindAllStringSubmatch(string(text), -1) {
				if !regexp.MustCompile(fmt.Sprintf(`\b%s\b`, m[1])).Match(list) {
					t.Errorf("internal/%s defines %s, which all.go does not list", file, m[1])
				}
			}
		}
	}
}
