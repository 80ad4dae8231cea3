package oauth

import (
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
)

// responseType is the parameter response_type: a set of words, in any order (OAuth 2.0 Multiple Response Types §3).
type responseType struct {
	code, token, idToken bool     // neither: "none", of which nothing comes back but that the user agreed (§4)
	words                []string // sorted
	unknown              bool
}

func parseResponseType(text string) responseType {
	var t responseType
	for word := range strings.FieldsSeq(text) {
		if slices.Contains(t.words, word) {
			t.unknown = true
		}
		t.words = append(t.words, word)
		switch word {
		case "code":
			t.code = true
		case "token":
			t.token = true
		case "id_token":
			t.idToken = true
		case "none":
		default:
			t.unknown = true
		}
	}
	if len(t.words) > 1 && slices.Contains(t.words, "none") {
		t.unknown = true
	}
	slices.Sort(t.words)
	return t
}

// mode is how the answer travels unless response_mode says otherwise: tokens never in the query, which servers see and
// log (§2.1).
func (t responseType) mode() string {
	if t.token || t.idToken {
		return "fragment"
	}
	return "query"
}

// grants are the grants behind the type.
func (t responseType) grants() []string {
	var needs []string
	if t.code {
		needs = append(needs, "authorization_code")
	}
	if t.token || t.idToken && !t.code {
		needs = append(needs, "implicit")
	}
	return needs
}

// allowedFor checks that provider and client have the type, and the client the grants behind it.
func (t responseType) allowedFor(p *realm.Provider, c *realm.Client) error {
	if len(t.words) == 0 {
		return Refuse("invalid_request", "Missing parameter, response_type")
	}
	enabled := p.ResponseTypes()
	if t.unknown || slices.ContainsFunc(t.words, func(w string) bool { return !slices.Contains(enabled, w) }) {
		return Refuse("unsupported_response_type", "Response type is not supported.")
	}
	registered := slices.ContainsFunc(c.Advanced.ResponseTypes, func(r string) bool {
		return slices.Equal(parseResponseType(r).words, t.words)
	})
	if !registered {
		return Refuse("unsupported_response_type", "Client does not support this response type.")
	}
	for _, g := range t.grants() {
		if !p.HasGrant(g) || !c.HasGrant(g) {
			return Refuse("unauthorized_client", "The client is not authorized to request an authorization code using this method.")
		}
	}
	return nil
}
