// Package keystore reads the files that hold keys: PKCS#12 (RFC 7292), the Java formats JKS and JCEKS, and PEM bundles.
// It only reads. All of a store is decoded at once, within limits, so a damaged or hostile file gives an error and not
// an exhausted process.
package keystore

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Kinds of failure. No error quotes a password or key material.
var (
	ErrFormat      = errors.New("not a readable key store") // damaged, truncated, another format, or over a limit
	ErrPassword    = errors.New("password does not open the key store")
	ErrUnsupported = errors.New("key store feature not supported")
)

// Format names a kind of file.
type Format string

// Formats. Java's names, as configurations write them in any case.
const (
	PKCS12 Format = "PKCS12"
	JKS    Format = "JKS"
	JCEKS  Format = "JCEKS"
	PEM    Format = "PEM"
)

// Entry is one named thing in a store: a private key with its chain, a trusted certificate (Chain alone, one long), a
// public key, or a secret key.
type Entry struct {
	Alias      string              // lower case in the binary formats; never empty there
	PrivateKey crypto.PrivateKey   // *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey or *ecdh.PrivateKey
	PublicKey  crypto.PublicKey    // from PEM blocks that hold nothing else
	Chain      []*x509.Certificate // the certificate of the private key first, then its issuers
	Secret     []byte
	Err        error  // why this one could not be decoded: an own password, an unknown kind of key; only Alias is sure then
	Algorithm  string // Java's name for the algorithm of Secret, such as "AES" or "HmacSHA256"; "" when the store does not say
}

// Passwords open a store. Entry is for the single entries where those have their own password; empty means Store.
type Passwords struct {
	Store string
	Entry string
}

func (p Passwords) entry() string {
	if p.Entry == "" {
		return p.Store
	}
	return p.Entry
}

// MaxBytes is the size of the largest file that is read.
const MaxBytes = 16 << 20

// Read decodes a store. An empty format is recognised from the content. In the binary formats an entry that cannot be
// decoded does not spoil the others: it comes with Err, for stores hold more than what one configuration uses.
func Read(data []byte, f Format, p Passwords) ([]Entry, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%w: over %d bytes", ErrFormat, MaxBytes)
	}
	if f == "" {
		f = Detect(data)
	}
	switch Format(strings.ToUpper(string(f))) {
	case PKCS12, "PFX":
		return readPKCS12(data, p, newBudget())
	case JKS, JCEKS:
		if Detect(data) == PKCS12 { // Java reads PKCS#12 under the name JKS, and so people have such files
			return readPKCS12(data, p, newBudget())
		}
		return readJava(data, p, newBudget())
	case PEM:
		return readPEM(data, p, newBudget())
	}
	return nil, fmt.Errorf("%w: format %q", ErrUnsupported, f)
}

// Detect recognises a format by the first bytes, "" when none fits.
func Detect(data []byte) Format {
	switch {
	case bytes.HasPrefix(data, []byte{0xFE, 0xED, 0xFE, 0xED}):
		return JKS
	case bytes.HasPrefix(data, []byte{0xCE, 0xCE, 0xCE, 0xCE}):
		return JCEKS
	case bytes.Contains(data, []byte("-----BEGIN ")):
		return PEM
	case len(data) > 0 && data[0] == 0x30:
		return PKCS12
	}
	return ""
}

// FormatOf gives the format that a file name stands for: by extension, PKCS#12 when it says nothing.
func FormatOf(name string) Format {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".jks":
		return JKS
	case ".jceks":
		return JCEKS
	case ".pem", ".crt", ".cer", ".key":
		return PEM
	}
	return PKCS12
}

// Find gives the entry with this alias, nil when there is none. Case does not matter, as in Java.
func Find(entries []Entry, alias string) *Entry {
	for i := range entries {
		if strings.EqualFold(entries[i].Alias, alias) {
			return &entries[i]
		}
	}
	return nil
}

// Certificate gives the entry's own certificate, nil when it has none.
func (e *Entry) Certificate() *x509.Certificate {
	if len(e.Chain) == 0 {
		return nil
	}
	return e.Chain[0]
}

// Trusted reports whether the entry is a certificate alone.
func (e *Entry) Trusted() bool { return len(e.Chain) > 0 && e.PrivateKey == nil && e.Secret == nil }
