package realm

// Token types and grants that the defaults name (RFC 8693 §3, RFC 7523, RFC 8628).
const (
	typeAccessToken = "urn:ietf:params:oauth:token-type:access_token"
	typeIDToken     = "urn:ietf:params:oauth:token-type:id_token"
)

const plugins = "org.forgerock.oauth2.core.plugins.registry."

func signingAlgorithms() []string {
	return []string{"PS384", "ES384", "RS384", "HS256", "HS512", "ES256", "RS256", "HS384", "ES512", "PS256", "PS512", "RS512"}
}

func keyAlgorithms() []string {
	return []string{"ECDH-ES+A256KW", "ECDH-ES+A192KW", "RSA-OAEP", "ECDH-ES+A128KW", "RSA-OAEP-256", "A128KW", "A256KW", "ECDH-ES", "dir", "A192KW"}
}

func contentAlgorithms() []string {
	return []string{"A256GCM", "A192GCM", "A128GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"}
}

// DefaultProvider returns what the service is when it is added with an empty body.
// The value is the caller's.
func DefaultProvider() *Provider {
	return &Provider{
		Core: ProviderCore{
			CodeLifetime:             120,
			RefreshTokenLifetime:     604800,
			AccessTokenLifetime:      3600,
			IssueRefreshToken:        true,
			IssueRefreshTokenOnRenew: true,
			ScopesPolicySet:          "oauth2Scopes",
			AccessTokenMayActScript:  NoScript,
			OIDCMayActScript:         NoScript,
		},
		Advanced: defaultAdvanced(),
		Registration: ProviderRegistration{
			Scope:                "dynamic_client_registration",
			Script:               NoScript,
			AttestedAttributes:   []string{"redirect_uris"},
			GenerateAccessTokens: true,
		},
		OIDC: ProviderOIDC{
			IDTokenLifetime:                3600,
			OverrideableClaims:             []string{},
			SupportedClaims:                []string{},
			IDTokenSigningAlgorithms:       signingAlgorithms(),
			IDTokenEncryptionAlgorithms:    keyAlgorithms(),
			IDTokenContentEncryptionMethod: contentAlgorithms(),
		},
		AdvancedOIDC: defaultAdvancedOIDC(),
		Device: ProviderDevice{
			CodeLifetime:     300,
			PollInterval:     5,
			UserCodeLength:   8,
			UserCodeAlphabet: "234567ACDEFGHJKLMNPQRSTWXYZabcdefhijkmnopqrstwxyz",
		},
		Consent: ProviderConsent{
			RemoteRequestSigning:         signingAlgorithms(),
			RemoteRequestEncryption:      keyAlgorithms(),
			RemoteRequestEncryptionEnc:   contentAlgorithms(),
			RemoteResponseSigning:        signingAlgorithms(),
			RemoteResponseEncryption:     keyAlgorithms(),
			RemoteResponseEncryptionEncs: contentAlgorithms(),
		},
		CIBA: ProviderCIBA{
			AuthReqIDLifetime: 600,
			MinPollInterval:   2,
			SigningAlgorithms: []string{"ES256", "PS256"},
		},
		Plugins: ProviderPlugins{
			PluginSettings:           defaultPlugins(),
			AccessTokenEnricherClass: plugins + "DefaultAccessTokenEnricher",
			UserCodeGeneratorClass:   plugins + "DefaultUserCodeGenerator",
		},
		Own: ProviderOwn{FetchHosts: []string{}, JWTIssuerScript: NoScript},
	}
}

func defaultAdvanced() ProviderAdvanced {
	const exchange = "org.forgerock.oauth2.core.tokenexchange."
	return ProviderAdvanced{
		AuthenticationAttributes: []string{"uid"},
		DisplayNameAttribute:     "cn",
		SupportedScopes:          []string{},
		DefaultScopes:            []string{},
		SupportedSubjectTypes:    []string{"public", "pairwise"},
		HashSalt:                 "changeme",
		ResponseTypeClasses: []string{
			"code|org.forgerock.oauth2.core.AuthorizationCodeResponseTypeHandler",
			"id_token|org.forgerock.openidconnect.IdTokenResponseTypeHandler",
			"token|org.forgerock.oauth2.core.TokenResponseTypeHandler",
		},
		TokenSigningAlgorithm: "HS256",
		GrantTypes: []string{
			"implicit",
			"urn:ietf:params:oauth:grant-type:saml2-bearer",
			"refresh_token",
			"password",
			"client_credentials",
			"urn:ietf:params:oauth:grant-type:device_code",
			"authorization_code",
			"urn:openid:params:grant-type:ciba",
			"urn:ietf:params:oauth:grant-type:uma-ticket",
			"urn:ietf:params:oauth:grant-type:token-exchange",
			"urn:ietf:params:oauth:grant-type:jwt-bearer",
		},
		CodeVerifierEnforced:       "false",
		TLSCertBoundAccessTokens:   true,
		TLSClientCertHeaderFormat:  "BASE64_ENCODED_CERT",
		MacaroonTokenFormat:        "V2",
		PARRequestURILifetime:      90,
		RequestObjectProcessing:    "OIDC",
		PersistentClaims:           []string{},
		AllowedAudienceValues:      []string{},
		ClientIDInClientSideTokens: true,
		SubnameInTokenClaims:       true,
		TokenValidatorClasses: []string{
			typeIDToken + "|" + exchange + "idtoken.OidcIdTokenValidator",
			typeAccessToken + "|" + exchange + "accesstoken.OAuth2AccessTokenValidator",
		},
		TokenExchangeClasses: []string{
			typeAccessToken + "=>" + typeAccessToken + "|" + exchange + "accesstoken.AccessTokenToAccessTokenExchanger",
			typeIDToken + "=>" + typeIDToken + "|" + exchange + "idtoken.IdTokenToIdTokenExchanger",
			typeAccessToken + "=>" + typeIDToken + "|" + exchange + "accesstoken.AccessTokenToIdTokenExchanger",
			typeIDToken + "=>" + typeAccessToken + "|" + exchange + "idtoken.IdTokenToAccessTokenExchanger",
		},
	}
}

func defaultAdvancedOIDC() ProviderAdvancedOIDC {
	return ProviderAdvancedOIDC{
		AMRMappings:                        map[string]string{},
		LoAMapping:                         map[string]string{},
		DefaultACR:                         []string{},
		SessionManagement:                  true,
		IDTokenInfoClientAuth:              true,
		SSOClients:                         []string{},
		IDMDelegationClients:               []string{},
		TokenEndpointAuthSigningAlgorithms: signingAlgorithms(),
		UserInfoSigningAlgorithms:          signingAlgorithms(),
		UserInfoEncryptionAlgorithms:       keyAlgorithms(),
		UserInfoEncryptionEnc:              contentAlgorithms(),
		RequestSigningAlgorithms:           signingAlgorithms(),
		RequestEncryptionAlgorithms:        keyAlgorithms(),
		RequestEncryptionEnc:               contentAlgorithms(),
		IntrospectionSigningAlgorithms:     signingAlgorithms(),
		IntrospectionEncryptionAlgorithms:  keyAlgorithms(),
		IntrospectionEncryptionEnc:         contentAlgorithms(),
		AuthorizationSigningAlgorithms:     signingAlgorithms(),
		AuthorizationEncryptionAlgorithms:  keyAlgorithms(),
		AuthorizationEncryptionEnc:         contentAlgorithms(),
	}
}
