package secrets

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/javaregexp"
	"gatehouse/internal/keystore"
)

// keyStore reads keys and certificates from a key store file and maps its aliases to
// labels.
type keyStore struct {
	File                  string         `conf:"file,required"`
	StoreType             string         `conf:"storeType"`
	StorePasswordSecretID ID             `conf:"storePasswordSecretId,alias=storePassword"`
	EntryPasswordSecretID ID             `conf:"entryPasswordSecretId,alias=keyEntryPassword"`
	SecretsProvider       Provider       `conf:"secretsProvider"`
	Mappings              []aliasMapping `conf:"mappings,required"`
	LeaseExpiry           conf.Duration  `conf:"leaseExpiry,default=5 minutes"`
	SecurityProvider      string         `conf:"securityProvider,unused=key stores are read by the gateway itself"`
	AutoRefresh           *autoRefresh   `conf:"autoRefresh"`

	log      *slog.Logger
	format   keystore.Format
	patterns map[ID][]*javaregexp.Regexp
	leases   *leases
	watch    *watch

	mu      sync.Mutex
	entries []keystore.Entry
	read    bool
}

type aliasMapping struct {
	SecretID        ID       `conf:"secretId,required"`
	Aliases         []string `conf:"aliases"`
	AliasesMatching []string `conf:"aliasesMatching"`
}

var keyStoreType = heap.Define("KeyStoreSecretStore", func(c *keyStore, env *heap.Env) (SecretStore, error) {
	// Only a warning: a configuration can be checked where its secrets are not. Start
	// needs the file.
	if info, err := os.Stat(c.File); err != nil || info.IsDir() {
		env.Warn("file", "there is no file %q", c.File)
	}
	c.format = formatOf(env, "storeType", c.StoreType, c.File)
	if c.StorePasswordSecretID != "" || c.EntryPasswordSecretID != "" {
		c.SecretsProvider.OrEnvironment(env)
	}
	c.patterns = patterns(env, c.Mappings)
	c.leases = newLeases(leaseOf(env, "leaseExpiry", c.LeaseExpiry), env.Now)
	c.watch, c.log = c.AutoRefresh.watch(env.Now), env.Log
	return c, nil
})

// formatOf takes the name of a store type as Java has it, else goes by the extension.
func formatOf(env *heap.Env, field, name, file string) keystore.Format {
	switch f := keystore.Format(strings.ToUpper(name)); f {
	case "":
		return keystore.FormatOf(file)
	case keystore.PKCS12, keystore.JKS, keystore.JCEKS, keystore.PEM, "PFX":
		return f
	case "BCFKS":
		env.Fail(field, "key stores of type BCFKS cannot be read; convert the file to PKCS12 with keytool -importkeystore")
	default:
		env.Fail(field, "expected one of PKCS12, JKS, JCEKS, PEM, found %q", name)
	}
	return keystore.PKCS12
}

func patterns(env *heap.Env, list []aliasMapping) map[ID][]*javaregexp.Regexp {
	m := map[ID][]*javaregexp.Regexp{}
	seen := map[ID]bool{}
	for i, a := range list {
		at := fmt.Sprintf("mappings.%d", i)
		switch {
		case seen[a.SecretID]:
			env.Fail(at, "the secret id %q is mapped twice", a.SecretID)
		case (len(a.Aliases) == 0) == (len(a.AliasesMatching) == 0):
			env.Fail(at, "expected either \"aliases\" or \"aliasesMatching\"")
		}
		seen[a.SecretID] = true
		for _, p := range a.AliasesMatching {
			re, err := javaregexp.Compile(p) // Java's, as the product has it
			if err != nil {
				env.Fail(at+".aliasesMatching", "%q: %s", p, err)
				continue
			}
			m[a.SecretID] = append(m[a.SecretID], re)
		}
	}
	return m
}

// Start reads the file, so that a wrong password or a missing alias shows when the
// configuration loads and not with the first request.
func (c *keyStore) Start(ctx context.Context) error {
	entries, err := c.load(ctx)
	if err != nil {
		return err
	}
	for _, m := range c.Mappings {
		for _, a := range m.Aliases {
			if keystore.Find(entries, a) == nil {
				c.log.Warn("the key store has no such alias", "file", c.File, "alias", a, "secretId", string(m.SecretID))
			}
		}
	}
	return nil
}

func (c *keyStore) load(ctx context.Context) ([]keystore.Entry, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.read {
		return c.entries, nil
	}
	var p keystore.Passwords
	var err error
	if c.StorePasswordSecretID != "" {
		if p.Store, err = c.SecretsProvider.Password(ctx, c.StorePasswordSecretID); err != nil {
			return nil, err
		}
	}
	if c.EntryPasswordSecretID != "" {
		if p.Entry, err = c.SecretsProvider.Password(ctx, c.EntryPasswordSecretID); err != nil {
			return nil, err
		}
	}
	if c.watch != nil {
		c.watch.follow(c.File)
	}
	entries, err := readKeyStore(c.File, c.format, p)
	if err != nil && c.entries != nil {
		// Somebody is writing the file, or wrote it with another password. The next change is another attempt.
		c.log.Error("the changed key store cannot be read; what it had before stays in use", "file", c.File, "cause", err)
		entries, err = c.entries, nil
	}
	if err != nil {
		return nil, err
	}
	c.entries, c.read = entries, true
	return entries, nil
}

func readKeyStore(file string, f keystore.Format, p keystore.Passwords) ([]keystore.Entry, error) {
	raw, err := readFile(file, keystore.MaxBytes)
	if err != nil {
		return nil, err
	}
	entries, err := keystore.Read(raw, f, p)
	if err != nil {
		return nil, fmt.Errorf("key store %s: %w", file, err)
	}
	return entries, nil
}

func (c *keyStore) Valid(ctx context.Context, id ID) ([]Secret, error) {
	if c.watch.changed() {
		c.mu.Lock()
		c.read = false
		c.mu.Unlock()
		c.leases.clear()
	}
	return c.leases.get(id, func() ([]Secret, error) {
		entries, err := c.load(ctx)
		if err != nil {
			return nil, err
		}
		return c.mapped(entries, id)
	})
}

func (c *keyStore) mapped(entries []keystore.Entry, id ID) ([]Secret, error) {
	i := slices.IndexFunc(c.Mappings, func(m aliasMapping) bool { return m.SecretID == id })
	if i < 0 {
		return nil, nil
	}
	var list []Secret
	add := func(e *keystore.Entry) error {
		s, err := fromEntry(e, e.Alias)
		if err != nil {
			return fmt.Errorf("key store %s: %w", c.File, err)
		}
		list = append(list, s)
		return nil
	}
	for _, a := range c.Mappings[i].Aliases {
		if e := keystore.Find(entries, a); e != nil {
			if err := add(e); err != nil {
				return nil, err
			}
		}
	}
	for _, re := range c.patterns[id] {
		for j := range entries {
			matches, err := re.Match(entries[j].Alias)
			if err != nil {
				return nil, fmt.Errorf("key store %s: aliasesMatching: %w", c.File, err)
			}
			if matches {
				if err := add(&entries[j]); err != nil {
					return nil, err
				}
			}
		}
	}
	return list, nil
}

func (c *keyStore) Active(ctx context.Context, id ID) (Secret, bool, error) {
	return first(c.Valid(ctx, id))
}

func (c *keyStore) Named(ctx context.Context, id ID, stable string) (Secret, bool, error) {
	list, err := c.Valid(ctx, id)
	return named(list, err, stable)
}

func (c *keyStore) hint(id ID) string {
	return fmt.Sprintf("map %s to an alias of %s", id, c.File)
}
