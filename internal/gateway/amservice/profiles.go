package amservice

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"gatehouse/internal/gateway/chain"
)

// ErrNoUser says that there is no such user.
var ErrNoUser = errors.New("there is no such user")

// Profile returns what the server says about a user of a realm, "" for the service's
// own; attributes names what is wanted, nil for all that the agent may read.
func (s *Service) Profile(x *chain.Exchange, realm, user string, attributes []string) (map[string]any, error) {
	if user == "." || user == ".." { // which would be steps of the path
		return nil, ErrNoUser
	}
	resource := "users/" + url.PathEscape(user)
	if len(attributes) > 0 {
		resource += "?_fields=" + url.QueryEscape(strings.Join(attributes, ","))
	}
	req, err := get(s.JSONURL(realm, resource), "protocol=2.1,resource=4.0")
	if err != nil {
		return nil, err
	}
	resp, err := s.Call(x, req)
	if err != nil {
		return nil, fmt.Errorf("ask %s for a user: %w", s.url, err)
	}
	var profile map[string]any
	status, err := decode(resp, &profile)
	switch {
	case err != nil:
		return nil, fmt.Errorf("ask %s for a user: %w", s.url, err)
	case status == 404:
		return nil, ErrNoUser
	case status != 200:
		return nil, fmt.Errorf("ask %s for a user: status %d", s.url, status)
	}
	return profile, nil
}
