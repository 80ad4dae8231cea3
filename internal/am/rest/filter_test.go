package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestFilter(t *testing.T) {
	o := Object{
		"_id": "Demo", "uid": []any{"demo", "d2"}, "age": json.Number("41"), "active": true, "none": nil, "empty": []any{},
		"core": Object{"scopes": []any{"write"}, "a/b": "x"}, "text": `say "hi"`,
	}
	tests := []struct {
		filter string
		want   bool
	}{
		{"true", true},
		{"false", false},
		{"!false", true},
		{"! ( true )", false},
		{`_id eq "demo"`, true}, // case does not matter
		{`_id eq 'demo'`, true},
		{`_id eq "dem"`, false},
		{`uid eq "d2"`, true}, // one of a list
		{`uid co "em"`, true},
		{`uid sw "em"`, false},
		{`/core/scopes eq "write"`, true},
		{`core/scopes/0 sw "wr"`, true},
		{`core/scopes/1 pr`, false},
		{`core/a~1b eq "x"`, true},
		{"age gt 40", true},
		{"age ge 41 and age le 41", true},
		{"age lt 41", false},
		{"age eq 41.0", true},
		{`age eq "41"`, false}, // another kind
		{"active eq true", true},
		{"active eq false", false},
		{"age pr", true},
		{"none pr", false},
		{"empty pr", false},
		{"nothing pr", false},
		{`!(nothing eq "x")`, true},
		{"false and false or true", true}, // and binds closer
		{"false and (false or true)", false},
		{`text eq "say \"hi\""`, true},
		{`(_id eq "demo")and(age eq 41)`, true},
	}
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			f, err := ParseFilter(tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Matches(o); got != tt.want {
				t.Errorf("Matches = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestFilterErrors(t *testing.T) {
	for _, filter := range []string{
		"", "(", "()", "true)", "_id", "_id eq", "_id is 4", `_id eq "x`, "_id eq x", "true true", "and", "a eq 1 and",
		"!", "a eq NaN", "a eq Inf", strings.Repeat("(", 100) + "true" + strings.Repeat(")", 100),
		strings.Repeat("!", 1000) + "true", strings.Repeat("true or ", 2000) + "true",
	} {
		_, err := ParseFilter(filter)
		if e, ok := errors.AsType[*Error](err); !ok || e.Status != http.StatusBadRequest {
			t.Errorf("ParseFilter(%.40q) = %v, want a 400", filter, err)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{`a eq "b" and (c gt 4 or !d pr)`, "true", `x/y co 'z\''`, "((a pr))", "a eq -1e3", `a eq "^(?!x$).*"`} {
		f.Add(seed)
	}
	o := Object{"a": "b", "c": json.Number("5"), "d": []any{nil, Object{}}, "x": Object{"y": true}}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := ParseFilter(text)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("ParseFilter(%q): %v is no refusal", text, err)
			}
			return
		}
		if filter.Matches(o) == (negation{filter}).Matches(o) {
			t.Errorf("%q and its negation agree", text)
		}
		p, err := patterned(filter)
		if _, ok := errors.AsType[*Error](err); err != nil && !ok {
			t.Errorf("patterned(%q): %v is no refusal", text, err)
		}
		if err == nil && filter.Matches(o) && !strings.Contains(text, "!") && !p.Matches(o) {
			t.Errorf("%q holds, and not with patterns", text)
		}
	})
}
