package expr

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

var encodingFunctions = []Function{
	{
		Name: "decodeBase64",
		Sig:  "(text string) string",
		Doc:  "Decodes standard base64 (RFC 4648 §4) to text. Null when text is null or not base64.",
		Call: func(_ Site, args []Value) (Value, error) {
			return decoded(args[0], base64.StdEncoding)
		},
		Examples: []Example{{`decodeBase64('aGVsbG8=')`, "hello"}, {`decodeBase64('%')`, nil}, {`decodeBase64(null)`, nil}},
	},
	{
		Name: "decodeBase64url",
		Sig:  "(text string) string",
		Doc:  "Decodes base64url (RFC 4648 §5), padded or not, to text. Null when text is null or not base64url.",
		Call: func(_ Site, args []Value) (Value, error) {
			if text, ok := args[0].(string); ok {
				return decoded(strings.TrimRight(text, "="), base64.RawURLEncoding)
			}
			return nil, nil
		},
		Examples: []Example{
			{`decodeBase64url('aGk_Pg')`, "hi?>"}, {`decodeBase64url('aGk_Pg==')`, "hi?>"}, {`decodeBase64url('a+b')`, nil},
		},
	},
	{
		Name: "digestSha256",
		Sig:  "(value any) bytes",
		Doc:  "The SHA-256 digest of bytes, or of the UTF-8 form of a text. Null for everything else.",
		Call: func(_ Site, args []Value) (Value, error) {
			raw, ok := rawBytes(args[0])
			if !ok {
				return nil, nil
			}
			sum := sha256.Sum256(raw)
			return sum[:], nil
		},
		Examples: []Example{
			{`encodeBase64url(digestSha256('abc'))`, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"}, {`digestSha256(null)`, nil},
		},
	},
	{
		Name: "encodeBase64",
		Sig:  "(value any) string",
		Doc:  "Encodes bytes, or the UTF-8 form of a text, in standard base64 with padding (RFC 4648 §4). Null for everything else.",
		Call: func(_ Site, args []Value) (Value, error) {
			return encoded(args[0], base64.StdEncoding)
		},
		Examples: []Example{{`encodeBase64('hello')`, "aGVsbG8="}, {`encodeBase64('hi?>')`, "aGk/Pg=="}, {`encodeBase64(null)`, nil}},
	},
	{
		Name: "encodeBase64url",
		Sig:  "(value any) string",
		Doc:  "Encodes bytes, or the UTF-8 form of a text, in base64url without padding (RFC 4648 §5). Null for everything else.",
		Call: func(_ Site, args []Value) (Value, error) {
			return encoded(args[0], base64.RawURLEncoding)
		},
		Examples: []Example{{`encodeBase64url('hi?>')`, "aGk_Pg"}, {`encodeBase64url(null)`, nil}},
	},
}

func decoded(v Value, enc *base64.Encoding) (Value, error) {
	text, ok := v.(string)
	if !ok {
		return nil, nil
	}
	raw, err := enc.DecodeString(text)
	if err != nil {
		return nil, nil // bad input is null, not an error
	}
	return strings.ToValidUTF8(string(raw), "\uFFFD"), nil
}

func encoded(v Value, enc *base64.Encoding) (Value, error) {
	raw, ok := rawBytes(v)
	if !ok {
		return nil, nil
	}
	return enc.EncodeToString(raw), nil
}

// rawBytes are those of bytes and texts.
func rawBytes(v Value) ([]byte, bool) {
	switch v := v.(type) {
	case []byte:
		return v, true
	case string:
		return []byte(v), true
	}
	return nil, false
}
