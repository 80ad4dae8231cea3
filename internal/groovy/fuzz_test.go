package groovy

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func addCorpus(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.groovy")
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range corpusCases(string(data)) {
			f.Add(c.script)
		}
	}
	for _, s := range []string{"", "\\", "\"${", "'''", "/*", "x ? [", "a?[1]:b", "@", "$/", "${", "def (", "switch(x){case", "{->", "x..", "1..<", "new A[", "for(;;", "~/", "a.@", "*:"} {
		f.Add(s)
	}
}

// FuzzParse checks that every text is parsed or refused with positions.
func FuzzParse(f *testing.F) {
	addCorpus(f)
	e := New(Env{Classes: JDK()})
	f.Fuzz(func(t *testing.T, src string) {
		_, err := e.Compile("f.groovy", src)
		if err == nil {
			return
		}
		for _, x := range flatten(err) {
			if x.Line < 1 || x.Col < 1 || x.Msg == "" {
				t.Errorf("error without position: %v", x)
			}
		}
		if len(flatten(err)) == 0 {
			t.Errorf("error of an unknown kind: %v", err)
		}
	})
}

// FuzzRun checks that every script that compiles ends with a value, an
// exception or a limit, never with a fault of the interpreter.
func FuzzRun(f *testing.F) {
	addCorpus(f)
	e := New(Env{Classes: JDK(), Limits: Limits{Steps: 20_000, Depth: 60, Bytes: 4 << 20, Wall: time.Second, Regexp: 20 * time.Millisecond}})
	f.Fuzz(func(t *testing.T, src string) {
		s, err := e.Compile("f.groovy", src)
		if err != nil {
			return
		}
		v, err := s.Run(context.Background(), NewBinding(map[string]Value{"x": int32(1), "m": NewMap(), "l": NewList("a", int32(2))}))
		var in *InternalError
		if errors.As(err, &in) {
			t.Errorf("%v\n%s", in, in.Stack)
		}
		var th *Thrown
		if errors.As(err, &th) {
			_ = th.Detail()
		}
		_ = ToString(v)
	})
}
