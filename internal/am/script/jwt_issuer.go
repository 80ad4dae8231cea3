package script

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/conf"
	"gatehouse/internal/groovy"
)

// JWTIssuer runs a script of the context OAUTH2_SCRIPTED_JWT_ISSUER: how the JWTs of an issuer
// are checked that are shown as grants (RFC 7523). It gives nil when the script does not
// trust the issuer. The error is an *Error.
func (e *Engine) JWTIssuer(ctx context.Context, s *realm.Script, rl *realm.Realm, issuer string) (*realm.TrustedIssuer, error) {
	r, p, err := e.start(ctx, s, rl)
	if err != nil {
		return nil, err
	}
	r.about = issuer
	v, err := r.execute(p, ofIssuer, "")
	if err != nil {
		return nil, failure(s.Name, err)
	}
	switch c := v.(type) {
	case nil:
		return nil, nil
	case *trustedIssuer:
		return &c.t, nil
	case *groovy.Map:
		// The newer dialect, which knows no classes, has an object with what the constructor takes.
		args := make([]groovy.Value, len(issuerMembers))
		for i, name := range issuerMembers {
			args[i], _ = c.Get(name)
		}
		t, err := newTrustedIssuer(args)
		return t, failure(s.Name, err)
	}
	return nil, failure(s.Name, illegal("the script must return a TrustedJwtIssuerConfig or null, not %s", kindOf(v)))
}

var ofIssuer = variablesOf(
	binding{"issuer", of(func(_ *run, issuer string) groovy.Value { return issuer })},
	binding{"idRepository", func(r *run) groovy.Value {
		return &idRepository{r, func(name string) (*realm.User, error) { return r.realm.User(r.ctx, name) }}
	}},
)

var issuerMembers = []string{
	"issuer", "resourceOwnerIdentityClaim", "consentedScopesClaim", "allowedSubjects", "jwkSet", "jwksUri", "jwksCacheTimeout", "jwkStoreCacheMissCacheTime",
}

// newTrustedIssuer takes them in turn.
func newTrustedIssuer(args []groovy.Value) (*realm.TrustedIssuer, error) {
	t := realm.DefaultTrustedIssuer()
	t.Issuer, t.SubjectClaim, t.ScopesClaim = optional(args[0]), optional(args[1]), optional(args[2])
	t.JWKSet, t.JWKSURI = optional(args[4]), optional(args[5])
	if v := args[3]; v != nil { // null is every user, and an empty list nobody
		subjects, ok := texts(v)
		if !ok {
			return nil, illegal("TrustedJwtIssuerConfig: the subjects must be a collection, not %s", kindOf(v))
		}
		t.AllowedSubjects = append([]string{nobody}, subjects...)
	}
	var err error
	if t.JWKSCacheMillis, err = millis(args[6], t.JWKSCacheMillis); err != nil {
		return nil, err
	}
	if t.JWKSCacheMissMillis, err = millis(args[7], t.JWKSCacheMissMillis); err != nil {
		return nil, err
	}
	return t, nil
}

// trustedIssuer is what such a script returns.
type trustedIssuer struct{ t realm.TrustedIssuer }

// GroovyClass is TrustedJwtIssuerConfig.
func (*trustedIssuer) GroovyClass() *groovy.Class { return trustedIssuerClass }

// nobody is no user's name.
const nobody = "\x00"

var trustedIssuerClass = &groovy.Class{
	Name: "org.forgerock.oauth2.core.TrustedJwtIssuerConfig",
	New: func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) != len(issuerMembers) {
			return nil, wrong(c)
		}
		t, err := newTrustedIssuer(c.Args)
		if err != nil {
			return nil, err
		}
		return &trustedIssuer{*t}, nil
	},
	Methods: map[string]groovy.Method{
		"getIssuer": func(c *groovy.Call) (groovy.Value, error) { return c.This.(*trustedIssuer).t.Issuer, nil },
	},
}

// optional is a text; "" for null.
func optional(v groovy.Value) string {
	if v == nil {
		return ""
	}
	return text(v)
}

// millis reads "5 minutes"; null is the default.
func millis(v groovy.Value, otherwise int) (int, error) {
	if v == nil {
		return otherwise, nil
	}
	d, err := conf.ParseDuration(text(v))
	if err != nil {
		return 0, illegal("TrustedJwtIssuerConfig: %q is no duration", text(v))
	}
	return int(time.Duration(d) / time.Millisecond), nil
}

// idRepository finds users by name.
type idRepository struct {
	run  *run
	find func(name string) (*realm.User, error)
}

// GroovyClass is ScriptedIdentityRepository.
func (*idRepository) GroovyClass() *groovy.Class { return idRepositoryClass }

var idRepositoryClass = &groovy.Class{
	Name: "org.forgerock.openam.scripting.api.identity.ScriptedIdentityRepository",
	Methods: map[string]groovy.Method{
		"getIdentity": onRepository(1, func(_ *groovy.Call, i *identity) (groovy.Value, error) { return i, nil }),
		// The older dialect names the user in each call.
		"getAttribute": onRepository(2, func(c *groovy.Call, i *identity) (groovy.Value, error) {
			return setOf(i.user.Attribute(text(c.Arg(1)))), nil
		}),
		"setAttribute": onRepository(3, func(c *groovy.Call, i *identity) (groovy.Value, error) {
			values, ok := oneOrMore(c.Arg(2))
			if !ok {
				return nil, wrong(c)
			}
			return nil, i.change(text(c.Arg(1)), values)
		}),
		"addAttribute": onRepository(3, func(c *groovy.Call, i *identity) (groovy.Value, error) {
			values, ok := oneOrMore(c.Arg(2))
			if !ok {
				return nil, wrong(c)
			}
			name := text(c.Arg(1))
			return nil, i.change(name, append(slices.Clone(i.user.Attribute(name)), values...))
		}),
	},
}

func onRepository(n int, do func(*groovy.Call, *identity) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) != n {
			return nil, wrong(c)
		}
		repo := c.This.(*idRepository)
		u, err := repo.find(text(c.Arg(0)))
		if errors.Is(err, store.ErrNotFound) {
			if repo.run.nextGen {
				return nobodyHere{}, nil
			}
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		i := newIdentity(repo.run, &Input{Realm: repo.run.realm, User: u, Subject: store.Subject{Type: "usr", Name: u.Name}})
		return do(c, i.(*identity))
	}
}
