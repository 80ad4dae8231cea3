package rest

// Version is what the server says of itself.
type Version struct {
	Version  string // of the product that is imitated: tools look for x.y.z
	Full     string
	Revision string
	Date     string
}

func (s *Server) serverInfo() []*Resource {
	return []*Resource{{
		Path: "serverinfo", Version: "2.0", Allow: everybody,
		// Not a collection: its objects are read by name alone.
		Check: func(*Call) error { return nil },
		Read: func(c *Call, id string) (Object, error) {
			switch id {
			case "*":
				return s.info(c), nil
			case "cookieDomains":
				return Object{"_id": "cookieDomains", "domains": append([]string{}, s.Login.Domains...)}, nil
			case "version":
				if err := known(c, VerbRead); err != nil {
					return nil, err
				}
				return Object{
					"_id": "version", "version": s.Version.Version, "fullVersion": s.Version.Full,
					"revision": s.Version.Revision, "date": s.Version.Date,
				}, nil
			}
			return nil, notFound()
		},
	}}
}

// info is what clients ask first; some of its booleans are strings.
func (s *Server) info(c *Call) Object {
	secure := len(c.Base) > 6 && c.Base[:6] == "https:"
	return Object{
		"_id": "*", "domains": append([]string{}, s.Login.Domains...), "protectedUserAttributes": confirmedAttributes,
		"cookieName": s.Login.Cookie, "secureCookie": secure, "forgotPassword": "false", "forgotUsername": "false",
		"kbaEnabled": "false", "selfRegistration": "false", "lang": "en-US", "successfulUserRegistrationDestination": "default",
		"socialImplementations": []string{}, "referralsEnabled": "false",
		"zeroPageLogin": Object{"enabled": false, "refererWhitelist": []string{}, "allowedWithoutReferer": true},
		"realm":         c.realmPath(), "xuiUserSessionValidationEnabled": true, "fileBasedConfiguration": false,
		"userIdAttributes": []string{}, "nodeDesignerXuiEnabled": true,
	}
}
