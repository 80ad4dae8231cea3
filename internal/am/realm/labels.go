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
)

// labelled describes the key of a label.
type labelled struct {
	label   string
	kind    jose.Kind
	use     jose.Use
	aliases []string // further labels of the same key, as a fresh PingAM maps them
}

func labels() []labelled {
	const stateless, oidc = "am.services.oauth2.stateless.signing.", "am.services.oauth2.oidc."
	return []labelled{
		{LabelRSA, jose.KindRSA2048, jose.ForSignature, []string{stateless + "RSA", "am.global.services.oauth2.oidc.agent.idtoken.signing"}},
		{LabelES256, jose.KindP256, jose.ForSignature, []string{stateless + "ES256"}},
		{LabelES384, jose.KindP384, jose.ForSignature, []string{stateless + "ES384"}},
		{LabelES512, jose.KindP521, jose.ForSignature, []string{stateless + "ES512"}},
		{LabelEdDSA, jose.KindEd25519, jose.ForSignature, []string{stateless + "EDDSA"}},
		{LabelDecryption, jose.KindRSA2048, jose.ForEncryption, []string{oidc + "decryption.RSA.OAEP", oidc + "decryption.RSA1.5"}},
		{LabelHMAC, jose.KindOct512, jose.ForSignature, nil},
		{LabelTokenEncryption, jose.KindOct256, jose.ForEncryption, nil},
		{LabelAuthenticity, jose.KindOct512, jose.ForSignature, nil},
		{LabelAuthID, jose.KindOct512, jose.ForSignature, nil},
	}
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

// statelessLabel is the label of client-side tokens beside the one of ID tokens.
func statelessLabel(label string) string {
	const oidc, stateless = "am.services.oauth2.oidc.signing.", "am.services.oauth2.stateless.signing."
	if kind, ok := strings.CutPrefix(label, oidc); ok {
		return stateless + kind
	}
	return label
}
