package realm

import (
	"context"
	"fmt"

	"gatehouse/internal/am/store"
)

// Global is what holds for the OAuth 2.0 providers of all realms, the document
// "oauth-oidc" of kind store.KindGlobal under the realm "". Once in use it is never
// changed.
type Global struct {
	DenyListCacheSize     int      `json:"blacklistCacheSize"`
	DenyListPollSeconds   int      `json:"blacklistPollInterval"`
	DenyListPurgeMinutes  int      `json:"blacklistPurgeDelay"`
	JWTLifetimeValidation bool     `json:"jwtTokenLifetimeValidationEnabled"`
	JWTMaxLifetime        int      `json:"jwtTokenUnreasonableLifetime"` // seconds until exp, of JWTs that others make
	JWTRequiredClaims     []string `json:"jwtTokenRequiredClaims"`
	StorageScheme         string   `json:"storageScheme"`
	GrantUpgrade          bool     `json:"statelessGrantTokenUpgradeCompatibilityMode"`
	AnonymousUserCodeForm bool     `json:"allowUnauthorisedAccessToUserCodeForm"`
}

// DefaultGlobal returns the settings of which nothing was said.
func DefaultGlobal() *Global {
	return &Global{
		DenyListCacheSize: 10000, DenyListPollSeconds: 60, DenyListPurgeMinutes: 1,
		JWTLifetimeValidation: true, JWTMaxLifetime: 86400, JWTRequiredClaims: []string{},
		StorageScheme: "CTS_ONE_TO_ONE_MODEL",
	}
}

// Global returns the settings of all providers. They must not be changed.
func (m *Manager) Global() *Global { return m.global.Load() }

// loadGlobal reads the settings again. What cannot be read leaves the former ones in
// force.
func (m *Manager) loadGlobal(ctx context.Context) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	g := DefaultGlobal()
	d, err := m.docs.Get(ctx, "", store.KindGlobal, ServiceOAuth2)
	if err == nil {
		err = decodeDoc(d.Body, g)
	}
	if err != nil && !isNotFound(err) {
		return fmt.Errorf("global settings %s: %w", ServiceOAuth2, err)
	}
	m.global.Store(g)
	return nil
}
