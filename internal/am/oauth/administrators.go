package oauth

import "gatehouse/internal/am/realm"

// Where the tools of a deployment are sent with a code. They take it from the answer, so nothing has to be there; on any
// host but this server's own it could be somebody else's page.
const administratorRedirect = "/platform/appAuthHelperRedirect.html"

// administratorToken is how many seconds an administrator's token lasts.
const administratorToken = 900

// newForAdministrators is the client with which tools sign administrators in: public, with codes and PKCE alone. Nobody is
// asked for consent, as the codes go nowhere but to this server's own host: it has no redirection URI of its own, see
// authorization.redirects. "" is no client.
func newForAdministrators(id string) *realm.Client {
	if id == "" {
		return nil
	}
	c := realm.DefaultClient()
	c.ID, c.Core.Type, c.Core.AccessTokenLifetime = id, "Public", administratorToken
	c.Core.Scopes = []string{"openid|Your identity", "fr:idm:*|Administration of identities and applications"}
	c.Advanced.GrantTypes, c.Advanced.ResponseTypes = []string{"authorization_code"}, []string{"code"}
	c.Advanced.TokenEndpointAuthMethod = "none"
	return c
}

// redirects are where answers to the client may go.
func (a *authorization) redirects() []string {
	if a.client == a.forAdministrators {
		return []string{originOf(a.Base.URL) + administratorRedirect}
	}
	return a.client.Core.RedirectURIs
}

// checkAdministrator keeps the client of administrators to them: its tokens would be worth nothing in other hands, and
// nobody should be asked to hand them out.
func (a *authorization) checkAdministrator() (bool, error) {
	if a.client == a.forAdministrators && !a.session.Admin {
		return false, errDenied
	}
	return false, nil
}
