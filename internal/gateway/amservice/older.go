package amservice

import (
	"cmp"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// Older are the fields by which filters of releases before 6 named the server and
// their user there, in place of an AmService.
type Older struct {
	// OpenamURL, PepUsername and PepPassword are those of releases before 6.
	OpenamURL   *conf.URL `conf:"openamUrl"`
	PepUsername string    `conf:"pepUsername"`
	PepPassword string    `conf:"pepPassword"`
	// AmHandler is what requests to the server go through.
	AmHandler heap.Ref[chain.Handler] `conf:"amHandler,default=ClientHandler"`
}

// ServiceOr returns the service of a filter: the one that it refers to, else one that
// the older fields describe, with a warning. realm is the filter's.
func (o *Older) ServiceOr(service heap.Ref[*Service], realm string, env *heap.Env) *Service {
	switch {
	case service.IsSet():
		if o.OpenamURL != nil {
			env.Warn("openamUrl", "the field has no effect beside \"amService\"")
		}
		return service.Get()
	case o.OpenamURL == nil:
		env.Fail("", "the required field \"amService\" is missing")
		return nil
	case o.PepUsername == "" || o.PepPassword == "":
		env.Fail("", "beside \"openamUrl\" the fields \"pepUsername\" and \"pepPassword\" are needed; present releases have an \"amService\"")
		return nil
	}
	env.Warn("openamUrl", "\"openamUrl\", \"pepUsername\" and \"pepPassword\" were replaced by \"amService\"")
	c := &config{
		Agent: agentConfig{Username: o.PepUsername, Password: o.PepPassword, Journey: ""},
		URL:   *o.OpenamURL, Realm: cmp.Or(realm, "/"), AmHandler: o.AmHandler,
	}
	return newService(c, env)
}

// checkAgent wants one of the ways to say the agent's password.
func (c *config) checkAgent(env *heap.Env) {
	switch a := &c.Agent; {
	case a.PasswordSecretID != "":
		c.SecretsProvider.OrEnvironment(env)
	case a.Password != "":
		env.Warn("agent.password", "a password in the configuration is read by whoever reads that; use \"passwordSecretId\"")
	default:
		env.Fail("agent", "the required field \"passwordSecretId\" is missing")
	}
}
