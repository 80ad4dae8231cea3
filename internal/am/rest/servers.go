package rest

import (
	"slices"
)

// thisServer is the number of the one server there is, which the cookie amlbcookie has too.
const thisServer = "01"

// propertyGroups are those that PingAM has of a server's properties.
var propertyGroups = []string{"advanced", "cts", "directoryConfiguration", "general", "sdk", "security", "session", "uma"}

// servers are what administration tools read of the deployment: one server, at the address it is asked at, with no
// properties that could be set over REST; the command line has them. All of it can be read, and written back as it is.
func (s *Server) servers() []*Resource {
	server := func(c *Call) Object { return Object{"_id": thisServer, "url": c.Base, "siteName": nil} }
	properties := func(_ *Call, id string) (Object, error) { return Object{"_id": id}, nil }
	settings := func(*Call, string) (Object, error) {
		o := authenticationSettings(nil)
		return Object{"_id": "", "_type": o["_type"], "defaults": Object{"core": o["core"], "security": o["security"]}}, nil
	}
	return []*Resource{
		{
			Path: "global-config/servers", Global: true,
			Query: func(c *Call) ([]Object, error) { return []Object{server(c)}, nil },
			Read: func(c *Call, id string) (Object, error) {
				if id != thisServer {
					return nil, notFound()
				}
				return server(c), nil
			},
			Update: func(*Call, string, Object) (Object, error) { return nil, badRequest("Update not supported") },
		},
		{
			Path: "global-config/servers/{server}/properties", Global: true,
			Check: func(c *Call) error {
				if err := administrators(c); err != nil {
					return err
				}
				if v := c.Vars["server"]; v != thisServer && v != "server-default" || !slices.Contains(propertyGroups, c.ID) {
					return notFound()
				}
				return nil
			},
			Read: properties, Update: unchanged(properties),
		},
		{Path: "global-config/authentication", Global: true, Read: settings, Update: unchanged(settings)},
	}
}
