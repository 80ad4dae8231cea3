package rest

import (
	"fmt"
	"net/http"
)

// ServiceREST is the service of the whole server that says how its REST interfaces behave, kept as store.KindGlobal
// (PingAM: REST APIs).
const ServiceREST = "rest"

// APISettings are its settings.
type APISettings struct {
	// Descriptions is "DISABLED" for a server that does not describe its interface; STATIC and DYNAMIC are the same here.
	Descriptions string `json:"descriptionsState"`
	// Version and Protocol are what those get who ask for none: "Latest", "Oldest", or "None" for a refusal.
	Version  string `json:"defaultVersion"`
	Protocol string `json:"defaultProtocolVersion"`
	// Warning tells them so.
	Warning bool `json:"warningHeader"`
	// CSRF asks those who show the session in the cookie for a header that foreign pages cannot send.
	CSRF bool `json:"csrfFilterEnabled"`
}

// DefaultAPISettings are those of which nothing was said.
func DefaultAPISettings() APISettings {
	return APISettings{Descriptions: "STATIC", Version: "Latest", Protocol: "Latest", CSRF: true}
}

func apiType() *Type {
	behaviour := enum("Latest", "Oldest", "None")
	return &Type{ID: ServiceREST, Name: "REST APIs", Groups: groupsOf(DefaultAPISettings(), map[string]string{
		"descriptionsState": "API Descriptions", "defaultVersion": "Default Resource Version", "defaultProtocolVersion": "Default Protocol Version",
		"warningHeader": "Warning Header", "csrfFilterEnabled": "Enable CSRF Protection",
	}, options{"descriptionsState": enum("STATIC", "DYNAMIC", "DISABLED"), "defaultVersion": behaviour, "defaultProtocolVersion": behaviour})}
}

// unversioned is for requests that do not say which version of the resource, or of the protocol, they want.
func (c *Call) unversioned(resource, protocol bool) error {
	if c.server.APIs == nil || !resource && !protocol {
		return nil
	}
	set := c.server.APIs(c.Context())
	if resource && set.Version == "None" || protocol && set.Protocol == "None" {
		return badRequest("No requested version specified and behavior set to NONE.")
	}
	if resource && set.Version == "Oldest" {
		c.version = "1.0"
	}
	if resource && set.Warning {
		c.writer.Header().Set("Warning", fmt.Sprintf("100 CREST \"No Accept-API-Version specified. Request URI: %s\"", c.Request.URL.EscapedPath()))
	}
	return nil
}

// described refuses descriptions where the server gives none.
func (c *Call) described() error {
	if c.server.APIs != nil && c.server.APIs(c.Context()).Descriptions == "DISABLED" {
		return refuse(http.StatusNotImplemented, "API descriptions are disabled")
	}
	return nil
}
