package grant

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// Every refusal of an exchange is this one, so that nobody learns from it about tokens that are not theirs (PingAM).
var errExchange = oauth.Refuse("invalid_request", "Invalid token exchange.")

// tokenExchange gives a client a token in place of another's (RFC 8693): as if it were the subject (impersonation), or,
// with an actor token, on behalf of the subject (delegation). The subject token must say so in may_act (§4.4). Subject
// and authentication go on; scopes, audience and lifetime are those of the client that asks.
var tokenExchange = oauth.Grant{
	Name: "urn:ietf:params:oauth:grant-type:token-exchange",
	Authorize: func(ctx context.Context, p *oauth.Provider, req *oauth.TokenRequest) (*oauth.Authorization, error) {
		wanted := req.Get("requested_token_type")
		if wanted == "" {
			wanted = oauth.TypeAccessToken
		}
		from := req.Get("subject_token_type")
		if !validates(p.Settings, from) || !exchanges(p.Settings, from, wanted) {
			return nil, errExchange.Because(errors.New("no exchanger from " + from + " to " + wanted))
		}
		subject, err := shown(ctx, p, req.Get("subject_token"), from)
		if err != nil {
			return nil, err
		}
		actor, err := shownActor(ctx, p, req)
		if err != nil {
			return nil, err
		}
		if err := mayAct(subject.MayAct, req.Client.ID, actor); err != nil {
			return nil, errExchange.Because(err)
		}
		scopes, err := p.RequestedScopes(ctx, req)
		if err != nil {
			return nil, err
		}
		a := &oauth.Authorization{
			Subject: subject.Subject, SessionID: subject.SessionID, Scopes: scopes, AuthTime: subject.AuthTime,
			AuthLevel: subject.AuthLevel, ACR: subject.ACR, AMR: subject.AMR, IssuedType: wanted, Act: subject.Act,
		}
		if subject.ClientID == req.Client.ID || req.Client.IsPublic() {
			// Else whoever found a bound token (RFC 9449, RFC 8705) could make one of it that is not: the client whose it is has to
			// prove the key, and so has anybody who proves nothing else. Another client, which may_act names, does not have it.
			a.Cnf = subject.Cnf
		}
		if from == oauth.TypeIDToken {
			a.AuthLevel = req.Client.Advanced.TokenExchangeAuthLevel
		}
		if a.User, err = p.ActiveUser(ctx, a.Subject, errExchange); err != nil {
			return nil, err
		}
		if actor != nil {
			if a.Act, err = act(actor, subject.Act); err != nil {
				return nil, errExchange.Because(err)
			}
		}
		a.Audience, err = audience(req)
		return a, err
	},
}

// exchanges tells whether the provider has an exchanger from one type of token to another (PingAM:
// tokenExchangeClasses).
func exchanges(p *realm.Provider, from, to string) bool {
	return slices.ContainsFunc(p.Advanced.TokenExchangeClasses, func(c string) bool {
		pair, _, _ := strings.Cut(c, "|")
		return pair == from+"=>"+to && (to == oauth.TypeAccessToken || to == oauth.TypeIDToken)
	})
}

// validates tells whether the provider has a validator for tokens of a type (PingAM: tokenValidatorClasses).
func validates(p *realm.Provider, kind string) bool {
	return slices.ContainsFunc(p.Advanced.TokenValidatorClasses, func(c string) bool {
		of, _, _ := strings.Cut(c, "|")
		return of == kind
	})
}

// shown checks a subject or actor token: its signature, life, revocation and realm.
func shown(ctx context.Context, p *oauth.Provider, raw, kind string) (*store.Token, error) {
	var t *store.Token
	var err error
	switch {
	case raw == "":
		err = store.ErrNotFound
	case kind == oauth.TypeAccessToken:
		var f *oauth.Found
		if f, err = p.FindToken(ctx, raw); err == nil {
			t = &f.Token
		}
		if err == nil && t.Kind != "access" {
			err = store.ErrNotFound
		}
	case kind == oauth.TypeIDToken:
		t, err = p.OwnIDToken(ctx, raw)
	default:
		err = store.ErrNotFound
	}
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrUsed) {
		return nil, errExchange.Because(err)
	}
	return t, err
}

// shownActor checks the actor token, nil when there is none. Its type goes with it, and neither without the other
// (RFC 8693 §2.1).
func shownActor(ctx context.Context, p *oauth.Provider, req *oauth.TokenRequest) (*store.Token, error) {
	raw, kind := req.Get("actor_token"), req.Get("actor_token_type")
	if raw == "" && kind == "" {
		return nil, nil
	}
	if raw == "" || kind == "" {
		return nil, errExchange.Because(errors.New("actor_token and actor_token_type go together"))
	}
	if !validates(p.Settings, kind) {
		return nil, errExchange.Because(errors.New("no validator of " + kind))
	}
	return shown(ctx, p, raw, kind)
}

// texts is a string or a list of them.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	var many []string
	err := json.Unmarshal(b, &many)
	*t = many
	return err
}

// mayAct applies the claim may_act of the subject token: it must name the client, and the actor where there is one.
func mayAct(claim json.RawMessage, client string, actor *store.Token) error {
	var may struct {
		ClientID texts `json:"client_id"`
		Sub      texts `json:"sub"`
	}
	if len(claim) == 0 {
		return errors.New("the subject token has no may_act")
	}
	if err := json.Unmarshal(claim, &may); err != nil {
		return errors.New("may_act cannot be read")
	}
	if !slices.Contains(may.ClientID, client) {
		return errors.New("may_act does not name the client")
	}
	if actor != nil && !slices.Contains(may.Sub, oauth.SubClaim(actor.Subject)) {
		return errors.New("may_act does not name the actor")
	}
	return nil
}

// maxAct bounds the chain of actors.
const maxAct = 4 << 10

// act names the actor, with those who acted before inside (RFC 8693 §4.1).
func act(actor *store.Token, before json.RawMessage) (json.RawMessage, error) {
	claim := struct {
		Sub string          `json:"sub"`
		Act json.RawMessage `json:"act,omitempty"`
	}{oauth.SubClaim(actor.Subject), before}
	if len(before) > maxAct {
		return nil, observe.OverLimit("actors")
	}
	return json.Marshal(claim)
}

// audience are the resource servers that the client asks for and its profile allows (PingAM:
// allowedResourceServerAudienceValues). Where the setting is off the parameter is ignored.
func audience(req *oauth.TokenRequest) ([]string, error) {
	if !req.Set.AudienceInTokenExchange {
		return nil, nil
	}
	asked := req.All("audience")
	for _, a := range asked {
		if a == "" || !slices.Contains(req.Client.Advanced.AllowedResourceAudiences, a) {
			return nil, oauth.Refuse("invalid_request", "Invalid audience requested.")
		}
	}
	return asked, nil
}
