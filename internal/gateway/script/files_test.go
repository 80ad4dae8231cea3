package script

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFiles(t *testing.T) {
	g := newRig(t)
	touched := time.Unix(1_600_000_000, 0)
	put := func(name, src string) {
		g.write(name, src)
		touched = touched.Add(time.Hour)
		if err := os.Chtimes(filepath.Join(g.dir, name), touched, touched); err != nil {
			t.Fatal(err)
		}
	}
	put("com/example/Greeter.groovy", "package com.example\nclass Greeter { String greet(n) { \"hello $n\" } }")
	put("Local.groovy", "class Local { static suffix() { '!' } }")
	put("h.groovy", "import com.example.Greeter\nnew Response(Status.OK).setEntity(new Greeter().greet('world') + Local.suffix())")
	s, errs := g.load(`{"type": "application/x-groovy", "file": "h.groovy"}`)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	answer := func() string {
		r, err := s.Handle(newExchange("/"))
		if err != nil {
			return err.Error()
		}
		return r.Entity.String()
	}
	want := func(when, text string) {
		t.Helper()
		if got := answer(); !strings.Contains(got, text) {
			t.Errorf("%s: %q, want %q", when, got, text)
		}
	}
	want("first", "hello world!")
	put("com/example/Greeter.groovy", "package com.example\nclass Greeter { String greet(n) { \"bye $n\" } }")
	want("within the second", "hello world!")
	g.now = g.now.Add(time.Second)
	want("class changed", "bye world!")
	put("h.groovy", "return ((")
	g.now = g.now.Add(time.Second)
	want("broken", "h.groovy:1:")
	want("still broken", "h.groovy:1:")
	put("h.groovy", "new Response(Status.OK).setEntity('mended')")
	g.now = g.now.Add(time.Second)
	want("mended", "mended")
	if err := os.Remove(filepath.Join(g.dir, "h.groovy")); err != nil {
		t.Fatal(err)
	}
	g.now = g.now.Add(time.Second)
	want("gone", "cannot be read")
}

func TestAbsoluteFile(t *testing.T) {
	g := newRig(t)
	path := filepath.Join(t.TempDir(), "x.groovy")
	if err := os.WriteFile(path, []byte("new Response(Status.OK).setEntity('abs')"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, errs := g.load(`{"type": "application/x-groovy", "file": "` + path + `"}`)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	if _, body := respond(t, s, newExchange("/")); body != "abs" {
		t.Errorf("answer = %q", body)
	}
}
