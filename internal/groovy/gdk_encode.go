package groovy

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf16"
)

func base64Text(b []byte, url bool) string {
	if url {
		return base64.RawURLEncoding.EncodeToString(b)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func hexText(b []byte) string { return hex.EncodeToString(b) }

func getBytes(c *Call, s string) (Value, error) {
	c.th.alloc(int64(len(s)))
	return encodeText(s, c.charset(0))
}

// charset is the name a charset argument carries, UTF-8 by default.
func (c *Call) charset(i int) string {
	if c.Arg(i) == nil {
		return "UTF-8"
	}
	return strings.ToUpper(c.Str(i))
}

func encodeText(s, charset string) (Value, error) {
	switch charset {
	case "UTF-8", "UTF8":
		return []byte(s), nil
	case "ISO-8859-1", "LATIN1", "US-ASCII", "ASCII":
		limit := rune(256)
		if strings.HasSuffix(charset, "ASCII") {
			limit = 128
		}
		out := make([]byte, 0, len(s))
		for _, r := range s {
			if r >= limit {
				r = '?'
			}
			out = append(out, byte(r))
		}
		return out, nil
	case "UTF-16", "UTF-16BE", "UTF-16LE":
		var out []byte
		if charset == "UTF-16" {
			out = append(out, 0xfe, 0xff)
		}
		for _, u := range utf16Of(s) {
			if charset == "UTF-16LE" {
				out = append(out, byte(u), byte(u>>8))
			} else {
				out = append(out, byte(u>>8), byte(u))
			}
		}
		return out, nil
	}
	return nil, Throw("java.io.UnsupportedEncodingException", "%s", charset)
}

func decodeText(b []byte, charset string) (Value, error) {
	switch charset {
	case "UTF-8", "UTF8":
		return strings.ToValidUTF8(string(b), "\ufffd"), nil
	case "ISO-8859-1", "LATIN1", "US-ASCII", "ASCII":
		rs := make([]rune, len(b))
		for i, x := range b {
			rs[i] = rune(x)
			if x > 127 && strings.HasSuffix(charset, "ASCII") {
				rs[i] = '\ufffd'
			}
		}
		return string(rs), nil
	case "UTF-16", "UTF-16BE", "UTF-16LE":
		little := charset == "UTF-16LE"
		if len(b) >= 2 && charset == "UTF-16" {
			if b[0] == 0xff && b[1] == 0xfe {
				little, b = true, b[2:]
			} else if b[0] == 0xfe && b[1] == 0xff {
				b = b[2:]
			}
		}
		var us []uint16
		for i := 0; i+1 < len(b); i += 2 {
			if little {
				us = append(us, uint16(b[i])|uint16(b[i+1])<<8)
			} else {
				us = append(us, uint16(b[i])<<8|uint16(b[i+1]))
			}
		}
		return string(utf16.Decode(us)), nil
	}
	return nil, Throw("java.io.UnsupportedEncodingException", "%s", charset)
}

// unbase64 accepts both alphabets, with and without padding and line breaks.
func unbase64(s string) ([]byte, error) {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '-':
			return '+'
		case '_':
			return '/'
		case '\n', '\r', ' ', '\t':
			return -1
		}
		return r
	}, s)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}

func decodeBase64(c *Call, s string) (Value, error) {
	b, err := unbase64(s)
	if err != nil {
		return nil, Throw(excJavaRuntime, "bad character in base64 value")
	}
	return b, nil
}

func decodeHex(c *Call, s string) (Value, error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil, Throw(excNumber, "not hexadecimal")
	}
	return b, nil
}
