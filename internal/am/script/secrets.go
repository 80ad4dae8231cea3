package script

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/groovy"
)

// ReadSecret gives what a realm's secret stores have under a label for scripts, or store.ErrNotFound.
type ReadSecret func(ctx context.Context, rl *realm.Realm, label string) ([]byte, error)

// secrets reads secrets of the realm. What a script read is masked in what it logs, and in the message that it fails with.
type secrets struct{ run *run }

// GroovyClass is ScriptedSecrets.
func (*secrets) GroovyClass() *groovy.Class { return secretsClass }

var secretsClass = &groovy.Class{
	Name: "org.forgerock.openam.scripting.api.secrets.ScriptedSecrets",
	Methods: map[string]groovy.Method{
		"getGenericSecret": func(c *groovy.Call) (groovy.Value, error) {
			if len(c.Args) != 1 {
				return nil, wrong(c)
			}
			return c.This.(*secrets).run.secret(text(c.Arg(0)))
		},
	},
}

// nodeException is what PingAM throws when there is no such secret, and secretsException in the newer dialect.
const (
	nodeException    = "org.forgerock.openam.auth.node.api.NodeProcessException"
	secretsException = "org.forgerock.openam.scripting.api.secrets.ScriptedSecretsException"
)

func (r *run) secret(label string) (groovy.Value, error) {
	exception := nodeException
	if r.nextGen {
		exception = secretsException
	}
	if !realm.IsScriptLabel(label) {
		return nil, groovy.Throw(exception, "Secret id %s not accessible", clip(label, 200))
	}
	if r.eng.options.Secret == nil {
		return nil, groovy.Throw(exception, "No secrets are read from here")
	}
	value, err := r.eng.options.Secret(r.ctx, r.realm, label)
	if errors.Is(err, store.ErrNotFound) {
		return nil, groovy.Throw(exception, "Secret id %s not accessible or does not exist", clip(label, 200))
	}
	if err != nil {
		return nil, err
	}
	r.read = append(r.read, string(value))
	return &secret{value}, nil
}

// masked hides the secrets that the script has read.
func (r *run) masked(s string) string {
	for _, secret := range r.read {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "*****")
		}
	}
	return s
}

// secret is a secret's value.
type secret struct{ value []byte }

// GroovyClass is Secret.
func (*secret) GroovyClass() *groovy.Class { return secretClass }

var secretClass = &groovy.Class{
	Name: "org.forgerock.openam.scripting.api.secrets.Secret",
	Methods: map[string]groovy.Method{
		"getAsUtf8":  func(c *groovy.Call) (groovy.Value, error) { return string(c.This.(*secret).value), nil },
		"getAsBytes": func(c *groovy.Call) (groovy.Value, error) { return slices.Clone(c.This.(*secret).value), nil },
	},
	String: func(groovy.Value) string { return "*****" },
}

// revealed is the text of a value on its way to a server: of a secret what it holds.
func revealed(v groovy.Value) string {
	if s, ok := v.(*secret); ok {
		return string(s.value)
	}
	return text(v)
}
