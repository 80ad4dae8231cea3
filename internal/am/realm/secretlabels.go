package realm

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/keystore"
)

// LabelTLSTrust is what the certificates of clients are checked against that a proxy hands on.
const LabelTLSTrust = "am.services.oauth2.tls.client.cert.authentication"

// Labels of the secrets of one client or agent: a prefix, the secretLabelIdentifier of its profile, and what it is.
const (
	clientLabels  = "am.applications.oauth2.client."
	agentLabels   = "am.applications.agents."
	secretLabel   = ".secret"
	keyLabel      = ".jwt.public.key"
	trustedLabel  = ".mtls.trusted.cert"
	maxIdentifier = 200
)

// scriptLabels start the labels of what scripts may read (PingAM: no others are accessible to them).
const scriptLabels = "scripted.node."

// IsScriptLabel tells whether scripts may read what has the label.
func IsScriptLabel(label string) bool {
	return strings.HasPrefix(label, scriptLabels) && len(label) > len(scriptLabels) && len(label) <= maxIdentifier
}

// isPlain tells that what has the label is a secret, and not a certificate.
func isPlain(label string) bool { return strings.HasSuffix(label, secretLabel) || IsScriptLabel(label) }

// IsSecretLabel tells whether a label is one that key stores may have besides those of the server's keys: of
// certificates, of the secrets of clients and agents, and of scripts.
func IsSecretLabel(label string) bool {
	return label == LabelTLSTrust || isApplicationLabel(label) || IsScriptLabel(label)
}

func isApplicationLabel(label string) bool {
	for _, prefix := range [...]string{clientLabels, agentLabels} {
		rest, ok := strings.CutPrefix(label, prefix)
		if !ok || len(rest) > maxIdentifier {
			continue
		}
		for _, kind := range [...]string{secretLabel, keyLabel, trustedLabel} {
			if id, ok := strings.CutSuffix(rest, kind); ok && id != "" && (prefix == clientLabels || kind == secretLabel) {
				return true
			}
		}
	}
	return false
}

// entriesOf finds what the secret stores of the realm, else the environment, have under a label, the active one first, and
// until when that may be used. Nothing is no error.
func (k *Keys) entriesOf(ctx context.Context, label string) ([]keystore.Entry, time.Time, error) {
	stores, err := k.stores(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	for _, s := range stores {
		found, err := s.entriesOf(stores, label)
		if err != nil {
			return nil, time.Time{}, fmt.Errorf("secret %s: %w", label, err)
		}
		if len(found) > 0 {
			return found, k.m.now().Add(s.lease()), nil
		}
	}
	found, err := k.m.inEnvironment(ctx, label)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("secret %s: %w", label, err)
	}
	return found, k.m.now().Add(defaultLease * time.Minute), nil
}

func (s *SecretStore) entriesOf(stores []*SecretStore, label string) ([]keystore.Entry, error) {
	if s.Type == TypeSecretFiles {
		text, ok, err := s.secret(label)
		if !ok || err != nil {
			return nil, err
		}
		if isPlain(label) {
			return []keystore.Entry{{Secret: []byte(text)}}, nil
		}
		return keystore.Read([]byte(text), keystore.PEM, keystore.Passwords{})
	}
	aliases := s.Mappings[label]
	if len(aliases) == 0 {
		return nil, nil
	}
	entries, err := s.open(stores)
	if err != nil {
		return nil, err
	}
	return named(entries, aliases)
}

// named picks the entries of the aliases.
func named(entries []keystore.Entry, aliases []string) ([]keystore.Entry, error) {
	out := make([]keystore.Entry, 0, len(aliases))
	for _, alias := range aliases {
		e := keystore.Find(entries, alias)
		if e == nil {
			return nil, fmt.Errorf("the key store has no entry %q", alias)
		}
		if e.Err != nil {
			return nil, fmt.Errorf("entry %q: %w", alias, e.Err)
		}
		out = append(out, *e)
	}
	return out, nil
}

// checkEntries tells what a label that is not of a key needs and the aliases have not.
func checkEntries(entries []keystore.Entry, label string, aliases []string) error {
	found, err := named(entries, aliases)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("the mapping of %s has no alias", label)
	}
	for i, e := range found {
		if isPlain(label) && len(e.Secret) == 0 {
			return fmt.Errorf("entry %q does not suit %s: a secret is needed", aliases[i], label)
		}
		if !isPlain(label) && len(e.Chain) == 0 {
			return fmt.Errorf("entry %q does not suit %s: a certificate is needed", aliases[i], label)
		}
	}
	return nil
}

// Certificates returns the certificates that the secret stores of the realm have under a label. There may be none.
func (k *Keys) Certificates(ctx context.Context, label string) ([]*x509.Certificate, error) {
	entries, _, err := k.entriesOf(ctx, label)
	return certificates(entries), err
}

func certificates(entries []keystore.Entry) []*x509.Certificate {
	var list []*x509.Certificate
	for _, e := range entries {
		if len(e.Chain) > 0 {
			list = append(list, e.Chain[0])
		}
	}
	return list
}

// labelled is a secret as the realm's stores have it: all values are valid, the first is active (PingAM: when the label
// is mapped, the password of the profile is not looked at). Where they have none it is the one in the profile.
func (s *settings) labelled(ctx context.Context, label string, own secret) (secret, time.Time, error) {
	entries, until, err := s.keys.entriesOf(ctx, label)
	if err != nil || len(entries) == 0 {
		return own, until, err
	}
	out := secret{}
	for _, e := range entries {
		if len(e.Secret) > 0 {
			out.values = append(out.values, e.Secret)
		}
	}
	return out, until, nil
}

// agentSecret opens the secret in the profile of an agent, or finds what its label has.
func (s *settings) agentSecret(ctx context.Context, password, label string) (secret, time.Time, error) {
	own, err := s.m.openSecret(password)
	if err != nil || label == "" {
		return own, time.Time{}, err
	}
	return s.labelled(ctx, agentLabels+label+secretLabel, own)
}

// labelSecrets replaces what the profile of a client says by what the realm's secret stores have under its labels.
func (s *settings) labelSecrets(ctx context.Context, c *Client) error {
	id := c.Core.SecretLabel
	if id == "" {
		return nil
	}
	var err error
	if c.secret, c.until, err = s.labelled(ctx, clientLabels+id+secretLabel, c.secret); err != nil {
		return err
	}
	for _, at := range []struct {
		kind string
		into *string
	}{{keyLabel, &c.Keys.JWTPublicKey}, {trustedLabel, &c.Keys.MTLSTrustedCert}} {
		entries, until, err := s.keys.entriesOf(ctx, clientLabels+id+at.kind)
		if err != nil {
			return err
		}
		c.until = earlier(c.until, until)
		var text strings.Builder
		for _, cert := range certificates(entries) {
			_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}) // a Builder takes all
		}
		if text.Len() == 0 {
			continue
		}
		*at.into = text.String()
		if at.kind == keyLabel {
			c.Keys.PublicKeyLocation = "x509"
		}
	}
	return nil
}

// scriptSecret is a secret as it was read, and until when it may be used.
type scriptSecret struct {
	value []byte
	until time.Time
}

// ScriptSecret returns what the realm's secret stores have under a label for scripts, or store.ErrNotFound. It must not
// be changed.
func (r *Realm) ScriptSecret(ctx context.Context, label string) ([]byte, error) {
	if !IsScriptLabel(label) {
		return nil, fmt.Errorf("secret %q: %w", label, store.ErrNotFound)
	}
	s, err := r.scriptSecret(ctx, label)
	if err == nil && over(s.until, r.set.m.now()) {
		r.set.secrets.drop(label)
		s, err = r.scriptSecret(ctx, label)
	}
	return s.value, err
}

func (r *Realm) scriptSecret(ctx context.Context, label string) (scriptSecret, error) {
	return r.set.secrets.get(label, func() (scriptSecret, error) {
		entries, until, err := r.set.keys.entriesOf(ctx, label)
		if err != nil {
			return scriptSecret{}, err
		}
		if len(entries) == 0 || len(entries[0].Secret) == 0 {
			return scriptSecret{}, fmt.Errorf("secret %q: %w", label, store.ErrNotFound)
		}
		return scriptSecret{entries[0].Secret, until}, nil
	})
}
