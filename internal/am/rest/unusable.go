package rest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
)

// maxWarnings bounds the warnings that one answer has.
const maxWarnings = 20

// warnOfAlgorithms says, to whoever writes a profile and in the log, which algorithms this server does not have.
func (c *Call) warnOfAlgorithms(res *Resource, after Object) {
	if after == nil || !strings.HasPrefix(res.Path, "realm-config/agents/") {
		return
	}
	for i, what := range realm.UnusableAlgorithms(after) {
		if i == maxWarnings {
			break
		}
		c.server.Log.WarnContext(c.Context(), "a profile names an algorithm that this server does not have: what needs it fails", "realm", c.realmPath(), "profile", after["_id"], "setting", what)
		c.writer.Header().Add("Warning", fmt.Sprintf("199 - %s", quoted("not supported by this server: "+what)))
	}
}

// warnOfUnknown says, to whoever writes an object and in the log, which of its members are not kept, where PingAM ignores
// them.
func (c *Call) warnOfUnknown(body Object, known ...string) {
	unknown := 0
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if ignored(name) || slices.Contains(known, name) {
			continue
		}
		if unknown++; unknown > maxWarnings {
			break
		}
		c.server.Log.WarnContext(c.Context(), "a member of an object is not known, and not kept", "realm", c.realmPath(), "path", c.Request.URL.Path, "member", name)
		c.writer.Header().Add("Warning", "199 - "+quoted("not kept: "+name))
	}
}

// quoted is a text for a header.
func quoted(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, text)
	return `"` + text[:min(len(text), 200)] + `"`
}
