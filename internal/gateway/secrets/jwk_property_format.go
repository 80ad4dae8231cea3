package secrets

import (
	"context"

	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/jose"
)

// jwkFormat reads one key as JSON (RFC 7517 §4).
type jwkFormat struct{}

var jwkFormatType = heap.Define("JwkPropertyFormat", func(c *jwkFormat, _ *heap.Env) (PropertyFormat, error) {
	return c, nil
})

func (*jwkFormat) Read(_ context.Context, name string, raw []byte) ([]Secret, error) {
	k, err := jose.ParseKey(raw)
	if err != nil {
		return nil, err
	}
	s := Secret{StableID: k.ID, Key: k, Chain: k.Chain}
	if s.StableID == "" {
		s.StableID = name
	}
	return []Secret{s}, nil
}
