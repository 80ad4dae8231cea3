package realm

import (
	"fmt"
	"maps"
	"slices"

	"gatehouse/internal/jose"
)

// UnusableAlgorithms lists the settings of a client's or agent's profile that name an algorithm which this server does not
// have, as "name: value". They are stored, since profiles of other servers have them; what needs them fails.
func UnusableAlgorithms(profile map[string]any) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(profile)) {
		v := profile[name]
		if o, ok := v.(map[string]any); ok {
			if _, wrapped := o["inherited"]; !wrapped {
				list = append(list, UnusableAlgorithms(o)...)
				continue
			}
			v = o["value"]
		}
		if text, ok := v.(string); ok && text != "" && usable[name] != nil && !usable[name](text) {
			list = append(list, fmt.Sprintf("%s: %s", name, text))
		}
	}
	return list
}

// usable tells of the settings that name algorithms which ones there are.
var usable = func() map[string]func(string) bool {
	m := map[string]func(string) bool{}
	for _, name := range []string{
		"tokenEndpointAuthSigningAlgorithm", "idTokenSignedResponseAlg", "userinfoSignedResponseAlg", "requestParameterSignedAlg",
		"tokenIntrospectionSignedResponseAlg", "authorizationResponseSigningAlgorithm", "softwareStatementSigningAlgorithm",
		"remoteConsentRequestSigningAlgorithm", "remoteConsentResponseSigningAlg",
	} {
		m[name] = func(v string) bool { return jose.Algorithm(v).Signs() }
	}
	for _, name := range []string{
		"idTokenEncryptionAlgorithm", "userinfoEncryptedResponseAlg", "requestParameterEncryptedAlg", "tokenIntrospectionEncryptedResponseAlg",
		"authorizationResponseEncryptionAlgorithm", "remoteConsentRequestEncryptionAlgorithm", "remoteConsentResponseEncryptionAlgorithm",
	} {
		m[name] = func(v string) bool { return slices.Contains(jose.KeyAlgorithms(), jose.Algorithm(v)) }
	}
	for _, name := range []string{
		"idTokenEncryptionMethod", "userinfoEncryptedResponseEncryptionAlgorithm", "requestParameterEncryptedEncryptionAlgorithm",
		"tokenIntrospectionEncryptedResponseEncryptionAlgorithm", "authorizationResponseEncryptionMethod",
		"remoteConsentRequestEncryptionMethod", "remoteConsentResponseEncryptionMethod",
	} {
		m[name] = func(v string) bool { return slices.Contains(jose.Encryptions(), jose.Encryption(v)) }
	}
	return m
}()
