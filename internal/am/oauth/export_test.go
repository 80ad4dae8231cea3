package oauth

import (
	"context"
	"encoding/json"

	"gatehouse/internal/am/realm"
)

// ReadDetails lets tests read authorization_details of one type.
func ReadDetails(text, kind string) (json.RawMessage, error) {
	settings := realm.DefaultProvider()
	settings.Advanced.RichAuthorizationRequests, settings.Advanced.AuthorizationDetailsTypes = true, []string{kind}
	list, err := (&Provider{Settings: settings}).parseDetails(text)
	return joinDetails(list), err
}

// BareAddress and FillTemplate are parts that tests try by themselves.
func BareAddress(text string) (string, bool) { return bareAddress(text) }

func FillTemplate(template string, values map[string]string) (string, error) {
	return fillTemplate(template, values)
}

// FollowDue is what the running server does most of the time.
func (s *Server) FollowDue(ctx context.Context) error { return s.follow(ctx, "", false) }
