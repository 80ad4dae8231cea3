package store

import (
	"encoding/json"
	"fmt"
)

func encode(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return body, nil
}

func decode[T any](rec Record) (T, error) {
	var v T
	if err := json.Unmarshal(rec.Body, &v); err != nil {
		return v, fmt.Errorf("read record %s of kind %s: %w", rec.ID, rec.Kind, err)
	}
	return v, nil
}
