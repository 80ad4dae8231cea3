package oauth2

import "strings"

// challengeOf finds the first challenge of a scheme in values of WWW-Authenticate and
// returns its parameters; names are in lower case. A value may hold several challenges
// (RFC 9110 §11.6.1).
func challengeOf(values []string, of string) (map[string]string, bool) {
	for _, v := range values {
		for rest := v; rest != ""; {
			var scheme string
			var params map[string]string
			scheme, params, rest = nextChallenge(rest)
			if strings.EqualFold(scheme, of) {
				return params, true
			}
		}
	}
	return nil, false
}

// nextChallenge reads one challenge and returns what follows it. Text that is none is
// passed over.
func nextChallenge(s string) (scheme string, params map[string]string, rest string) {
	s = strings.TrimLeft(s, " \t,")
	n := tokenLength(s)
	if n == 0 {
		return "", nil, strings.TrimLeft(s[min(1, len(s)):], " \t,")
	}
	scheme, s = s[:n], s[n:]
	params = map[string]string{}
	for {
		s = strings.TrimLeft(s, " \t,")
		n := tokenLength(s)
		after := strings.TrimLeft(s[n:], " \t")
		if n == 0 || !strings.HasPrefix(after, "=") {
			if n > 0 && strings.IndexByte("/=", byteAt(s, n)) >= 0 {
				// The other form of credentials, token68: no parameters.
				if end := strings.IndexAny(s, " ,"); end >= 0 {
					return scheme, params, s[end:]
				}
				return scheme, params, ""
			}
			return scheme, params, s
		}
		name := strings.ToLower(s[:n])
		var value string
		value, s = parameterValue(strings.TrimLeft(after[1:], " \t"))
		if _, there := params[name]; !there {
			params[name] = value
		}
	}
}

func byteAt(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

// parameterValue reads a token or a quoted string (RFC 9110 §5.6.4).
func parameterValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ", \t")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:]
		case '\\':
			if i++; i == len(s) {
				return b.String(), ""
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// tokenLength is the length of the token that s begins with (RFC 9110 §5.6.2).
func tokenLength(s string) int {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return i
		}
	}
	return len(s)
}
