package expr

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
)

var certificateFunctions = []Function{
	{
		Name: "derCertificate",
		Sig:  "(text string) certificate",
		Doc: "The certificate whose DER form stands in base64 between two colons, as in the Client-Cert header " +
			"(RFC 9440 §2.1). Null when it cannot be loaded.",
		Call: func(site Site, args []Value) (Value, error) {
			text, ok := args[0].(string)
			if !ok {
				return nil, nil
			}
			text = strings.TrimSpace(text)
			if len(text) < 2 || text[0] != ':' || text[len(text)-1] != ':' {
				site.Warn("the text is not a byte sequence between colons")
				return nil, nil
			}
			raw, err := base64.StdEncoding.DecodeString(text[1 : len(text)-1])
			if err != nil {
				site.Warn("the text is not base64")
				return nil, nil
			}
			return loaded(site, raw), nil
		},
		Examples: []Example{{`derCertificate('x')`, nil}, {`derCertificate(':AAAA:')`, nil}, {`derCertificate(null)`, nil}},
	},
	{
		Name: "pemCertificate",
		Sig:  "(text string) certificate",
		Doc:  "The first certificate of a PEM text (RFC 7468 §5). Null when it cannot be loaded.",
		Call: func(site Site, args []Value) (Value, error) {
			text, ok := args[0].(string)
			if !ok {
				return nil, nil
			}
			for rest := []byte(text); ; {
				var block *pem.Block
				block, rest = pem.Decode(rest)
				if block == nil {
					site.Warn("the text has no PEM certificate")
					return nil, nil
				}
				if block.Type == "CERTIFICATE" {
					return loaded(site, block.Bytes), nil
				}
			}
		},
		Examples: []Example{{`pemCertificate('x')`, nil}, {`pemCertificate(null)`, nil}},
	},
}

// loaded is a certificate, or null with a warning.
func loaded(site Site, der []byte) Value {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		site.Warn("the certificate cannot be loaded")
		return nil
	}
	return c
}
