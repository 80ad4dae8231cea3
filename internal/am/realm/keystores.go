package realm

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
	"gatehouse/internal/keystore"
)

// Types of secret stores.
const (
	TypeKeyStore    = "KeyStoreSecretStore"   // a key store file, with mappings of labels to its aliases
	TypeSecretFiles = "FileSystemSecretStore" // a folder with a file for each secret
)

// SecretStore is a place of keys beside those that a realm makes itself, or of the passwords of such places. Members
// and their JSON names are those of PingAM.
type SecretStore struct {
	ID   string `json:"-"`
	Type string `json:"_type"`

	File          string              `json:"file,omitempty"`
	StoreType     string              `json:"storetype,omitempty"`
	StorePassword string              `json:"storePassword,omitempty"`    // name of a secret in a folder of the realm
	EntryPassword string              `json:"keyEntryPassword,omitempty"` // likewise; "": that of the store
	Lease         int                 `json:"leaseExpiryDuration,omitempty"`
	ProviderName  string              `json:"providerName,omitempty"` // of Java; kept for exports
	Mappings      map[string][]string `json:"mappings,omitempty"`     // label to aliases, the active one first

	Directory string `json:"directory,omitempty"`
	Format    string `json:"format,omitempty"` // "PLAIN" or "BASE64"
	Suffix    string `json:"suffix,omitempty"`
}

// defaultLease is how many minutes the content of a key store is used before it is read again.
const defaultLease = 5

// ParseSecretStore reads a document of kind store.KindSecretStore.
func ParseSecretStore(d store.Doc) (*SecretStore, error) {
	s := &SecretStore{ID: d.ID}
	if err := json.Unmarshal(d.Body, s); err != nil {
		return nil, fmt.Errorf("read secret store %s: %w", d.ID, err)
	}
	return s, nil
}

// maxSecretFile bounds the file of a password.
const maxSecretFile = 64 << 10

// secret reads a secret of the folder; ok is false where there is none of that name.
func (s *SecretStore) secret(name string) (text string, ok bool, err error) {
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return "", false, fmt.Errorf("%q is no name of a secret", name)
	}
	b, err := readBounded(filepath.Join(s.Directory, name+s.Suffix), maxSecretFile)
	if errors.Is(err, os.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	b = bytes.TrimRight(b, "\r\n")
	if s.Format == "BASE64" {
		if b, err = base64.StdEncoding.DecodeString(string(b)); err != nil {
			return "", false, fmt.Errorf("secret %s is not base64", name)
		}
	}
	return string(b), true, nil
}

func readBounded(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s is over %d bytes", file, limit)
	}
	return b, err
}

// CheckStore opens a key store and looks for all that it maps; the error says what is wrong, and no secret.
func (k *Keys) CheckStore(ctx context.Context, s *SecretStore) error {
	if s.Type != TypeKeyStore {
		return nil
	}
	stores, err := k.stores(ctx)
	if err != nil {
		return err
	}
	entries, err := s.open(stores)
	if err != nil {
		return err
	}
	for label, aliases := range s.Mappings {
		if IsSecretLabel(label) {
			if err := checkEntries(entries, label, aliases); err != nil {
				return err
			}
			continue
		}
		if _, err := keysOf(entries, label, aliases); err != nil {
			return err
		}
	}
	return nil
}

// stores lists the secret stores of the realm.
func (k *Keys) stores(ctx context.Context) ([]*SecretStore, error) {
	docs, err := k.m.docs.List(ctx, k.realm, store.KindSecretStore)
	if err != nil {
		return nil, err
	}
	list := make([]*SecretStore, 0, len(docs))
	for _, d := range docs {
		s, err := ParseSecretStore(d)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// mapped returns the keys that a key store of the realm has for a label; nil where none maps it. A file that cannot be
// read is an error: to go on with other keys would make tokens that nobody expects.
func (k *Keys) mapped(ctx context.Context, label string) (*keyList, error) {
	stores, err := k.stores(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range stores {
		aliases, ok := s.Mappings[label]
		if !ok || s.Type != TypeKeyStore {
			continue
		}
		entries, err := s.open(stores)
		if err != nil {
			return nil, err
		}
		keys, err := keysOf(entries, label, aliases)
		if err != nil {
			return nil, err
		}
		for i, key := range keys { // PingAM: jwtSigningKidHeaderMappings
			if kid := k.kid(aliases[i]); kid != "" {
				keys[i] = key.With(kid, key.Algorithm, key.Use)
			}
		}
		return &keyList{set: jose.NewKeySet(keys...), ends: k.m.now().Add(s.lease()), outside: true}, nil
	}
	return nil, nil
}

// lease is how long what the store has may be used before it is read again.
func (s *SecretStore) lease() time.Duration {
	if s.Lease <= 0 {
		return defaultLease * time.Minute
	}
	return time.Duration(s.Lease) * time.Minute
}

// open reads the entries of a key store, with passwords from the folders among stores.
func (s *SecretStore) open(stores []*SecretStore) ([]keystore.Entry, error) {
	password := func(name string) (string, error) {
		if name == "" {
			return "", nil
		}
		for _, f := range stores {
			if f.Type != TypeSecretFiles {
				continue
			}
			if text, ok, err := f.secret(name); ok || err != nil {
				return text, err
			}
		}
		return "", fmt.Errorf("no secret store has the secret %q", name)
	}
	var p keystore.Passwords
	var err error
	if p.Store, err = password(s.StorePassword); err != nil {
		return nil, err
	}
	if p.Entry, err = password(s.EntryPassword); err != nil {
		return nil, err
	}
	b, err := readBounded(s.File, keystore.MaxBytes)
	if err != nil {
		return nil, err
	}
	entries, err := keystore.Read(b, keystore.Format(s.StoreType), p)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.File, err)
	}
	return entries, nil
}

// keysOf finds the keys of the aliases, of the kind that the label needs.
func keysOf(entries []keystore.Entry, label string, aliases []string) ([]*jose.Key, error) {
	l, err := labelOf(label)
	if err != nil {
		return nil, err
	}
	if len(aliases) == 0 {
		return nil, fmt.Errorf("the mapping of %s has no alias", label)
	}
	found, err := named(entries, aliases)
	if err != nil {
		return nil, err
	}
	keys := make([]*jose.Key, 0, len(aliases))
	for i, e := range found {
		alias := aliases[i]
		var material any = e.PrivateKey
		if e.PrivateKey == nil && e.Secret != nil {
			material = e.Secret
		}
		if material == nil {
			return nil, fmt.Errorf("entry %q has no private and no secret key", alias)
		}
		key, err := jose.NewKey(material)
		if err != nil {
			return nil, fmt.Errorf("entry %q: %w", alias, err)
		}
		if err := l.suits(key); err != nil {
			return nil, fmt.Errorf("entry %q does not suit %s: %w", alias, label, err)
		}
		key = key.With(key.Thumbprint(), "", l.use)
		key.Chain = e.Chain
		keys = append(keys, key)
	}
	return keys, nil
}

// suits tells why a key cannot do the work of the label.
func (l labelled) suits(key *jose.Key) error {
	switch l.kind {
	case jose.KindOct256: // what "dir" with A128CBC-HS256 takes, no more and no less
		if !key.IsSymmetric() || key.Bits() != 256 {
			return errors.New("a secret key of 256 bits is needed")
		}
		return nil
	case jose.KindOct512:
		return key.Fits(jose.HS256)
	case jose.KindP256:
		return key.Fits(jose.ES256)
	case jose.KindP384:
		return key.Fits(jose.ES384)
	case jose.KindP521:
		return key.Fits(jose.ES512)
	case jose.KindEd25519:
		return key.Fits(jose.EdDSA)
	}
	return key.Fits(jose.RS256)
}
