package script

import "gatehouse/internal/groovy"

// Bytes are []byte, which Groovy knows; JavaScript has arrays of numbers from -128 to 127, as Java's bytes are.

func signed(b []byte) []groovy.Value {
	out := make([]groovy.Value, len(b))
	for i, x := range b {
		out[i] = int64(int8(x))
	}
	return out
}

// bytesOf takes bytes, of either sign, or the UTF-8 of a text.
func bytesOf(v groovy.Value) ([]byte, error) {
	switch x := v.(type) {
	case []byte:
		return x, nil
	case *secret:
		return x.value, nil
	}
	if s, ok := textOf(v); ok {
		return []byte(s), nil
	}
	xs, ok := items(v)
	if !ok {
		return nil, illegal("expected bytes, found %s", kindOf(v))
	}
	out := make([]byte, len(xs))
	for i, x := range xs {
		n, ok := integer(x)
		if !ok || n < -128 || n > 255 {
			return nil, illegal("expected a byte, found %s", clip(text(x), 40))
		}
		out[i] = byte(n)
	}
	return out, nil
}
