package store

import (
	"encoding/json"
	"fmt"

	fast "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
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

// encodeFast and decodeFast are for tokens and codes, which every request reads or
// writes: half the time of encoding/json. They are no good for durations. Text that is
// not UTF-8, which requests may bring, is stored with replacement characters by both, and
// a name twice in a claim is the claim's own business.
func encodeFast(v any) ([]byte, error) {
	body, err := fast.Marshal(v, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return body, nil
}

func decodeFast[T any](rec Record) (T, error) {
	var v T
	if err := fast.Unmarshal(rec.Body, &v, jsontext.AllowDuplicateNames(true)); err != nil {
		return v, fmt.Errorf("read record %s of kind %s: %w", rec.ID, rec.Kind, err)
	}
	return v, nil
}
