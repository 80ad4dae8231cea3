package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/am/realm"
)

// claimsAbout gathers the claims about a user that scopes and the claims parameter ask for in target, "userinfo" or
// "id_token": the realm's script does it, or else this function what the shipped one says. sub is among them.
func (p *Provider) claimsAbout(
	ctx context.Context, c *realm.Client, set *realm.Effective, in *ScriptInput, scopes []string, parameter, target string,
) (map[string]any, error) {
	claims := map[string]any{"sub": p.subjectFor(c, in.Subject)}
	if p.Settings.Advanced.SubnameInTokenClaims && !c.IsPairwise() {
		claims["subname"] = in.Subject.Name
	}
	if err := p.addUpdated(ctx, claims, in, scopes); err != nil {
		return nil, err
	}
	var asked map[string][]any
	if p.Settings.AdvancedOIDC.ClaimsParameter {
		asked = requestedClaims(parameter, target)
	}
	s, err := p.plugin(ctx, set.OIDCClaims)
	if err != nil {
		return nil, err
	}
	if s == nil {
		shippedClaims(claims, in.User, scopes, asked)
		return claims, nil
	}
	given := *in
	given.Scopes = scopes
	out, err := p.Scripts.Claims(ctx, s, &ClaimsInput{ScriptInput: given, Claims: maps.Clone(claims), Requested: asked})
	if err != nil {
		return nil, err
	}
	for name, value := range out.Values {
		if name != "sub" && name != "subname" { // who the user is stays the server's word
			claims[name] = value
		}
	}
	return claims, nil
}

// addUpdated tells when the user's profile changed last (OIDC Core §5.1), where the settings name the attributes that
// know it (PingAM: both or neither).
func (p *Provider) addUpdated(ctx context.Context, claims map[string]any, in *ScriptInput, scopes []string) error {
	var err error
	if in.User == nil && in.Subject.Type == subjectUser {
		if in.User, err = userOf(ctx, p.Realm, in.Subject); err != nil {
			return err
		}
	}
	modified, created := p.Settings.Advanced.ModifiedTimestampAttribute, p.Settings.Advanced.CreatedTimestampAttribute
	if modified == "" && created == "" || !slices.Contains(scopes, "profile") {
		return nil
	}
	if modified == "" || created == "" {
		return errServer.Because(errors.New("modifiedTimestampAttribute and createdTimestampAttribute need one another"))
	}
	for _, name := range [...]string{modified, created} {
		for _, text := range attribute(in.User, name) {
			if at, ok := parseTimestamp(text); ok {
				claims["updated_at"] = at.Unix()
				return nil
			}
		}
	}
	return nil
}

// parseTimestamp reads a time as directories write it (RFC 4517 §3.3.13), or as JSON does.
func parseTimestamp(text string) (time.Time, bool) {
	for _, layout := range [...]string{"20060102150405Z07", "20060102150405.999Z07", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// standardClaims are the claims of the shipped script, with the scope that brings them and the attribute that has
// them.
var standardClaims = [...]struct{ claim, scope, attribute string }{
	{"name", "profile", "cn"},
	{"given_name", "profile", "givenName"},
	{"family_name", "profile", "sn"},
	{"zoneinfo", "profile", "preferredtimezone"},
	{"locale", "profile", "preferredlocale"},
	{"email", "email", "mail"},
	{"address", "address", "postaladdress"},
	{"phone_number", "phone", "telephonenumber"},
}

// shippedClaims is what the shipped claims script says. Claims without a value are left out.
func shippedClaims(claims map[string]any, u *realm.User, scopes []string, asked map[string][]any) {
	for _, c := range standardClaims {
		wanted, byName := asked[c.claim]
		if !byName && !slices.Contains(scopes, c.scope) {
			continue
		}
		values := attribute(u, c.attribute)
		if len(values) == 0 || values[0] == "" {
			continue
		}
		if len(wanted) > 0 && !slices.Contains(wanted, any(values[0])) {
			continue
		}
		if c.claim == "address" {
			claims[c.claim] = map[string]string{"formatted": values[0]}
			continue
		}
		claims[c.claim] = values[0]
	}
}

func attribute(u *realm.User, name string) []string {
	if u == nil {
		return nil
	}
	return u.Attribute(name)
}

// requestedClaims reads one member of the claims parameter (OIDC Core §5.5). What cannot be read asks for nothing:
// the parameter was checked when the request came in.
func requestedClaims(parameter, target string) map[string][]any {
	if parameter == "" {
		return nil
	}
	var p map[string]map[string]*struct {
		Value  any   `json:"value"`
		Values []any `json:"values"`
	}
	if json.Unmarshal([]byte(parameter), &p) != nil {
		return nil
	}
	out := map[string][]any{}
	for name, how := range p[target] {
		out[name] = nil
		if how == nil {
			continue
		}
		if how.Value != nil {
			out[name] = append(out[name], how.Value)
		}
		out[name] = append(out[name], how.Values...)
	}
	return out
}

// namedClaims are the claims that the request asks for one by one (OIDC Core §5.5) besides those that its scopes bring
// anyway, and besides those about the sign-in.
func (a *authorization) namedClaims() []string {
	var out []string
	for _, target := range [...]string{"userinfo", "id_token"} {
		for name := range requestedClaims(a.claimsParameter(), target) {
			if isClaimName(name) && !slices.Contains(signInClaims[:], name) && !slices.Contains(out, name) && !a.scopesBring(name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// isClaimName keeps prose off the consent page: a client could write anything there.
func isClaimName(name string) bool {
	return len(name) <= 100 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/#") == ""
}

// signInClaims tell of the sign-in and the token, not of the user's profile.
var signInClaims = [...]string{"sub", "acr", "amr", "auth_time", "azp", "nonce", "sid"}

func (a *authorization) scopesBring(claim string) bool {
	return slices.ContainsFunc(standardClaims[:], func(c struct{ claim, scope, attribute string }) bool {
		return c.claim == claim && contains(a.scopes, c.scope)
	})
}

// idTokenClaim gives the texts that the claims parameter wants for a claim of the ID token, and whether it is essential.
func idTokenClaim(parameter, name string) (values []string, essential bool) {
	if parameter == "" {
		return nil, false
	}
	var p struct {
		IDToken map[string]json.RawMessage `json:"id_token"`
	}
	var how struct {
		Essential bool     `json:"essential"`
		Value     string   `json:"value"`
		Values    []string `json:"values"`
	}
	if json.Unmarshal([]byte(parameter), &p) != nil || json.Unmarshal(p.IDToken[name], &how) != nil {
		return nil, false
	}
	if how.Value != "" {
		values = append(values, how.Value)
	}
	return append(values, how.Values...), how.Essential
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
