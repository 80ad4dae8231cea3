package secrets

import (
	"context"
	"fmt"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
)

// systemAndEnv reads secrets from environment variables and system properties: the
// label agent.secret.id is the variable AGENT_SECRET_ID or the property
// agent.secret.id; the variable wins.
type systemAndEnv struct {
	Format      formatField   `conf:"format,default=BASE64"`
	Mappings    []mapping     `conf:"mappings"`
	LeaseExpiry conf.Duration `conf:"leaseExpiry,default=5 minutes"`
}

var systemAndEnvType = heap.Define("SystemAndEnvSecretStore", func(c *systemAndEnv, env *heap.Env) (SecretStore, error) {
	s := newEnvironment(env.Services)
	s.formats = newFormats(c.Format, c.Mappings, env)
	s.leases.ttl = leaseOf(env, "leaseExpiry", c.LeaseExpiry)
	return s, nil
})

type environment struct {
	formats formats
	leases  *leases
	getenv  func(string) (string, bool)
	system  func(string) (string, bool)
}

// newEnvironment is a SystemAndEnvSecretStore with its defaults.
func newEnvironment(s *heap.Services) *environment {
	return &environment{formats{other: encoded{}}, newLeases(defaultLease.D(), s.Now), s.Getenv, s.System}
}

func (e *environment) Valid(ctx context.Context, id ID) ([]Secret, error) {
	return e.leases.get(id, func() ([]Secret, error) {
		name, value, ok := e.lookup(id)
		if !ok {
			return nil, nil
		}
		list, err := e.formats.of(id).Read(ctx, name, []byte(value))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return list, nil
	})
}

// lookup takes an empty value for none: an empty password is a mistake.
func (e *environment) lookup(id ID) (name, value string, ok bool) {
	if v := variable(id); e.getenv != nil {
		if value, ok = e.getenv(v); ok && value != "" {
			return v, value, true
		}
	}
	if e.system != nil {
		if value, ok = e.system(string(id)); ok && value != "" {
			return string(id), value, true
		}
	}
	return "", "", false
}

func variable(id ID) string { return strings.ToUpper(strings.ReplaceAll(string(id), ".", "_")) }

func (e *environment) Active(ctx context.Context, id ID) (Secret, bool, error) {
	return first(e.Valid(ctx, id))
}

func (e *environment) Named(ctx context.Context, id ID, stable string) (Secret, bool, error) {
	list, err := e.Valid(ctx, id)
	return named(list, err, stable)
}

func (e *environment) hint(id ID) string {
	return "set the environment variable " + variable(id)
}
