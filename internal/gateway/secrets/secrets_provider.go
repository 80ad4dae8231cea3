package secrets

import (
	"gatehouse/internal/gateway/heap"
)

// secretsProvider is several stores under one name.
type secretsProvider struct {
	Stores []heap.Ref[SecretStore] `conf:"stores,required,min=1"`
}

var providerType = heap.Define("SecretsProvider", func(c *secretsProvider, _ *heap.Env) (SecretStore, error) {
	p := Provider{}
	for _, s := range c.Stores {
		p.stores = append(p.stores, source{s.Name, s.Get()})
	}
	return p, nil
})

// hint repeats the hints of the stores.
func (p Provider) hint(id ID) string {
	e, _ := p.missing(id).(*Missing)
	return "in " + e.Stores + e.hints
}
