package secrets

import (
	"context"
	"fmt"
	"strings"

	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/jose"
)

// secretKeyFormat reads the raw bytes of a symmetric key.
type secretKeyFormat struct {
	Format    formatField `conf:"format,default=BASE64"`
	Algorithm string      `conf:"algorithm,required"`
}

var secretKeyFormatType = heap.Define("SecretKeyPropertyFormat", func(c *secretKeyFormat, env *heap.Env) (PropertyFormat, error) {
	switch c.Format.format.(type) {
	case plain, encoded:
	default:
		env.Fail("format", "expected BASE64 or PLAIN")
	}
	return c, nil
})

func (c *secretKeyFormat) Read(ctx context.Context, name string, raw []byte) ([]Secret, error) {
	list, err := c.Format.format.Read(ctx, name, raw)
	if err != nil {
		return nil, err
	}
	b := list[0].Bytes
	if strings.EqualFold(c.Algorithm, "AES") && len(b) != 16 && len(b) != 24 && len(b) != 32 {
		// Keys for AES with a separate authentication key (A256CBC-HS512) are declared
		// with their HMAC algorithm, so no other size makes sense here.
		return nil, fmt.Errorf("an AES key has 16, 24 or 32 bytes, not %d", len(b))
	}
	k, err := jose.NewKey(b)
	if err != nil {
		return nil, err
	}
	return []Secret{{StableID: name, Key: k}}, nil
}
