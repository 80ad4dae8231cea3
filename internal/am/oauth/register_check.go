package oauth

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/jose"
)

// check refuses what is malformed and what no client may give itself.
func (m *clientMetadata) check(p *realm.Provider) error {
	for _, uri := range m.RedirectURIs {
		if redirectSyntax(uri) != nil {
			return Refuse("invalid_redirect_uri", "A redirection URI is not absolute, has a fragment or an unusable scheme.")
		}
	}
	if len(m.RedirectURIs) == 0 && (slices.Contains(m.Grants, "authorization_code") || slices.Contains(m.Grants, "implicit")) {
		return Refuse("invalid_redirect_uri", "At least one redirection URI is needed.")
	}
	if !slices.Contains([]string{"client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth", "none"}, m.Auth) {
		return refuseMetadata("token_endpoint_auth_method " + m.Auth + " is not supported by this server.")
	}
	if m.Auth == "private_key_jwt" && m.JWKSURI == "" && len(m.JWKS) == 0 {
		return refuseMetadata("private_key_jwt needs jwks or jwks_uri.")
	}
	if m.Auth == "tls_client_auth" && m.SubjectDN == "" {
		return refuseMetadata("tls_client_auth needs tls_client_auth_subject_dn.")
	}
	if m.Auth == "self_signed_tls_client_auth" && m.JWKSURI == "" && len(m.JWKS) == 0 {
		return refuseMetadata("self_signed_tls_client_auth needs jwks or jwks_uri.")
	}
	for _, g := range m.Grants {
		switch {
		case !p.HasGrant(g):
			return refuseMetadata("A grant type is not supported.")
		case g == "client_credentials" && !m.confidential():
			return refuseMetadata("Public clients can't use client credentials grant.")
		}
	}
	for _, text := range m.Responses {
		if err := m.checkResponseType(p, text); err != nil {
			return err
		}
	}
	for _, s := range m.Scopes {
		if !slices.Contains(mayAskFor(p), s) {
			return refuseMetadata("A scope is not supported.")
		}
	}
	return m.checkKeys(p)
}

// checkResponseType refuses a response type that this server has not, or that the grants of the client do not fit (RFC
// 7591 §2.1). What profiles list for devices is no matter of the authorization endpoint.
func (m *clientMetadata) checkResponseType(p *realm.Provider, text string) error {
	t := parseResponseType(text)
	if slices.Contains(t.words, "device_code") {
		return nil
	}
	if t.unknown || len(t.words) == 0 || slices.ContainsFunc(t.words, func(w string) bool { return !slices.Contains(p.ResponseTypes(), w) }) {
		return refuseMetadata("A response type is not supported.")
	}
	for _, g := range t.grants() {
		if !slices.Contains(m.Grants, g) && !m.agent { // documented requests of AI agents name token, which without the grant does nothing
			return refuseMetadata("The response type " + text + " needs the grant type " + g + ".")
		}
	}
	return nil
}

func (m *clientMetadata) checkKeys(p *realm.Provider) error {
	if m.JWKSURI != "" && len(m.JWKS) > 0 {
		return refuseMetadata("jwks and jwks_uri must not be used together.")
	}
	// A stranger's address, which this server will call: TLS at least, and nothing behind it but a key set.
	if m.JWKSURI != "" && !strings.HasPrefix(m.JWKSURI, "https://") {
		return refuseMetadata("jwks_uri must be an https URL.")
	}
	if len(m.JWKS) > 0 {
		if _, err := jose.ParseKeySet(m.JWKS); err != nil {
			return refuseMetadata("jwks is not a key set.")
		}
	}
	for _, alg := range []string{m.IDTokenAlg, m.AuthAlg, m.UserInfoAlg, m.RequestAlg, m.IntrospectAlg, m.AnswerAlg} {
		if alg != "" && !jose.Algorithm(alg).Signs() {
			return refuseMetadata("A signing algorithm is not supported.")
		}
	}
	for _, pair := range [][2]string{
		{m.IDTokenEncAlg, m.IDTokenEnc}, {m.UserInfoEncAlg, m.UserInfoEnc}, {m.RequestEncAlg, m.RequestEnc},
		{m.IntrospectEnAlg, m.IntrospectEnc}, {m.AnswerEncAlg, m.AnswerEnc},
	} {
		switch alg, enc := pair[0], pair[1]; {
		case alg == "" && enc != "":
			return refuseMetadata("An encryption method needs an encryption algorithm.")
		case alg != "" && (!jose.Algorithm(alg).Encrypts() || enc != "" && jose.Encryption(enc).KeyBits() == 0):
			return refuseMetadata("An encryption algorithm is not supported.")
		}
	}
	if m.MaxAge != nil && *m.MaxAge < 0 {
		return refuseMetadata("default_max_age must not be negative.")
	}
	for _, uri := range m.RequestURIs {
		if !strings.HasPrefix(uri, "https://") {
			return refuseMetadata("request_uris must be https URLs.")
		}
	}
	if m.SubjectType != "" && !slices.Contains(p.Advanced.SupportedSubjectTypes, strings.ToLower(m.SubjectType)) {
		return refuseMetadata("subject_type is not supported.")
	}
	if m.SignOutURI != "" && (!strings.HasPrefix(m.SignOutURI, "https://") || strings.Contains(m.SignOutURI, "#")) {
		return refuseMetadata("backchannel_logout_uri must be an https URL without a fragment.")
	}
	for _, uri := range m.LogoutURIs {
		if redirectSyntax(uri) != nil {
			return refuseMetadata("An address of post_logout_redirect_uris is not absolute, has a fragment or an unusable scheme.")
		}
	}
	if m.DPoPBound && !p.TakesDPoP() {
		return refuseMetadata("dpop_bound_access_tokens is not supported.")
	}
	return m.checkPages()
}

// checkPages refuses addresses that people would be led to and that are none.
func (m *clientMetadata) checkPages() error {
	pages := []string{m.ClientURI, m.LogoURI, m.PolicyURI, m.TermsURI}
	for name, value := range m.translated {
		if !strings.HasPrefix(name, "client_name#") {
			pages = append(pages, value)
		}
	}
	for _, uri := range pages {
		if uri != "" && webURL(uri) == "" {
			return refuseMetadata("An address is no http or https URL.")
		}
	}
	return nil
}

// checkSector makes sure that a client may share pairwise subjects with others: whoever is at its sector identifier says so,
// by listing all its redirection URIs there (OIDC Registration §5). Without one they are all at one host (OIDC Core §8.1).
func (q *request) checkSector(ctx context.Context, m *clientMetadata) error {
	if m.Sector == "" {
		if strings.EqualFold(m.SubjectType, "pairwise") && slices.ContainsFunc(m.RedirectURIs, func(uri string) bool { return hostOf(uri) != hostOf(m.RedirectURIs[0]) }) {
			return refuseMetadata("Pairwise subjects for several hosts need sector_identifier_uri.")
		}
		return nil
	}
	if !strings.HasPrefix(m.Sector, "https://") {
		return refuseMetadata("sector_identifier_uri must be an https URL.")
	}
	body, err := q.Fetch(ctx, m.Sector, Reach{Inside: q.Settings.Own.FetchHosts})
	var listed []string
	if err == nil {
		err = json.Unmarshal(body, &listed)
	}
	if err != nil {
		return Refuse("invalid_client_metadata", "There is no list of redirection URIs at sector_identifier_uri.").Because(err)
	}
	for _, uri := range m.RedirectURIs {
		if !slices.Contains(listed, uri) {
			return refuseMetadata("The list at sector_identifier_uri lacks a redirection URI.")
		}
	}
	return nil
}
