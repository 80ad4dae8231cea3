package oauth

import (
	"maps"
	"slices"

	"gatehouse/internal/am/store"
)

// methods are the authentication methods of a session as tokens tell them (OIDC Core §2, amr). Where the settings map
// names to journeys, those of the session's journey are told and no others (PingAM: amrMappings).
func (p *Provider) methods(s *store.Session) []string {
	mapped := p.Settings.AdvancedOIDC.AMRMappings
	if len(mapped) == 0 {
		return s.AMR
	}
	var out []string
	for _, amr := range slices.Sorted(maps.Keys(mapped)) {
		if isJourney(s.Tree, mapped[amr]) {
			out = append(out, amr)
		}
	}
	return out
}

// isJourney tells whether a setting means the journey, by its name or by that of the module which it replaced.
func isJourney(tree, setting string) bool {
	if tree == "" || setting == "" {
		return false
	}
	return tree == setting || tree == "ldapService" && (setting == "DataStore" || setting == "LDAP")
}
