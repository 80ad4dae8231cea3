package observe

import (
	"bytes"
	"regexp"
	"testing"
)

func TestConsole(t *testing.T) {
	var b bytes.Buffer
	log := NewLogger(&b, "text", "").With("route", "a b")
	log.Debug("not shown")
	log.WithGroup("g").Warn("first\nsecond\x1b[31m", "k", "v", "empty", "")
	want := `^\S+Z WARN first route="a b" g\.k=v g\.empty=""\n  \| second\?\[31m\n$`
	if !regexp.MustCompile(want).MatchString(b.String()) {
		t.Errorf("log is %q, want %s", b.String(), want)
	}
}
