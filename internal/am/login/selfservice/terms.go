package selfservice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Terms are the terms and conditions, of which one version is what users have to accept.
type Terms struct {
	Active   string    `json:"active"`
	Versions []Version `json:"versions"`
}

// Version is a version of the terms.
type Version struct {
	Version string `json:"version"`
	Created string `json:"createDate"`
	// Texts are by language.
	Texts map[string]string `json:"termsTranslations"`
}

// ErrNoTerms is the error where there are no terms to accept.
var ErrNoTerms = errors.New("there are no terms: set them at openidm/config/" + ConfigTerms)

// ReadTerms returns the version of the terms that users have to accept, or ErrNoTerms.
func ReadTerms(ctx context.Context, docs store.Docs) (*Version, error) {
	body, err := read(ctx, docs, ConfigTerms)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNoTerms
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ConfigTerms, err)
	}
	t, err := parseTerms(body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ConfigTerms, err)
	}
	return t, nil
}

func parseTerms(body json.RawMessage) (*Version, error) {
	t := &Terms{}
	if err := json.Unmarshal(body, t); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(t.Versions, func(v Version) bool { return v.Version == t.Active })
	if i < 0 || t.Active == "" {
		return nil, fmt.Errorf("active: expected the version of one of the versions, found %q", t.Active)
	}
	if len(t.Versions[i].Texts) == 0 {
		return nil, fmt.Errorf("versions: %q: termsTranslations: expected texts by language", t.Active)
	}
	return &t.Versions[i], nil
}

// Acceptance is that a user accepted a version of the terms.
type Acceptance struct {
	Version string `json:"termsVersion"`
	Date    string `json:"acceptDate"` // RFC 3339
}

// AcceptedBy is the version of the terms that the user accepted last, "" for none.
func AcceptedBy(u *realm.User) string {
	a := Acceptance{}
	for _, v := range u.Attribute(AttributeTerms) {
		if json.Unmarshal([]byte(v), &a) != nil {
			return "" // a text that somebody else wrote there
		}
	}
	return a.Version
}
