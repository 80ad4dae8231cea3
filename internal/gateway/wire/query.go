package wire

import "strings"

// queryByte marks what may stand in a query as it is (RFC 3986 §3.4).
var queryByte = queryTable()

func queryTable() (t [256]bool) {
	for c := range 256 {
		b := byte(c)
		t[c] = 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' ||
			strings.IndexByte("-._~!$&'()*+,;=:@/?", b) >= 0
	}
	return t
}

// legalQuery says whether q is a query as RFC 3986 has it: allowed characters and
// complete escapes.
func legalQuery(q string) bool {
	for i := 0; i < len(q); i++ {
		if q[i] == '%' {
			if _, ok := escaped(q, i); !ok {
				return false
			}
			i += 2
		} else if !queryByte[q[i]] {
			return false
		}
	}
	return true
}

// escaped returns the byte that the escape at q[i] stands for.
func escaped[T string | []byte](q T, i int) (byte, bool) {
	if i+2 >= len(q) {
		return 0, false
	}
	high, ok1 := hexDigit(q[i+1])
	low, ok2 := hexDigit(q[i+2])
	return high<<4 | low, ok1 && ok2
}

// normalQuery decodes q and encodes it again: %27 becomes ', a raw " becomes %22.
// What would change its meaning stays escaped: the delimiters of a form, the percent
// sign, and bytes that a query cannot hold.
func normalQuery(q string) string {
	if plainQuery(q) {
		return q
	}
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(q)+16)
	for i := 0; i < len(q); i++ {
		c := q[i]
		keep := c != '%' && queryByte[c]
		if c == '%' {
			if d, ok := escaped(q, i); ok {
				c, i = d, i+2
				keep = queryByte[c] && strings.IndexByte("&=+;", c) < 0
			}
		}
		if keep {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// plainQuery says that there is nothing to decode or encode.
func plainQuery(q string) bool {
	for i := range len(q) {
		if !queryByte[q[i]] {
			return false
		}
	}
	return true
}
