package realm

import "time"

// maxGrace is the longest grace period of a refresh token (PingAM: refresh token
// grace period).
const maxGrace = 120 * time.Second

// Effective is what holds for a client at a provider: the client's own values where it
// has any, else the provider's.
type Effective struct {
	AccessTokenLifetime     time.Duration
	RefreshTokenLifetime    time.Duration // negative: never expires
	CodeLifetime            time.Duration
	IDTokenLifetime         time.Duration
	RefreshTokenGracePeriod time.Duration

	ClientSideTokens         bool
	TokenEncryption          bool
	IssueRefreshToken        bool
	IssueRefreshTokenOnRenew bool
	UsePolicyEngineForScope  bool
	ScopesPolicySet          string
	// SkipConsent tells that the provider lets clients skip consent and that this one
	// implies it.
	SkipConsent bool
	// RemoteConsent tells that a remote consent service asks for consent, RemoteConsentID which.
	RemoteConsent           bool
	RemoteConsentID         string
	OverrideableClaims      []string
	AudienceInTokenExchange bool
	TokenIntrospectionClaim bool

	// AccessTokenMayAct and OIDCMayAct are UUIDs of scripts, "" for none.
	AccessTokenMayAct string
	OIDCMayAct        string

	AccessTokenModification Plugin
	OIDCClaims              Plugin
	EvaluateScope           Plugin
	ValidateScope           Plugin
	AuthorizeData           Plugin
}

// Effective resolves lifetimes and overrides. Overrides count when
// providerOverridesEnabled is set, and then all of them do, also those that nobody
// touched (PingAM: OAuth2 Provider Overrides); only a plugin of type PROVIDER remains
// the provider's.
func (c *Client) Effective(p *Provider) Effective {
	e := Effective{
		AccessTokenLifetime:     lifetime(c.Core.AccessTokenLifetime, p.Core.AccessTokenLifetime),
		RefreshTokenLifetime:    lifetime(c.Core.RefreshTokenLifetime, p.Core.RefreshTokenLifetime),
		CodeLifetime:            lifetime(c.Core.CodeLifetime, p.Core.CodeLifetime),
		IDTokenLifetime:         lifetime(c.OIDC.IDTokenLifetime, p.OIDC.IDTokenLifetime),
		RefreshTokenGracePeriod: lifetime(c.Advanced.RefreshTokenGracePeriod, p.Advanced.RefreshTokenGracePeriod),
	}
	e.RefreshTokenGracePeriod = max(0, min(e.RefreshTokenGracePeriod, maxGrace))
	e.ofProvider(p)
	if c.Overrides.Enabled {
		e.override(&c.Overrides)
	}
	e.SkipConsent = e.SkipConsent && c.Advanced.ConsentImplied
	if p.Own.BestPractice && c.IsPublic() { // RFC 9700 §2.2.2: rotated, so that a theft is noticed
		e.IssueRefreshTokenOnRenew = true
	}
	if p.Own.FAPI2 { // FAPI 2.0 Security Profile §5.3.2.1: codes live a minute, refresh tokens are not rotated
		e.CodeLifetime = min(e.CodeLifetime, time.Minute)
		e.IssueRefreshTokenOnRenew = false
	}
	return e
}

func lifetime(own, inherited int) time.Duration {
	if own == 0 {
		own = inherited
	}
	return time.Duration(own) * time.Second
}

func (e *Effective) ofProvider(p *Provider) {
	e.ClientSideTokens = p.Core.ClientSideTokens
	e.TokenEncryption = p.Advanced.TokenEncryption
	e.IssueRefreshToken = p.Core.IssueRefreshToken
	e.IssueRefreshTokenOnRenew = p.Core.IssueRefreshTokenOnRenew
	e.UsePolicyEngineForScope = p.Core.UsePolicyEngineForScope
	e.ScopesPolicySet = p.Core.ScopesPolicySet
	e.SkipConsent = p.Consent.ClientsCanSkip
	e.RemoteConsent, e.RemoteConsentID = p.Consent.Remote, p.Consent.RemoteServiceID
	e.OverrideableClaims = p.OIDC.OverrideableClaims
	e.AudienceInTokenExchange = p.Advanced.AudienceInTokenExchange
	e.TokenIntrospectionClaim = p.Advanced.TokenIntrospectionClaim
	e.AccessTokenMayAct = p.Core.AccessTokenMayActScript.ID()
	e.OIDCMayAct = p.Core.OIDCMayActScript.ID()
	p.Plugins.resolve(e)
}

func (e *Effective) override(o *ClientOverrides) {
	e.ClientSideTokens = o.ClientSideTokens
	e.TokenEncryption = o.TokenEncryption
	e.IssueRefreshToken = o.IssueRefreshToken
	e.IssueRefreshTokenOnRenew = o.IssueRefreshTokenOnRenew
	e.UsePolicyEngineForScope = o.UsePolicyEngineForScope
	e.ScopesPolicySet = o.ScopesPolicySet
	e.SkipConsent = o.ClientsCanSkipConsent
	e.RemoteConsent, e.RemoteConsentID = o.RemoteConsent, o.RemoteConsentServiceID
	e.OverrideableClaims = o.OverrideableClaims
	e.AudienceInTokenExchange = o.AudienceInTokenExchange
	e.TokenIntrospectionClaim = o.TokenIntrospectionClaim
	e.AccessTokenMayAct = o.AccessTokenMayActScript.ID()
	e.OIDCMayAct = o.OIDCMayActScript.ID()
	o.PluginSettings.resolve(e)
}
