package oauth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
	"gatehouse/internal/observe"
)

// Limits of requests on the back channel (PingAM: CIBA).
const (
	maxBackchannelLife = 30 * time.Minute // of the signed request
	maxBindingMessage  = 100              // characters
	maxPending         = 50               // requests that wait for one user
)

// backchannel is POST /bc-authorize (OpenID CIBA §7): a client asks for the consent of a user whom it names, and has
// the user decide on a device of the user's own. The parameters are claims of a signed request (§7.1.1).
func (q *request) backchannel() error {
	ctx := q.r.Context()
	form, err := readForm(q.r)
	if err != nil {
		return err
	}
	client, err := q.authenticateClient(q.r, form, "bc-authorize")
	if err != nil {
		return err
	}
	if !q.Settings.HasGrant(grantBackchannel) || !client.HasGrant(grantBackchannel) || client.IsPublic() {
		return Refuse("unauthorized_client", "The authenticated client is not authorized to use this authorization grant type.")
	}
	claims, err := q.backchannelClaims(ctx, client, form.Get("request"))
	if err != nil {
		return err
	}
	b, err := q.newBackchannel(ctx, client, claims)
	if err != nil {
		return err
	}
	return q.startBackchannel(ctx, b)
}

// backchannelClaims opens the signed request. It may be signed with the algorithms of the settings only, and is good
// for one use where it has a jti.
func (q *request) backchannelClaims(ctx context.Context, c *realm.Client, raw string) (*jose.Claims, error) {
	needed := Refuse("invalid_request", "Request must have a 'request' parameter the value of which must be a signed jwt")
	if raw == "" {
		return nil, needed
	}
	var algorithms []jose.Algorithm
	for _, name := range q.Settings.CIBA.SigningAlgorithms {
		if a := jose.Algorithm(name); a.Signs() && !a.Symmetric() {
			algorithms = append(algorithms, a)
		}
	}
	keys, err := q.ClientKeys(c)
	if err != nil {
		return nil, needed.Because(err)
	}
	tok, err := jose.Verify(ctx, raw, jose.VerifyOptions{Keys: keys, Algorithms: algorithms})
	if err != nil {
		return nil, needed.Because(err)
	}
	claims, err := jose.ParseClaims(tok.Payload)
	if err != nil {
		return nil, needed.Because(err)
	}
	now := q.Now()
	err = claims.Check(jose.Expect{Now: now, Skew: assertionSkew, Issuers: []string{c.ID}, Require: []string{"iss", "aud", "exp"}})
	switch {
	case errors.Is(err, jose.ErrExpired):
		return nil, Refuse("invalid_request", "JWT has expired").Because(err)
	case err != nil:
		return nil, Refuse("invalid_request", "JWT is not valid").Because(err)
	case claims.Expires.After(now.Add(maxBackchannelLife)):
		return nil, Refuse("invalid_request", "JWT expiration time is unreasonable")
	case !q.isAudience(claims.Audience, "bc-authorize"):
		return nil, Refuse("invalid_request", "Audience validation failed")
	}
	if err := q.UseUp(ctx, "ciba", claims); errors.Is(err, store.ErrUsed) {
		return nil, Refuse("invalid_request", "JWT is not valid").Because(err)
	} else if err != nil {
		return nil, err
	}
	return claims, nil
}

// newBackchannel checks what the request asks for and finds who is to decide.
func (q *request) newBackchannel(ctx context.Context, c *realm.Client, claims *jose.Claims) (*Backchannel, error) {
	params := &Form{}
	for _, name := range [...]string{"scope", "acr_values", "binding_message", "login_hint", "id_token_hint", "login_hint_token", "requested_expiry"} {
		if text, ok := parameterText(name, claims.Values[name]); ok && text != "" {
			params.set(name, text)
		}
	}
	if params.Get("scope") == "" || !contains(strings.Fields(params.Get("scope")), "openid") {
		return nil, Refuse("invalid_scope", "Missing expected scope=openid from request")
	}
	message := params.Get("binding_message")
	if len([]rune(message)) > maxBindingMessage || strings.ContainsFunc(message, func(c rune) bool { return !unicode.IsGraphic(c) }) {
		return nil, Refuse("invalid_binding_message", "The binding_message is too long or holds control characters.")
	}
	set := c.Effective(q.Settings)
	req := &TokenRequest{Form: params, Client: c, Set: &set, URL: q.Issuer + "/bc-authorize", Header: q.r.Header}
	scopes, err := q.SettleScopes(ctx, req, ScopeBackChannel, params.Get("scope"), c.DefaultScopes(), c.AllowedScopes())
	if err != nil {
		return nil, err
	}
	user, err := q.hintedUser(ctx, c, params)
	if err != nil {
		return nil, err
	}
	life, err := backchannelLife(q.Settings.CIBA.AuthReqIDLifetime, params.Get("requested_expiry"))
	if err != nil {
		return nil, err
	}
	return &Backchannel{
		Waiting: Waiting{
			ClientID: c.ID, Subject: UserSubject(user.Name), Scopes: scopes, Expires: q.Now().Add(life), Interval: q.Settings.CIBA.MinPollInterval,
		},
		Message: message, ACRs: strings.Fields(params.Get("acr_values")),
	}, nil
}

// backchannelLife is the life of a request: that of the settings, or less where the client asks for less (§7.1).
func backchannelLife(setting int, asked string) (time.Duration, error) {
	if asked == "" {
		return seconds(setting), nil
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n <= 0 {
		return 0, Refuse("invalid_request", "Invalid requested_expiry parameter")
	}
	return seconds(min(n, setting)), nil
}

// hintedUser finds the user whom exactly one hint names (§7.1). Who is not there or not active is one refusal.
func (q *request) hintedUser(ctx context.Context, c *realm.Client, params *Form) (*realm.User, error) {
	hints := slices.DeleteFunc([]string{"login_hint", "id_token_hint", "login_hint_token"}, func(n string) bool { return !params.Has(n) })
	if len(hints) != 1 {
		return nil, Refuse("invalid_request", "Exactly one of login_hint and id_token_hint is needed.")
	}
	unknown := Refuse("unknown_user_id", "The hint does not name a user.")
	subject := UserSubject(params.Get("login_hint"))
	switch hints[0] {
	case "login_hint_token":
		return nil, Unsupported("invalid_request", "login_hint_token")
	case "id_token_hint":
		claims, err := q.openHint(ctx, c, params.Get("id_token_hint"))
		if err != nil {
			return nil, err
		}
		if c.IsPairwise() {
			return nil, Unsupported("invalid_request", "An id_token_hint of a client with pairwise subjects")
		}
		subject = ParseSub(claims.Subject)
	}
	if subject.Type != subjectUser {
		return nil, unknown
	}
	user, err := q.ActiveUser(ctx, subject, unknown)
	if err == nil && user == nil {
		err = unknown
	}
	return user, err
}

func (q *request) startBackchannel(ctx context.Context, b *Backchannel) error {
	_, full, err := q.pending(ctx, b.Subject)
	if err != nil {
		return err
	}
	if full {
		return Refuse("temporarily_unavailable", "Too many requests wait for this user.").Because(observe.OverLimit("backchannel_requests"))
	}
	raw := store.NewRaw()
	if err := q.backchannels().Save(ctx, q.Realm.Path, raw, *b, b.Expires.Add(overFor), asked(b.Subject)); err != nil {
		return err
	}
	o := newObject()
	o.text("auth_req_id", raw)
	o.number("expires_in", int64(b.Expires.Sub(q.Now()).Round(time.Second)/time.Second))
	o.number("interval", int64(b.Interval))
	writeJSON(q.w, http.StatusOK, o.end())
	return nil
}
