package audit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPolicy(t *testing.T) {
	event := map[string]any{"a": map[string]any{"b": 1, "c": map[string]any{"D": 2, "e": 3}}, "f": map[string]any{}, "g": 4}
	tests := []struct {
		name             string
		include, exclude []string
		want             map[string]any
	}{
		{"nothing", nil, nil, map[string]any{}},
		{"a field with all below", []string{"/t/a"}, nil, map[string]any{"a": event["a"]}},
		{"a field deep within", []string{"/t/a/b"}, nil, map[string]any{"a": map[string]any{"b": 1}}},
		{"without one below", []string{"/t/a"}, []string{"/t/a/c"}, map[string]any{"a": map[string]any{"b": 1}}},
		{"exclusion wins over inclusion of the same", []string{"/t/a/b", "/t/g"}, []string{"/t/a/b"}, map[string]any{"g": 4}},
		{"exclusion wins over inclusion below", []string{"/t/a/c/e"}, []string{"/t/a"}, map[string]any{}},
		{"everything", []string{"/t"}, nil, event},
		{"a whole topic is excluded", []string{"/t/a"}, []string{"/t"}, map[string]any{}},
		{"another topic", []string{"/u/a"}, nil, map[string]any{}},
		{"names without regard to case", []string{"/t/a/c/d", "/t/f"}, nil, map[string]any{"a": map[string]any{"c": map[string]any{"D": 2}}, "f": map[string]any{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := NewPolicy()
			for _, i := range tt.include {
				p.include(i)
			}
			for _, e := range tt.exclude {
				p.exclude(e)
			}
			p.ignoreCase("/t/a/c")
			if diff := cmp.Diff(tt.want, p.at("t").Filter(event)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestPolicyPaths(t *testing.T) {
	p := NewPolicy()
	p.include("/t/a")
	p.exclude("/t/a/x")
	p.include("/t/b/y")
	at := p.at("t")
	for _, tt := range []struct {
		path             []string
		allows, mayAllow bool
	}{
		{path: []string{"a"}, allows: true, mayAllow: true},
		{path: []string{"a", "x"}},
		{path: []string{"a", "z"}, allows: true, mayAllow: true},
		{path: []string{"b"}, mayAllow: true},
		{path: []string{"b", "y"}, allows: true, mayAllow: true},
		{path: []string{"c"}},
	} {
		if got := at.Allows(tt.path...); got != tt.allows {
			t.Errorf("allows(%v) = %v, want %v", tt.path, got, tt.allows)
		}
		if got := at.MayAllow(tt.path...); got != tt.mayAllow {
			t.Errorf("mayAllow(%v) = %v, want %v", tt.path, got, tt.mayAllow)
		}
	}
	if a := at.Sub("a"); !a.Allows("z") || a.Allows("x") {
		t.Error("the policy below an included field forgets what is above it")
	}
}
