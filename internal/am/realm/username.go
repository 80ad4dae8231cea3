package realm

import "strings"

// maxUserName bounds names, in bytes.
const maxUserName = 200

// ValidUserName tells whether there can be a user, or a group, of that name.
func ValidUserName(name string) bool {
	return name != "" && len(name) <= maxUserName && name == strings.TrimSpace(name) && !strings.HasPrefix(name, "_") &&
		!strings.ContainsAny(name, `,=<>#;\"*()/`) && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f })
}
