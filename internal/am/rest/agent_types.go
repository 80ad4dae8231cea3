package rest

import "gatehouse/internal/am/realm"

// agentTypes lists the types of agents in the order of the console. Those marked open are kept for exports and
// imports; nothing in this server uses them.
func agentTypes() []*Type {
	open := func(id, name string) *Type { return &Type{ID: id, Name: name, Collection: true, Open: true} }
	return []*Type{
		open("WebAgent", "Web Agents"),
		open("J2EEAgent", "J2EE Agents"),
		open("2.2_Agent", "2.2 Agents"),
		clientType(),
		open("SharedAgent", "Shared Agents"),
		remoteConsentType(),
		publisherType(),
		gatewayAgentType(),
		trustedIssuerType(),
		aiAgentType(),
		open("SoapSTSAgent", "SOAP STS Agents"),
	}
}

func clientType() *Type {
	plugin := enum("PROVIDER", "SCRIPTED", "JAVA")
	t := &Type{
		ID: realm.TypeClient, Name: "OAuth2 Client Agents", TypeName: "OAuth2 Clients", Collection: true, Wrapped: true,
		Groups: groupsOf(realm.DefaultClient(), clientTitles(), options{
			"userpassword":      secret,
			"agentgroup":        quiet,
			"status":            enum("Active", "Inactive"),
			"clientType":        enum("Confidential", "Public"),
			"subjectType":       enum("public", "pairwise"),
			"publicKeyLocation": enum("jwks_uri", "jwks", "x509"),
			"tokenEndpointAuthMethod": enum("client_secret_basic", "client_secret_post", "private_key_jwt", "client_secret_jwt",
				"tls_client_auth", "self_signed_tls_client_auth", "none"),
			"userinfoResponseFormat":                  enum("JSON", "SIGNED_JWT", "ENCRYPTED_JWT", "SIGNED_THEN_ENCRYPTED_JWT"),
			"tokenIntrospectionResponseFormat":        enum("JSON", "SIGNED_JWT", "SIGNED_THEN_ENCRYPTED_JWT"),
			"accessTokenModificationPluginType":       plugin,
			"oidcClaimsPluginType":                    plugin,
			"evaluateScopePluginType":                 plugin,
			"validateScopePluginType":                 plugin,
			"authorizeEndpointDataProviderPluginType": plugin,
			"accessTokenModifierClass":                quiet,
			"customLoginUrlTemplate":                  quiet,
			"oidcClaimsClass":                         quiet,
		}),
	}
	for i := range t.Groups {
		t.Groups[i].Bare = t.Groups[i].Name == "overrideOAuth2ClientConfig"
	}
	return t
}

// aiAgentType has the profile of a client.
func aiAgentType() *Type {
	t := clientType()
	t.ID, t.Name, t.TypeName, t.Lenient = realm.TypeAIAgent, "AI Agents", "AI Agents", true
	return t
}

func gatewayAgentType() *Type {
	return &Type{
		ID: realm.TypeGatewayAgent, Name: "Identity Gateway Agents", Collection: true, Wrapped: true,
		Groups: groupsOf(realm.DefaultAgent(), map[string]string{
			"userpassword":            "Password",
			"igTokenIntrospection":    "Token Introspection",
			"igCdssoRedirectUrls":     "Redirect URL for CDSSO",
			"igCdssoLoginUrlTemplate": "Login URL Template for CDSSO",
			"agentgroup":              "Group",
		}, options{
			"userpassword":         secret,
			"agentgroup":           quiet,
			"status":               enum("Active", "Inactive"),
			"igTokenIntrospection": enum("None", "Realm", "Realm_Subs"),
		}),
	}
}

func remoteConsentType() *Type {
	return &Type{
		ID: realm.TypeRemoteConsent, Name: "OAuth2 Remote Consent Agents", TypeName: "OAuth2 Remote Consent Service", Collection: true, Wrapped: true,
		Lenient: true,
		Groups: groupsOf(realm.DefaultRemoteConsentAgent(), map[string]string{
			"userpassword":                             "Remote Consent Service secret",
			"secretLabelIdentifier":                    "Secret Label Identifier",
			"remoteConsentRedirectUrl":                 "Redirect URL",
			"remoteConsentRequestEncryptionEnabled":    "Enable consent request Encryption",
			"remoteConsentRequestEncryptionAlgorithm":  "Consent request Encryption Algorithm",
			"remoteConsentRequestEncryptionMethod":     "Consent request Encryption Method",
			"remoteConsentRequestSigningAlgorithm":     "Consent request Signing Algorithm",
			"remoteConsentResponseEncryptionAlgorithm": "Consent response encryption algorithm",
			"remoteConsentResponseEncryptionMethod":    "Consent response encryption method",
			"remoteConsentResponseSigningAlg":          "Consent response signing algorithm",
			"publicKeyLocation":                        "Public key selector",
			"jwksUri":                                  "Json Web Key URI",
			"jwkSet":                                   "Json Web Key",
			"jwksCacheTimeout":                         "JWKs URI content cache timeout in ms",
			"jwkStoreCacheMissCacheTime":               "JWKs URI content cache miss cache time",
			"requestTimeLimit":                         "Consent Request Time Limit",
			"agentgroup":                               "Group",
		}, options{
			"userpassword":      secret,
			"agentgroup":        quiet,
			"status":            enum("Active", "Inactive"),
			"publicKeyLocation": enum("jwks_uri", "jwks"),
		}),
	}
}

func publisherType() *Type {
	return &Type{
		ID: realm.TypePublisher, Name: "OAuth2 Software Publisher Agents", Collection: true, Wrapped: true,
		Groups: groupsOf(realm.DefaultSoftwarePublisher(), map[string]string{
			"issuer":                            "Software publisher issuer",
			"userpassword":                      "Software publisher secret",
			"publicKeyLocation":                 "Public key selector",
			"jwksUri":                           "Json Web Key URI",
			"jwkSet":                            "JSON Web Key Set",
			"jwksCacheTimeout":                  "JWKs URI content cache timeout in ms",
			"jwkStoreCacheMissCacheTime":        "JWKs URI content cache miss cache time",
			"softwareStatementSigningAlgorithm": "Software statement signing Algorithm",
			"agentgroup":                        "Group",
		}, options{"agentgroup": quiet, "userpassword": secret, "publicKeyLocation": enum("jwks_uri", "jwks")}),
	}
}

func trustedIssuerType() *Type {
	return &Type{
		ID: realm.TypeTrustedJWTIssuer, Name: "OAuth2 Trusted JWT Issuer Agents", Collection: true, Wrapped: true,
		Groups: groupsOf(realm.DefaultTrustedIssuer(), map[string]string{
			"issuer":                     "JWT Issuer",
			"jwksUri":                    "JWKS URI",
			"jwkSet":                     "JWK Set",
			"jwksCacheTimeout":           "JWKS Cache Timeout (ms)",
			"jwkStoreCacheMissCacheTime": "JWKS Cache Miss Cache Time (ms)",
			"consentedScopesClaim":       "Consented Scopes Claim",
			"resourceOwnerIdentityClaim": "Resource Owner Identity Claim",
			"agentgroup":                 "Group",
		}, options{"agentgroup": quiet}),
	}
}
