package grant

import (
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/store"
)

func TestMayAct(t *testing.T) {
	actor := &store.Token{Subject: oauth.ClientSubject("robot")}
	tests := []struct {
		name, claim string
		actor       *store.Token
		want        bool
	}{
		{"client as text", `{"client_id":"app"}`, nil, true},
		{"client in a list", `{"client_id":["x","app"]}`, nil, true},
		{"actor named", `{"client_id":"app","sub":"(age!robot)"}`, actor, true},
		{"actor in a list", `{"client_id":"app","sub":["x","(age!robot)"]}`, actor, true},
		{"actor may act, none is there", `{"client_id":"app","sub":"(age!robot)"}`, nil, true},
		{"actor without its type", `{"client_id":"app","sub":"robot"}`, actor, false},
		{"no actor allowed", `{"client_id":"app"}`, actor, false},
		{"another client", `{"client_id":"other"}`, nil, false},
		{"part of a name", `{"client_id":"application"}`, nil, false},
		{"no client", `{"sub":"(age!robot)"}`, actor, false},
		{"number", `{"client_id":5}`, nil, false},
		{"text", `"app"`, nil, false},
		{"null", `null`, nil, false},
		{"absent", ``, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := mayAct(json.RawMessage(tt.claim), "app", tt.actor); (err == nil) != tt.want {
				t.Errorf("mayAct(%s) = %v", tt.claim, err)
			}
		})
	}
}

func TestActChainIsBounded(t *testing.T) {
	actor := &store.Token{Subject: oauth.ClientSubject(strings.Repeat("x", 100))}
	var chain json.RawMessage
	for range 1000 {
		longer, err := act(actor, chain)
		if err != nil {
			return
		}
		chain = longer
	}
	t.Error("the chain of actors grows without end")
}

func FuzzMayAct(f *testing.F) {
	f.Add(`{"client_id":["app"],"sub":"(age!robot)"}`)
	f.Add(`{"client_id":{}}`)
	f.Fuzz(func(t *testing.T, claim string) {
		if mayAct(json.RawMessage(claim), "app", nil) == nil && !strings.Contains(strings.ToLower(claim), "client_id") {
			t.Errorf("%q lets the client act", claim)
		}
	})
}

func TestValidVerifier(t *testing.T) {
	for v, want := range map[string]bool{
		strings.Repeat("a", 43): true, strings.Repeat("-._~", 32): true, strings.Repeat("a", 42): false, strings.Repeat("a", 129): false,
		strings.Repeat("a", 43) + "+": false, "": false,
	} {
		if validVerifier(v) != want {
			t.Errorf("validVerifier(%q) = %v", v, !want)
		}
	}
}
