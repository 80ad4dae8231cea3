package expr

import "strings"

// Characters that stay as they are in the parts of a URL, besides letters and
// digits (RFC 3986 §3), and in forms.
const (
	keepUserInfo = "-._~!$&'()*+,;=:"
	keepPath     = keepUserInfo + "@"
	keepFragment = keepPath + "/?"
	keepQuery    = "-._~!$'()*,;:@/?"
	keepForm     = ".-*_"
)

// percentEncode encodes the UTF-8 bytes of s with upper-case digits.
func percentEncode(s, keep string, plusForSpace bool) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.IndexByte(keep, c) >= 0:
			b.WriteByte(c)
		case c == ' ' && plusForSpace:
			b.WriteByte('+')
		default:
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	return b.String()
}

// percentDecode is the inverse. Broken input is an error.
func percentDecode(s string, plusIsSpace bool) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%':
			if i+2 >= len(s) {
				return "", failf("the percent-encoding is cut short")
			}
			hi, lo := hexDigit(s[i+1]), hexDigit(s[i+2])
			if hi < 0 || lo < 0 {
				return "", failf("the percent-encoding is malformed")
			}
			b.WriteByte(byte(hi<<4 | lo))
			i += 2
		case c == '+' && plusIsSpace:
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD"), nil
}

func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
