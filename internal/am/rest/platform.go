package rest

import (
	"net/http"
	"strings"
)

// platform are resources beside the deployment contexts that tools of PingOne Advanced Identity Cloud and of installations
// of the platform look at first. What is of access management is told; identity management and the environment, which are
// not behind this server, are empty, and take nothing.
func (s *Server) platform() []*Resource {
	list := []*Resource{
		{
			Path: "environment/scopes/service-accounts", Global: true,
			Allow: func(c *Call, v Verb) error {
				if v == VerbRead {
					return nil // tools read it before they sign in
				}
				return administrators(c)
			},
			Plain: func(*Call) (any, error) {
				return []any{
					Object{"scope": adminScope, "description": "All of the administration interface", "childScopes": []any{}},
					Object{"scope": identityScope, "description": "Managed applications, roles and users, service accounts", "childScopes": []any{}},
				}, nil
			},
		},
		{Path: "environment/info", Global: true, Identities: true, Unversioned: true, Read: func(*Call, string) (Object, error) {
			return Object{"immutable": false, "locked": false}, nil // the configuration can always be changed
		}},
		{Path: "environment/startup", Global: true, Identities: true, Settings: true, Read: func(*Call, string) (Object, error) {
			return Object{"restartStatus": "ready"}, nil // nothing is held back until a restart
		}},
		{Path: "environment/count", Global: true, Identities: true, Settings: true, Read: func(*Call, string) (Object, error) {
			return Object{"secrets": 0, "variables": 0}, nil
		}},
		{
			Path: "feature", Global: true, Identities: true,
			Query: func(*Call) ([]Object, error) { return []Object{{"_id": "service-accounts"}}, nil },
			Read:  nowhere,
		},
		s.identityConfig(),
		{
			Path: "openidm/config/ui", Global: true, Identities: true, Query: none, Read: readThemes, Update: updateThemes,
			Check: func(c *Call) error {
				if id, ok := c.Body["_id"].(string); ok {
					c.Body["_id"] = strings.TrimPrefix(id, "ui/") // it is called by its whole path
				}
				return nil
			},
		},
		{
			// Identity management has no CORS filter of its own here: CorsService is for all.
			Path: "openidm/config/servletfilter", Global: true, Identities: true, Query: none, Read: readServletFilter, Update: unchanged(readServletFilter),
			Check: func(c *Call) error {
				if id, ok := c.Body["_id"].(string); ok {
					c.Body["_id"] = strings.TrimPrefix(id, "servletfilter/")
				}
				return nil
			},
		},
		{Path: "environment/cookie-domains", Global: true, Identities: true, Settings: true, Read: s.readCookieDomains, Update: unchanged(s.readCookieDomains)},
		{Path: "openidm/system", Global: true, Identities: true, Actions: map[string]Action{"testConnectorServers": {Do: func(*Call) (any, error) {
			return Object{"openicf": []any{}}, nil
		}}}},
		{Path: "openidm/internal/role", Global: true, Identities: true, Query: none, Read: nowhere},
	}
	for _, name := range []string{"secrets", "variables"} {
		list = append(list, &Resource{
			Path: "environment/" + name, Global: true, Identities: true, Query: none, Read: nowhere,
			Plain: func(*Call) (any, error) { return envelope([]Object{}, nil), nil },
		})
	}
	return list
}

func readServletFilter(_ *Call, id string) (Object, error) {
	if id != "cors" {
		return nil, refuse(http.StatusNotFound, "No configuration exists for id servletfilter/%s", id)
	}
	return Object{"_id": "servletfilter/cors"}, nil
}

// readCookieDomains reads the domains of the session cookie, which the command line sets.
func (s *Server) readCookieDomains(*Call, string) (Object, error) {
	return Object{"_id": "", "domains": append([]string{}, s.Login.Domains...)}, nil
}

// readThemes reads the themes of hosted pages, by realm.
func readThemes(_ *Call, id string) (Object, error) {
	id = "ui/" + id
	if id != "ui/themerealm" {
		return nil, refuse(http.StatusNotFound, "No configuration exists for id %s", id)
	}
	return Object{"_id": id, "realm": Object{}}, nil
}

// updateThemes takes realms without themes, as tools write back what they read.
func updateThemes(c *Call, id string, body Object) (Object, error) {
	realms, _ := body["realm"].(Object)
	for _, themes := range realms {
		if list, ok := themes.([]any); !ok || len(list) > 0 {
			return nil, unsupported("Setting themes")
		}
	}
	return readThemes(c, id)
}
