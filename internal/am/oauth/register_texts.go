package oauth

import (
	"encoding/json"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
)

// Metadata that people read may be there once for each language: the name with "#" and a language tag (RFC 7591 §2.2).
// Profiles have lists of "locale|text".

// maxTranslations bounds them.
const maxTranslations = 200

func isTranslatable(name string) bool {
	return slices.Contains([]string{"client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri"}, name)
}

// translations are the members with a language tag. Others are ignored (RFC 7591 §2), also those that are no texts.
func translations(body string) map[string]string {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(body), &members) != nil {
		return nil // told by whoever reads the rest
	}
	out := map[string]string{}
	for member, raw := range members {
		name, tag, ok := strings.Cut(member, "#")
		var text string
		if !ok || !isTranslatable(name) || !isLanguageTag(tag) || len(out) == maxTranslations || json.Unmarshal(raw, &text) != nil || text == "" {
			continue
		}
		out[member] = text
	}
	return out
}

// isLanguageTag is the syntax of BCP 47, roughly.
func isLanguageTag(tag string) bool {
	return tag != "" && len(tag) <= 35 && strings.Trim(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

// textsOf is the list of the profile: the text without a language first.
func (m *clientMetadata) textsOf(name, plain string) []string {
	out := []string{}
	if strings.Contains(plain, "|") {
		plain = "|" + plain // else what is before the bar is taken for a locale
	}
	if plain != "" {
		out = append(out, plain)
	}
	var tagged []string
	for member, text := range m.translated {
		if tag, ok := strings.CutPrefix(member, name+"#"); ok {
			tagged = append(tagged, tag+"|"+text)
		}
	}
	slices.Sort(tagged)
	return append(out, tagged...)
}

// told is the way back of textsOf.
func (m *clientMetadata) told(c *realm.Client) {
	m.translated = map[string]string{}
	for _, t := range [...]struct {
		name string
		list []string
		into *string
	}{
		{"client_name", c.Core.Name, &m.Name}, {"client_uri", c.Advanced.ClientURI, &m.ClientURI}, {"logo_uri", c.Advanced.LogoURI, &m.LogoURI},
		{"policy_uri", c.Advanced.PolicyURI, &m.PolicyURI}, {"tos_uri", c.Advanced.ToSURI, &m.TermsURI},
	} {
		for _, value := range t.list {
			tag, text, ok := strings.Cut(value, "|")
			switch {
			case !ok && *t.into == "":
				*t.into = value
			case ok && tag == "" && *t.into == "":
				*t.into = text
			case ok && tag != "":
				m.translated[t.name+"#"+tag] = text
			}
		}
	}
}

// encode writes the metadata with its translations.
func (m *clientMetadata) encode() ([]byte, error) {
	body, err := json.Marshal(m)
	if err != nil || len(m.translated) == 0 {
		return body, err
	}
	more, err := json.Marshal(m.translated)
	if err != nil {
		return nil, err
	}
	return append(append(body[:len(body)-1], ','), more[1:]...), nil // neither object is empty: there is a client_id
}
