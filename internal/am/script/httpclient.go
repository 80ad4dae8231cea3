package script

import "gatehouse/internal/groovy"

// httpClient stands for the binding of that name. Deviation: scripts of this server make
// no requests of their own; a script that tries is told so.
type httpClient struct{}

// GroovyClass is the client's class.
func (*httpClient) GroovyClass() *groovy.Class { return httpClientClass }

var httpClientClass = &groovy.Class{
	Name: "org.forgerock.http.client.ChfHttpClient",
	Methods: map[string]groovy.Method{
		"send": func(*groovy.Call) (groovy.Value, error) {
			return nil, unsupported("httpClient: scripts cannot send requests on this server")
		},
	},
}
