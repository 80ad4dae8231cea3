package rest

import (
	"bytes"
	"slices"
	"strings"
)

// wanted finds what the document of each user has in it that a filter selects, in small letters: the text of a comparison
// for equality that has to hold. nil tells nothing. Most users of a realm need not be read any further to know that they
// are not meant. plain tells of which members the values are in documents as they are.
func wanted(f Filter, plain func(member string) bool) []byte {
	switch f := f.(type) {
	case all:
		for _, part := range f {
			if text := wanted(part, plain); text != nil {
				return text
			}
		}
	case comparison:
		text, ok := f.value.(string)
		if ok && text != "" && f.op == "eq" && len(f.field) == 1 && plain(f.field[0]) && !strings.ContainsFunc(text, escaped) {
			return []byte(strings.ToLower(text))
		}
	}
	return nil
}

// escaped tells whether JSON may have another form of a character.
func escaped(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(" @._+-:,", r)
}

// lacks tells whether a document cannot be one that is wanted.
func lacks(body, wanted []byte) bool {
	return wanted != nil && !bytes.Contains(bytes.ToLower(body), wanted)
}

// defaulted are the attributes that profiles show where users have none.
var defaulted = []string{"cn", "sn", "inetuserstatus"}

func plainAttribute(name string) bool {
	return !derived(name) && !slices.Contains(defaulted, strings.ToLower(name))
}

func plainMember(name string) bool {
	_, attribute := userNames[name]
	return attribute && plainAttribute(name) || isCustom(name)
}
