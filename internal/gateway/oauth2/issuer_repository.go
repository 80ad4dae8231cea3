package oauth2

import (
	"sync"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/observe"
)

// IssuerRepository holds the clients that filters registered on the fly, and so the
// issuers that they found. Filters that name the same one share them.
type IssuerRepository struct {
	limits  *observe.Limits
	handler chain.Handler

	mu   sync.Mutex
	list []discovered
}

// discovered is a registration made for the users of one host.
type discovered struct {
	host         string // "https://example.com/"
	endpoint     string // the client endpoint whose callback was registered
	registration *ClientRegistration
}

// defaultRepository is the object that filters share when they name none.
const defaultRepository = "IssuerRepository"

// maxDiscovered bounds what users can make the gateway remember by typing addresses; the
// oldest makes room.
const maxDiscovered = 200

type issuerRepositoryFields struct {
	IssuerHandler heap.Ref[chain.Handler] `conf:"issuerHandler,default=ForgeRockClientHandler"`
}

var issuerRepositoryType = heap.Define("IssuerRepository", func(c *issuerRepositoryFields, env *heap.Env) (*IssuerRepository, error) {
	return &IssuerRepository{handler: c.IssuerHandler.Get(), limits: env.Limits}, nil
})

// find returns the registration for a host's users.
func (r *IssuerRepository) find(host, endpoint string) (*ClientRegistration, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.list {
		if d.host == host && d.endpoint == endpoint {
			return d.registration, true
		}
	}
	return nil, false
}

// issuedBy returns the registration at an issuer.
func (r *IssuerRepository) issuedBy(issuer, endpoint string) (*ClientRegistration, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.list {
		if d.registration.Issuer.Get().Name == issuer && d.endpoint == endpoint {
			return d.registration, true
		}
	}
	return nil, false
}

func (r *IssuerRepository) add(d discovered) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, d)
	if extra := len(r.list) - r.limits.Number("issuers", maxDiscovered); extra > 0 {
		r.list = append([]discovered{}, r.list[extra:]...)
		r.limits.Add("issuers")
	}
}

// all are the registrations, each once.
func (r *IssuerRepository) all() registrations {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := map[*ClientRegistration]bool{}
	var out registrations
	for _, d := range r.list {
		if !seen[d.registration] {
			seen[d.registration] = true
			out = append(out, d.registration)
		}
	}
	return out
}
