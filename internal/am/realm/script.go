package realm

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// Script is a script of a realm, in the form of the administration interface.
type Script struct {
	ID             string `json:"_id"`
	Name           string `json:"name"`
	Description    string `json:"description"`
	Text           string `json:"script"` // base64 of the source
	Default        bool   `json:"default"`
	Language       string `json:"language"` // "GROOVY" or "JAVASCRIPT"
	Context        string `json:"context"`
	CreatedBy      string `json:"createdBy"`
	Created        int64  `json:"creationDate"` // milliseconds
	LastModifiedBy string `json:"lastModifiedBy"`
	LastModified   int64  `json:"lastModifiedDate"` // milliseconds
	Evaluator      string `json:"evaluatorVersion"` // "1.0" or "2.0"
	// Global library scripts are for all realms. They are kept under the realm "".
	Global bool `json:"global,omitempty"`

	// Source is the decoded text.
	Source string `json:"-"`
	// Untouched tells that the script is as it was shipped, so that the server may do
	// natively what it says.
	Untouched bool `json:"-"`
}

// ParseScript reads a script's document. Members that it lacks are taken from the
// shipped script with that ID, if there is one.
func ParseScript(id string, body json.RawMessage) (*Script, error) {
	s, ok := ShippedScript(id)
	if !ok {
		s = &Script{Evaluator: "1.0"}
	}
	shipped := s.Source
	if err := json.Unmarshal(body, s); err != nil {
		return nil, fmt.Errorf("script %s: %w", id, err)
	}
	source, err := base64.StdEncoding.DecodeString(s.Text)
	if err != nil {
		return nil, fmt.Errorf("script %s: script: expected base64", id)
	}
	s.ID, s.Source = id, string(source)
	s.Untouched = ok && s.Source == shipped
	return s, nil
}
