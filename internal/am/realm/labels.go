package realm

import (
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/jose"
)

// Labels of the keys that the server uses by name, in PingAM's words.
const (
	LabelHMAC            = "am.services.oauth2.stateless.signing.HMAC"
	LabelTokenEncryption = "am.services.oauth2.stateless.token.encryption"
	LabelRSA             = "am.services.oauth2.oidc.signing.RSA"
	LabelES256           = "am.services.oauth2.oidc.signing.ES256"
	LabelES384           = "am.services.oauth2.oidc.signing.ES384"
	LabelES512           = "am.services.oauth2.oidc.signing.ES512"
	LabelEdDSA           = "am.services.oauth2.oidc.signing.EDDSA"
	LabelDecryption      = "am.services.oauth2.oidc.decryption.RSA.OAEP.256" // what clients encrypt to the server
	LabelAuthenticity    = "am.services.oauth2.jwt.authenticity.signing"     // tokens that only this server reads
	LabelAuthID          = "am.authn.authid.signing.HMAC"
	// LabelAgentIDToken is of ID tokens for gateways.
	LabelAgentIDToken = "am.global.services.oauth2.oidc.agent.idtoken.signing"
	// LabelConsentDecryption is of what remote consent services encrypt to the server.
	LabelConsentDecryption = "am.services.oauth2.remote.consent.response.decryption"
)

// Further labels of what clients encrypt to the server, by the algorithm.
const (
	labelOAEP  = "am.services.oauth2.oidc.decryption.RSA.OAEP"
	labelRSA15 = "am.services.oauth2.oidc.decryption.RSA1.5"
)

// What the labels of keys that sign begin with: ID tokens, client-side tokens, requests to remote consent services.
const (
	oidcSigning      = "am.services.oauth2.oidc.signing."
	statelessSigning = "am.services.oauth2.stateless.signing."
	consentSigning   = "am.applications.agents.remote.consent.request.signing."
)

// labelled describes the key of a label.
type labelled struct {
	label   string
	kind    jose.Kind
	use     jose.Use
	aliases []string // further labels of the same key, as a fresh PingAM maps them
}

func labels() []labelled {
	return []labelled{
		{LabelRSA, jose.KindRSA2048, jose.ForSignature, []string{statelessSigning + "RSA", consentSigning + "RSA", LabelAgentIDToken}},
		{LabelES256, jose.KindP256, jose.ForSignature, []string{statelessSigning + "ES256", consentSigning + "ES256"}},
		{LabelES384, jose.KindP384, jose.ForSignature, []string{statelessSigning + "ES384", consentSigning + "ES384"}},
		{LabelES512, jose.KindP521, jose.ForSignature, []string{statelessSigning + "ES512", consentSigning + "ES512"}},
		{LabelEdDSA, jose.KindEd25519, jose.ForSignature, []string{statelessSigning + "EDDSA", consentSigning + "EDDSA"}},
		{LabelDecryption, jose.KindRSA2048, jose.ForEncryption, []string{labelOAEP, labelRSA15, LabelConsentDecryption}},
		{LabelHMAC, jose.KindOct512, jose.ForSignature, nil},
		{LabelTokenEncryption, jose.KindOct256, jose.ForEncryption, nil},
		{LabelAuthenticity, jose.KindOct512, jose.ForSignature, nil},
		{LabelAuthID, jose.KindOct512, jose.ForSignature, nil},
	}
}

// DefaultAlias is what a fresh PingAM calls the key of a label in its key store; those that it has none for are called
// like the label.
func DefaultAlias(label string) string {
	for _, prefix := range [...]string{oidcSigning, statelessSigning, consentSigning} {
		kind, ok := strings.CutPrefix(label, prefix)
		switch {
		case ok && kind == "RSA":
			return "rsajwtsigningkey"
		case ok && strings.HasPrefix(kind, "ES"):
			return strings.ToLower(kind) + "test"
		}
	}
	switch label {
	case LabelHMAC, LabelAuthenticity, LabelAuthID:
		return "hmacsigningtest"
	case LabelTokenEncryption:
		return "directenctest"
	case LabelAgentIDToken:
		return "rsajwtsigningkey"
	case LabelDecryption, labelOAEP, labelRSA15, LabelConsentDecryption:
		return "test"
	}
	return label
}

// Labels lists the labels of all keys that a realm has.
func Labels() []string {
	var list []string
	for _, l := range labels() {
		list = append(append(list, l.label), l.aliases...)
	}
	slices.Sort(list)
	return list
}

func labelOf(name string) (labelled, error) {
	for _, l := range labels() {
		if l.label == name || slices.Contains(l.aliases, name) {
			return l, nil
		}
	}
	return labelled{}, fmt.Errorf("no key has the label %q", name)
}

// labelFor returns the label of the key that signs with alg.
func labelFor(alg jose.Algorithm) (string, error) {
	switch alg {
	case jose.HS256, jose.HS384, jose.HS512:
		return LabelHMAC, nil
	case jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512:
		return LabelRSA, nil
	case jose.ES256:
		return LabelES256, nil
	case jose.ES384:
		return LabelES384, nil
	case jose.ES512:
		return LabelES512, nil
	case jose.EdDSA:
		return LabelEdDSA, nil
	}
	return "", fmt.Errorf("no key signs with %q", alg)
}

// labelUnder is the label with that beginning beside the one of ID tokens.
func labelUnder(beginning, label string) string {
	if kind, ok := strings.CutPrefix(label, oidcSigning); ok {
		return beginning + kind
	}
	return label
}
