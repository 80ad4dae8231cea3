package console

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/internal/am/login"
)

func tokensPage() page {
	return page{
		Name: "tokens", Title: "Tokens", Icon: "token", Section: "People",
		Handlers: map[string]func(*visit) error{
			"GET tokens":        listTokens,
			"POST tokens":       endToken,
			"POST tokens/check": checkToken,
		},
	}
}

// tokenRow is a token as the table shows it. Its text is known to nobody but who holds it.
type tokenRow struct {
	ID, Kind, Client, User, Grant string
	Scopes                        []string
	Issued, Expires               time.Time
	Forever                       bool
}

// tokenList is what was found, and what was asked of a token that somebody pasted.
type tokenList struct {
	problem
	listing[tokenRow]
	Asked    bool
	Answer   string
	Inactive bool
}

func findTokens(v *visit) (tokenList, error) {
	out := tokenList{}
	user, client := strings.TrimSpace(v.query("user")), strings.TrimSpace(v.query("client"))
	if user == "" && client == "" {
		return out, nil
	}
	out.Asked = true
	found, err := v.api.all(v.in("gatehouse/tokens"), url.Values{"user": {user}, "client": {client}})
	if err != nil {
		return out, err
	}
	var rows []tokenRow
	for _, o := range found {
		rows = append(rows, tokenRow{
			ID: text(o["_id"]), Kind: strings.TrimSuffix(text(o["token_type"]), "_token"), Client: text(o["client_id"]), User: text(o["subname"]),
			Grant: text(o["grant_type"]), Scopes: texts(o["scope"]), Issued: moment(o["iat"]), Expires: moment(o["exp"]), Forever: o["exp"] == nil,
		})
	}
	out.listing = paged(v, rows, len(rows))
	return out, nil
}

func listTokens(v *visit) error {
	l, err := findTokens(v)
	if err != nil {
		return err
	}
	return v.show("tokens", v.Say("Tokens"), l)
}

func endToken(v *visit) error {
	err := v.api.delete(v.in("gatehouse/tokens", v.form("id")))
	if err != nil && statusOf(err) != http.StatusNotFound {
		return err
	}
	q := url.Values{"user": {v.form("user")}, "client": {v.form("client")}}
	return v.goTo("tokens?"+q.Encode(), v.Say("The token has ended."))
}

// checkToken tells what a token means: the public part of the answer that its holder would get (PingAM: tokeninfo).
func checkToken(v *visit) error {
	l := tokenList{}
	header := http.Header{"Authorization": {"Bearer " + v.form("token")}}
	got, err := login.Inside(v.api.handler, v.r, http.MethodGet, v.oauthAddress("tokeninfo"), header, nil)
	if err != nil {
		return err
	}
	o, err := parseObject(got.Body.String())
	if err != nil {
		return err
	}
	delete(o, "access_token")
	l.Answer, l.Inactive = indented(o), got.Status != http.StatusOK
	return v.show("tokens", v.Say("Tokens"), l)
}

// oauthAddress is an endpoint of the realm's authorization server.
func (v *visit) oauthAddress(endpoint string) string {
	return v.place.Context + "/oauth2/" + login.RealmAddress(v.realm()) + "/" + endpoint
}

// TokensOf is the page with the tokens of a person.
func (v *visit) TokensOf(user string) string {
	return v.link("tokens?" + url.Values{"user": {user}}.Encode())
}
