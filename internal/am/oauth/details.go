package oauth

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"

	"gatehouse/internal/jose"
	"gatehouse/internal/observe"
)

// Limits of rich authorization requests: people have to read them.
const (
	maxDetails     = 20
	maxDetailBytes = 16 << 10
)

// errDetails is what RFC 9396 §5 answers to details that cannot be had.
var errDetails = Refuse("invalid_authorization_details", "The authorization_details are malformed or not supported.")

// detail is one element of authorization_details (RFC 9396 §2).
type detail struct {
	Type string
	raw  json.RawMessage
}

// Pretty is the element as the consent page shows it.
func (d detail) Pretty() string {
	var b bytes.Buffer
	if json.Indent(&b, d.raw, "", "  ") != nil {
		return string(d.raw)
	}
	return b.String()
}

// parseDetails reads authorization_details: a list of objects, each of a type of the settings (PingAM:
// enableRichAuthorizationRequests). What is in them is the affair of resource servers.
//
// Deviation: PingAM takes them with remote consent only; here the user is shown them as they are.
func (p *Provider) parseDetails(text string) ([]detail, error) {
	if !p.Settings.Advanced.RichAuthorizationRequests {
		return nil, Unsupported("invalid_request", "authorization_details")
	}
	var list []json.RawMessage
	if len(text) <= maxDetailBytes && (json.Unmarshal([]byte(text), &list) != nil || len(list) == 0) {
		return nil, errDetails
	}
	if len(text) > maxDetailBytes || len(list) > maxDetails {
		return nil, errDetails.Because(observe.OverLimit("authorization_details"))
	}
	out := make([]detail, 0, len(list))
	for _, raw := range list {
		values, err := jose.DecodeObject(raw)
		kind, _ := values["type"].(string)
		if err != nil || kind == "" || !slices.Contains(p.Settings.Advanced.AuthorizationDetailsTypes, kind) {
			return nil, errDetails.Because(err)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return nil, errDetails.Because(err)
		}
		out = append(out, detail{kind, compact.Bytes()})
	}
	return out, nil
}

// joinDetails writes them as a list again; nil for none.
func joinDetails(list []detail) json.RawMessage {
	if len(list) == 0 {
		return nil
	}
	out := json.RawMessage{'['}
	for i, d := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, d.raw...)
	}
	return append(out, ']')
}

// NarrowDetails gives a token request that asks for some of what was granted no more than that (RFC 9396 §6.1): each
// element has to be one that was granted, as a whole. A request that names none gets all.
func (p *Provider) NarrowDetails(req *TokenRequest, all json.RawMessage) (json.RawMessage, error) {
	text := req.Get("authorization_details")
	if text == "" || !p.Settings.Advanced.RichAuthorizationRequests {
		return all, nil
	}
	asked, err := p.parseDetails(text)
	if err != nil {
		return nil, err
	}
	var granted []map[string]any
	if len(all) > 0 {
		if err := json.Unmarshal(all, &granted); err != nil {
			return nil, internal("read authorization_details", err)
		}
	}
	for _, d := range asked {
		var want map[string]any
		if err := json.Unmarshal(d.raw, &want); err != nil {
			return nil, errDetails.Because(err)
		}
		if !slices.ContainsFunc(granted, func(g map[string]any) bool { return reflect.DeepEqual(g, want) }) {
			return nil, errDetails
		}
	}
	return joinDetails(asked), nil
}
