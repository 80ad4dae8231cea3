// Package secrets finds passwords and keys by the labels that configurations use, in
// stores that configurations declare, and makes TLS settings from them.
package secrets

import (
	"context"
	"crypto/x509"
	"fmt"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/jose"
)

// Secret is one password or key. Which of the fields are set depends on what the store
// holds: Bytes for a password, Key for a key, both for a symmetric key whose store
// serves it as either. A Secret is shared; nobody changes it.
type Secret struct {
	// StableID names this very secret among those with the same label: a key store
	// alias, a kid, the name of a file or variable.
	StableID string
	Bytes    []byte
	Key      *jose.Key
	// Chain is the certificate of the key and its issuers, or a trusted certificate by
	// itself. It is set also where the key is of a kind that tokens cannot use.
	Chain []*x509.Certificate
}

// String hides the secret, so that none reaches a log by accident.
func (Secret) String() string { return "***" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "***" }

// Format hides the secret from every other verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

// MarshalJSON hides the secret from encoders.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"***"`), nil }

// SecretStore holds secrets under labels. Stores are called concurrently. An error
// means that the store could not be asked; not to know a label is no error.
type SecretStore interface {
	// Active returns the secret to create with: to sign, encrypt, authenticate.
	Active(ctx context.Context, id ID) (Secret, bool, error)
	// Valid returns all secrets that may verify or decrypt, preferred first.
	Valid(ctx context.Context, id ID) ([]Secret, error)
	// Named returns the one with the stable id.
	Named(ctx context.Context, id ID, stable string) (Secret, bool, error)
}

// Store is SecretStore; the longer name is what messages call it.
type Store = SecretStore

// ID is the label of a secret: a dotted name that states a purpose.
type ID string

// UnmarshalConf reads and checks a label.
func (id *ID) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	var s string
	if !d.Decode(n, &s) {
		return
	}
	if why := badID(s); why != "" {
		d.Errs.Add(n, "%q is no secret id: %s", s, why)
		return
	}
	*id = ID(s)
}

// DescribeConf names the kind of value.
func (*ID) DescribeConf() string { return "a secret id" }

func badID(s string) string {
	switch {
	case s == "":
		return "it is empty"
	case strings.HasPrefix(s, "."), strings.HasSuffix(s, "."):
		return "it must not begin or end with a dot"
	case strings.Contains(s, ".."):
		return "it must not have two dots in a row"
	}
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '-', r == '_':
		default:
			return fmt.Sprintf("it has the character %q; letters, digits and dots are allowed", r)
		}
	}
	return ""
}

// first is what Active means for a list of valid secrets.
func first(list []Secret, err error) (Secret, bool, error) {
	if err != nil || len(list) == 0 {
		return Secret{}, false, err
	}
	return list[0], true, nil
}

// named picks by stable id from a list of valid secrets.
func named(list []Secret, err error, stable string) (Secret, bool, error) {
	if err != nil {
		return Secret{}, false, err
	}
	for _, s := range list {
		if s.StableID == stable {
			return s, true, nil
		}
	}
	return Secret{}, false, nil
}
