package realm

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"gatehouse/internal/am/store"
	"gatehouse/internal/keystore"
)

// TypeSecretEnv is the secret store that all realms have behind their own: the environment of the server.
const TypeSecretEnv = "EnvironmentAndSystemPropertySecretStore"

// SecretEnv are its settings: a document of kind store.KindSecretStore under the realm "" with the type as its ID. JSON
// names are those of PingAM.
type SecretEnv struct {
	Format string `json:"format"` // "BASE64" or "PLAIN"
}

// DefaultSecretEnv returns the settings of which nothing was said.
func DefaultSecretEnv() SecretEnv { return SecretEnv{Format: "BASE64"} }

// SecretEnv returns the settings of the environment as a secret store.
func (m *Manager) SecretEnv(ctx context.Context) (SecretEnv, error) {
	set := DefaultSecretEnv()
	d, err := m.docs.Get(ctx, "", store.KindSecretStore, TypeSecretEnv)
	if errors.Is(err, store.ErrNotFound) {
		return set, nil
	}
	if err != nil {
		return set, err
	}
	if err := json.Unmarshal(d.Body, &set); err != nil {
		return set, fmt.Errorf("read settings of the environment's secrets: %w", err)
	}
	return set, nil
}

// variableOf is the variable of a label: am.applications.agents.gate.secret is AM_APPLICATIONS_AGENTS_GATE_SECRET.
func variableOf(label string) string {
	return strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(label))
}

// inEnvironment finds what the environment has under a label. Nothing is no error.
func (m *Manager) inEnvironment(ctx context.Context, label string) ([]keystore.Entry, error) {
	text, ok := os.LookupEnv(variableOf(label))
	if !ok || !IsSecretLabel(label) {
		return nil, nil
	}
	set, err := m.SecretEnv(ctx)
	if err != nil {
		return nil, err
	}
	raw := []byte(text)
	if set.Format == "BASE64" {
		if raw, err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil, fmt.Errorf("the variable %s is not base64", variableOf(label))
		}
	}
	if isPlain(label) {
		return []keystore.Entry{{Secret: raw}}, nil
	}
	return keystore.Read(raw, keystore.PEM, keystore.Passwords{})
}
