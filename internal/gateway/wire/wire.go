// Package wire moves messages between sockets and the chain: a server that turns
// what clients send into exchanges, and a client that sends a request on to an
// upstream. Nothing else in the gateway opens, reads or writes a socket.
package wire

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// hopByHop says whether a field belongs to one connection only and is therefore
// never passed on (RFC 9110 §7.6.1, and the older names that are still seen). Names
// are compared without case: a map key that is not in canonical form must not slip
// through.
func hopByHop(name string) bool {
	switch len(name) {
	case 2:
		return strings.EqualFold(name, "Te")
	case 7:
		return strings.EqualFold(name, "Upgrade") || strings.EqualFold(name, "Trailer")
	case 8:
		return strings.EqualFold(name, "Trailers")
	case 10:
		return strings.EqualFold(name, "Connection") || strings.EqualFold(name, "Keep-Alive")
	case 16:
		return strings.EqualFold(name, "Proxy-Connection")
	case 17:
		return strings.EqualFold(name, "Transfer-Encoding")
	case 18:
		return strings.EqualFold(name, "Proxy-Authenticate")
	case 19:
		return strings.EqualFold(name, "Proxy-Authorization")
	}
	return false
}

func isContentLength(name string) bool {
	return len(name) == 14 && strings.EqualFold(name, "Content-Length")
}

// connectionOptions lists the fields that Connection names, beyond the three words
// that name no field to drop; nil in the usual case.
func connectionOptions(h http.Header) []string {
	var named []string
	for _, line := range h["Connection"] {
		if plainConnection(line) {
			continue
		}
		for option := range strings.SplitSeq(line, ",") {
			if option = strings.Trim(option, " \t"); option != "" && !plainConnection(option) {
				named = append(named, option)
			}
		}
	}
	return named
}

func plainConnection(option string) bool {
	return strings.EqualFold(option, "keep-alive") || strings.EqualFold(option, "close") || strings.EqualFold(option, "upgrade")
}

func containsFold(list []string, name string) bool {
	for _, s := range list {
		if strings.EqualFold(s, name) {
			return true
		}
	}
	return false
}

// hasToken looks for a word in comma-separated field values.
func hasToken(values []string, word string) bool {
	for _, line := range values {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.Trim(part, " \t"), word) {
				return true
			}
		}
	}
	return false
}

var errHeader = errors.New("a header field cannot be sent")

// checkField refuses what would end a field early or hide in it (RFC 9110 §5.5).
func checkField(name, value string) error {
	if !validToken(name) {
		return fmt.Errorf("%w: name %q", errHeader, name)
	}
	if !validValue(value) {
		return fmt.Errorf("%w: the value of %s has a control character", errHeader, name)
	}
	return nil
}

// tokenByte marks tchar (RFC 9110 §5.6.2); valueByte what a field value may hold.
var tokenByte, valueByte = byteTables()

func byteTables() (token, value [256]bool) {
	for c := range 256 {
		b := byte(c)
		token[c] = 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' ||
			strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
		value[c] = b == '\t' || b >= ' ' && b != 0x7f
	}
	return token, value
}

func validToken(s string) bool {
	for i := range len(s) {
		if !tokenByte[s[i]] {
			return false
		}
	}
	return s != ""
}

func validValue(s string) bool {
	for i := range len(s) {
		if !valueByte[s[i]] {
			return false
		}
	}
	return true
}

// validTarget says whether a request target can stand in a request line.
func validTarget(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == 0x7f || c == '#' {
			return false
		}
	}
	return s != ""
}
