// Package selfservice holds what people do for their own accounts where identity management asks them to: answers to
// security questions, and terms that they accept. Questions and terms are configuration of the whole server
// (identity management: selfservice.kba, selfservice.terms); answers and acceptances are attributes of users.
package selfservice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// KindConfig is the kind of documents, of the whole server, that hold the configuration; their IDs are those that
// identity management has.
const KindConfig = "identityconfig"

// IDs of the configuration.
const (
	ConfigKBA   = "selfservice.kba"
	ConfigTerms = "selfservice.terms"
)

// Attributes of users.
const (
	AttributeAnswers     = "kbaInfo"       // a value is an Answer
	AttributeTerms       = "termsAccepted" // an Acceptance
	AttributePreferences = "preferences"   // an object of true and false
)

// IsSecret tells whether an attribute is shown to nobody.
func IsSecret(name string) bool { return strings.EqualFold(name, AttributeAnswers) }

// PreferencesOf are the user's preferences, nil for none.
func PreferencesOf(u *realm.User) map[string]any {
	var out map[string]any
	for _, v := range u.Attribute(AttributePreferences) {
		if json.Unmarshal([]byte(v), &out) != nil {
			return nil // a text that somebody else wrote there
		}
	}
	return out
}

// Default is the configuration that there is before anybody sets one: questions, but no terms; nil for none.
func Default(id string) json.RawMessage {
	if id == ConfigKBA {
		return json.RawMessage(defaultKBA)
	}
	return nil
}

// Check finds what is wrong with a configuration.
func Check(id string, body json.RawMessage) error {
	switch id {
	case ConfigKBA:
		_, err := parseKBA(body)
		return err
	case ConfigTerms:
		_, err := parseTerms(body)
		return err
	}
	return fmt.Errorf("expected %s or %s, found %q", ConfigKBA, ConfigTerms, id)
}

// read returns a configuration, or store.ErrNotFound.
func read(ctx context.Context, docs store.Docs, id string) (json.RawMessage, error) {
	d, err := docs.Get(ctx, "", KindConfig, id)
	if errors.Is(err, store.ErrNotFound) {
		if body := Default(id); body != nil {
			return body, nil
		}
	}
	return d.Body, err
}
