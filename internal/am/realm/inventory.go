package realm

import (
	"context"
	"fmt"
	"time"

	"gatehouse/internal/jose"
)

// KeyInfo is what may be told of a key.
type KeyInfo struct {
	ID string
	// Algorithms says what kind of key it is: "RSA 2048", "EC P-256", "HMAC 512".
	Algorithms string
	// Created is zero where a key store does not say it; at Until the key ends, zero is never.
	Created, Until time.Time
	// Outside: the key is in a key store.
	Outside bool
}

// OwnLabels are the labels that have a key each. Others are further names of the same keys.
func OwnLabels() []string {
	var list []string
	for _, l := range labels() {
		list = append(list, l.label)
	}
	return list
}

// Inventory lists the keys of a label, the active one first. A label that had none has one then.
func (k *Keys) Inventory(ctx context.Context, label string) ([]KeyInfo, error) {
	list, err := k.list(ctx, label)
	if err != nil {
		return nil, err
	}
	var out []KeyInfo
	if list.outside {
		for _, key := range list.set.Keys() {
			out = append(out, KeyInfo{ID: key.ID, Algorithms: sortOf(key), Outside: true})
		}
		return out, nil
	}
	for _, s := range list.keys {
		key, err := jose.ParseKey(s.JWK)
		if err != nil {
			return nil, fmt.Errorf("key %s of realm %s: %w", label, k.realm, err)
		}
		out = append(out, KeyInfo{ID: key.ID, Algorithms: sortOf(key), Created: s.Created, Until: s.Until})
	}
	return out, nil
}

func sortOf(key *jose.Key) string {
	switch {
	case key.IsSymmetric():
		return fmt.Sprintf("%d bits", key.Bits())
	case key.Curve() != "":
		return fmt.Sprintf("%s %s", key.Type(), key.Curve())
	}
	return fmt.Sprintf("%s %d", key.Type(), key.Bits())
}
