package rest

import (
	"bytes"
	"sync"

	"gatehouse/internal/am/store"
)

// parsedPolicies keeps the policies of realms as they were read last: who asks for decisions should not pay for reading
// documents that are what they were. It may be used concurrently.
type parsedPolicies struct {
	mu sync.Mutex
	of map[string][]parsedPolicy // by realm, in the order of the documents
}

// parsedPolicy is a policy with the document that it was read from. Nobody changes it.
type parsedPolicy struct {
	doc    store.Doc
	policy *policyDoc
}

// read returns the policies that documents of a realm have.
func (p *parsedPolicies) read(realm string, docs []store.Doc) ([]parsedPolicy, error) {
	p.mu.Lock()
	have := p.of[realm]
	p.mu.Unlock()
	if sameDocs(have, docs) {
		return have, nil
	}
	known := make(map[string]parsedPolicy, len(have))
	for _, one := range have {
		known[one.doc.ID] = one
	}
	list := make([]parsedPolicy, len(docs))
	for i, d := range docs {
		if one, ok := known[d.ID]; ok && bytes.Equal(one.doc.Body, d.Body) {
			list[i] = one
			continue
		}
		policy, err := readPolicy(d)
		if err != nil {
			return nil, err
		}
		list[i] = parsedPolicy{d, policy}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of = map[string][]parsedPolicy{}
	}
	if len(list) == 0 {
		delete(p.of, realm) // which may be gone
	} else {
		p.of[realm] = list
	}
	return list, nil
}

func sameDocs(have []parsedPolicy, docs []store.Doc) bool {
	if len(have) != len(docs) {
		return false
	}
	for i := range docs {
		if have[i].doc.ID != docs[i].ID || !bytes.Equal(have[i].doc.Body, docs[i].Body) {
			return false
		}
	}
	return true
}
