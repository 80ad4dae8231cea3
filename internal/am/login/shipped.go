package login

import (
	"encoding/json"

	"gatehouse/internal/am/login/journey"
)

// shippedTrees are the journeys that every realm has from the start. Their nodes have IDs of their own, so that an
// export of one names nodes that other realms have as well.
func shippedTrees() []journey.Shipped {
	sign := func(name, page, user, password, decision, kind string) journey.Shipped {
		yes := true
		outcomes := map[string]string{"true": journey.Success, "false": journey.Failure}
		settings, _ := json.Marshal(map[string]any{ // texts marshal always
			"stage": "UsernamePassword", "pageHeader": map[string]string{"en": "Sign in", "de": "Anmelden"}, "pageDescription": map[string]string{},
			"nodes": []journey.PageEntry{
				{ID: user, Type: "UsernameCollectorNode", DisplayName: "Username Collector"},
				{ID: password, Type: "PasswordCollectorNode", DisplayName: "Password Collector"},
			},
		})
		return journey.Shipped{
			Tree: journey.Tree{
				Name: name, Entry: page, Enabled: &yes,
				Nodes: map[string]journey.Link{
					page:     {DisplayName: "Page Node", Type: "PageNode", Connections: map[string]string{"outcome": decision}},
					decision: {DisplayName: "Decision", Type: kind, Connections: outcomes},
				},
			},
			Nodes: map[string]json.RawMessage{
				"PageNode " + page:              settings,
				"UsernameCollectorNode " + user: json.RawMessage("{}"), "PasswordCollectorNode " + password: json.RawMessage("{}"),
			},
		}
	}
	return []journey.Shipped{
		sign(TreeAgent, "4b7a3c1e-9a53-4d0e-8f53-0a5a1d2f6c01", "4b7a3c1e-9a53-4d0e-8f53-0a5a1d2f6c02", "4b7a3c1e-9a53-4d0e-8f53-0a5a1d2f6c03",
			"4b7a3c1e-9a53-4d0e-8f53-0a5a1d2f6c04", "AgentDataStoreDecisionNode"),
		sign(TreeLogin, "6f0c9d52-0c3b-4f0b-9a39-7d54b6c5e101", "6f0c9d52-0c3b-4f0b-9a39-7d54b6c5e102", "6f0c9d52-0c3b-4f0b-9a39-7d54b6c5e103",
			"6f0c9d52-0c3b-4f0b-9a39-7d54b6c5e104", "DataStoreDecisionNode"),
		sign(TreeDefault, "a1d3e6b4-52f7-4c88-b7c1-2e6f8a90d201", "a1d3e6b4-52f7-4c88-b7c1-2e6f8a90d202", "a1d3e6b4-52f7-4c88-b7c1-2e6f8a90d203",
			"a1d3e6b4-52f7-4c88-b7c1-2e6f8a90d204", "DataStoreDecisionNode"),
		// The journey of the configuration tool: it is there, and cannot be run.
		{Tree: journey.Tree{Name: TreeAmster, Entry: journey.Failure, Nodes: map[string]journey.Link{}, Enabled: new(bool)}},
	}
}
