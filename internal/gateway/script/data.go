package script

import (
	"math"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/groovy"
)

// dataClasses are the classes that scripts make results and arguments of.
func dataClasses() []*groovy.Class {
	all := []*groovy.Class{jsonValueClass, jsonPointerClass, accessTokenClass, rateClass, urisClass, durationClass, providerClass,
		purposeClass, jwtClass, jwsHeaderClass, jwsAlgorithms, reconstructionClass, signedJWTClass, claimsClass,
		builderFactoryClass, signingHandlerClass, signingManagerClass}
	return append(append(all, secretClasses...), validationClasses()...)
}

// accessToken is org.forgerock.http.oauth2.AccessTokenInfo as scripts make it.
type accessToken struct {
	info    *jsonValue
	token   string
	scopes  *groovy.Set
	expires int64
}

func (*accessToken) GroovyClass() *groovy.Class { return accessTokenClass }

var accessTokenClass = &groovy.Class{
	Name:         "org.forgerock.http.oauth2.AccessTokenInfo",
	StaticFields: map[string]func() groovy.Value{"NEVER_EXPIRES": constant(int64(math.MaxInt64))},
	New: func(c *groovy.Call) (groovy.Value, error) {
		if err := c.Want(4, 4); err != nil {
			return nil, err
		}
		scopes, many := elements(c.Arg(2))
		expires, ok := c.Int(3)
		if !many || !ok {
			return nil, c.NoSuchMethod()
		}
		return &accessToken{wrapJSON(c.Arg(0)), c.Str(1), groovy.NewSet(scopes...), expires}, nil
	},
	Get: getters{
		"info":      getter(func(t *accessToken) groovy.Value { return t.info.v }),
		"token":     getter(func(t *accessToken) groovy.Value { return t.token }),
		"scopes":    getter(func(t *accessToken) groovy.Value { return t.scopes }),
		"expiresAt": getter(func(t *accessToken) groovy.Value { return t.expires }),
	},
	Methods: methods{"asJsonValue": method(func(t *accessToken, _ *groovy.Call) (groovy.Value, error) { return t.info, nil })},
}

// rate is org.forgerock.http.filter.throttling.ThrottlingRate.
type rate struct {
	requests int64
	per      time.Duration
}

func (*rate) GroovyClass() *groovy.Class { return rateClass }

var rateClass = &groovy.Class{
	Name: "org.forgerock.http.filter.throttling.ThrottlingRate",
	New: func(c *groovy.Call) (groovy.Value, error) {
		n, ok := c.Int(0)
		if !ok || c.Len() != 2 {
			return nil, c.NoSuchMethod()
		}
		d, err := durationOf(c.Arg(1))
		if err != nil {
			return nil, err
		}
		if n < 0 || d <= 0 {
			return nil, badArgument("a rate is a number of requests, not below 0, in a time above 0")
		}
		return &rate{n, d}, nil
	},
	Get: getters{
		"numberOfRequests": getter(func(r *rate) groovy.Value { return r.requests }),
		"duration":         getter(func(r *rate) groovy.Value { return duration(r.per) }),
	},
}

// duration is org.forgerock.util.time.Duration.
type duration time.Duration

func (duration) GroovyClass() *groovy.Class { return durationClass }
func (d duration) String() string           { return conf.Duration(d).String() }

var durationClass = &groovy.Class{
	Name:   "org.forgerock.util.time.Duration",
	New:    newDuration,
	Static: methods{"duration": newDuration},
	StaticFields: map[string]func() groovy.Value{
		"UNLIMITED": constant(duration(conf.Unlimited)), "ZERO": constant(duration(0)),
	},
	Get: getters{
		"value":     getter(func(d duration) groovy.Value { return time.Duration(d).Milliseconds() }),
		"unlimited": getter(func(d duration) groovy.Value { return conf.Duration(d).Unlimited() }),
		"zero":      getter(func(d duration) groovy.Value { return d == 0 }),
	},
	Methods: methods{
		"toJavaDuration": method(func(d duration, _ *groovy.Call) (groovy.Value, error) {
			return groovy.NewDuration(time.Duration(d)), nil
		}),
	},
	Equals: func(this, other groovy.Value) bool { return this == other },
}

func newDuration(c *groovy.Call) (groovy.Value, error) {
	d, err := durationOf(c.Arg(0))
	return duration(d), err
}

// durationOf takes a text such as "10 seconds", or a duration of ours or of java.time.
func durationOf(v groovy.Value) (time.Duration, error) {
	if d, ok := v.(duration); ok {
		return time.Duration(d), nil
	}
	if d, ok := groovy.DurationOf(v); ok {
		return d, nil
	}
	d, err := conf.ParseDuration(text(v))
	if err != nil {
		return 0, badArgument("%s", err)
	}
	return d.D(), nil
}
