package secrets

import (
	"context"
	"sync/atomic"

	"gatehouse/internal/jose"
)

// Signer signs with the active key of a secret; what can be prepared is prepared once for each key. Its fields must not
// change once it is used; several goroutines may use it.
type Signer struct {
	Provider  Provider
	ID        ID
	Algorithm jose.Algorithm
	// Options are those for a key; nil: none.
	Options func(*jose.Key) (jose.SignerOptions, error)

	kept atomic.Pointer[keySigner]
}

// keySigner is the signer for the key that was active last.
type keySigner struct {
	key    *jose.Key
	signer *jose.Signer
}

// Active returns the signer for the key that is active now.
func (s *Signer) Active(ctx context.Context) (*jose.Signer, error) {
	key, err := s.Provider.Key(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	if kept := s.kept.Load(); kept != nil && kept.key == key {
		return kept.signer, nil
	}
	var o jose.SignerOptions
	if s.Options != nil {
		if o, err = s.Options(key); err != nil {
			return nil, err
		}
	}
	signer, err := jose.NewSigner(key, s.Algorithm, o)
	if err != nil {
		return nil, err
	}
	s.kept.Store(&keySigner{key, signer})
	return signer, nil
}
