package realm

// DefaultClient returns the profile of which nothing was said. The value is the
// caller's.
func DefaultClient() *Client {
	return &Client{
		Core: ClientCore{
			Status:        "Active",
			Type:          "Confidential",
			RedirectURIs:  []string{},
			Scopes:        []string{},
			DefaultScopes: []string{},
			Name:          []string{},
		},
		Advanced: ClientAdvanced{
			Name:         []string{},
			Descriptions: []string{},
			RequestURIs:  []string{},
			ResponseTypes: []string{
				"code", "token", "id_token", "code token", "token id_token", "code id_token",
				"code token id_token", "device_code", "device_code id_token",
			},
			GrantTypes:               []string{"authorization_code"},
			Contacts:                 []string{},
			TokenEndpointAuthMethod:  "client_secret_basic",
			SubjectType:              "public",
			ClientURI:                []string{},
			LogoURI:                  []string{},
			PolicyURI:                []string{},
			ToSURI:                   []string{},
			CustomProperties:         []string{},
			JavaScriptOrigins:        []string{},
			Tree:                     NoScript,
			AllowedResourceAudiences: []string{},
			AcceptedJWTIssuers:       []string{},
			IntrospectionPolicySets:  []string{},
		},
		OIDC: ClientOIDC{
			Claims:                 []string{},
			PostLogoutRedirectURIs: []string{},
			DefaultMaxAge:          600,
			DefaultACRValues:       []string{},
		},
		Keys: ClientKeys{
			JWKSCacheMillis:            3600000,
			JWKSCacheMissMillis:        60000,
			PublicKeyLocation:          "jwks_uri",
			TokenEndpointAuthAlg:       "RS256",
			IDTokenSigningAlg:          "RS256",
			IDTokenEncryptionAlg:       "RSA-OAEP-256",
			IDTokenEncryptionEnc:       "A128CBC-HS256",
			UserInfoFormat:             "JSON",
			UserInfoEncryptionEnc:      "A128CBC-HS256",
			RequestEncryptionEnc:       "A128CBC-HS256",
			IntrospectionFormat:        "JSON",
			IntrospectionSigningAlg:    "RS256",
			IntrospectionEncryptionAlg: "RSA-OAEP-256",
			IntrospectionEncryptionEnc: "A128CBC-HS256",
			AuthorizationSigningAlg:    "RS256",
		},
		UMA:       ClientUMA{ClaimsRedirectionURIs: []string{}},
		Overrides: defaultOverrides(),
	}
}

func defaultOverrides() ClientOverrides {
	return ClientOverrides{
		IssueRefreshToken:        true,
		IssueRefreshTokenOnRenew: true,
		ScopesPolicySet:          "oauth2Scopes",
		OverrideableClaims:       []string{},
		AccessTokenMayActScript:  NoScript,
		OIDCMayActScript:         NoScript,
		PluginSettings:           inheritedPlugins(),
	}
}
