package keystore

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
)

// maxBlocks bounds the blocks of a PEM bundle; bundles of public authorities have some 150.
const maxBlocks = 4096

// readPEM reads a bundle. A private key takes the certificate of its public key, wherever that stands, with its
// issuers; certificates that belong to no key are trusted entries. Text between the blocks is passed over. Entries have
// no alias. Secrets come in blocks named HMAC SECRET KEY, AES SECRET KEY and GENERIC SECRET.
func readPEM(data []byte, p Passwords, b *budget) ([]Entry, error) {
	var entries []Entry
	var certs []*x509.Certificate
	for n := 0; ; n++ {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if n == maxBlocks {
			return nil, fmt.Errorf("%w: more than %d PEM blocks", ErrFormat, maxBlocks)
		}
		if isCertificate(block.Type) {
			cert, err := parseCertificate(block.Bytes)
			if err != nil {
				return nil, err
			}
			certs = append(certs, cert)
			continue
		}
		e, err := pemEntry(block, p, b)
		if err != nil {
			return nil, err
		}
		if e != nil {
			entries = append(entries, *e)
		}
	}
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		return nil, fmt.Errorf("%w: a PEM block is damaged", ErrFormat)
	}
	if len(entries)+len(certs) == 0 {
		return nil, fmt.Errorf("%w: no PEM block that holds a key, certificate or secret", ErrFormat)
	}
	return attachChains(entries, certs), nil
}

func isCertificate(kind string) bool {
	return kind == "CERTIFICATE" || kind == "X509 CERTIFICATE"
}

func attachChains(entries []Entry, certs []*x509.Certificate) []Entry {
	used := map[*x509.Certificate]bool{}
	for i := range entries {
		pub := publicOf(entries[i].PrivateKey)
		if pub == nil {
			continue
		}
		for _, c := range certs {
			if samePublic(pub, c.PublicKey) {
				entries[i].Chain = issuerChain(c, certs)
				break
			}
		}
		for _, c := range entries[i].Chain {
			used[c] = true
		}
	}
	for _, c := range certs {
		if !used[c] {
			entries = append(entries, Entry{Chain: []*x509.Certificate{c}})
		}
	}
	return entries
}

// pemEntry reads one block, nil for kinds that stand in bundles without being keys.
func pemEntry(block *pem.Block, p Passwords, b *budget) (*Entry, error) {
	der := block.Bytes
	if x509.IsEncryptedPEMBlock(block) { //nolint:staticcheck // RFC 1423 protects nothing, but such files exist and the product reads them
		var err error
		if der, err = x509.DecryptPEMBlock(block, []byte(p.entry())); err != nil { //nolint:staticcheck // same
			return nil, ErrPassword
		}
	}
	switch block.Type {
	case "PRIVATE KEY":
		return privateEntry(parsePrivate(der))
	case "ENCRYPTED PRIVATE KEY":
		plain, err := decryptPKCS8(der, p.entry(), b)
		if err != nil {
			return nil, err
		}
		return privateEntry(parsePrivate(plain))
	case "RSA PRIVATE KEY":
		key, err := x509.ParsePKCS1PrivateKey(der)
		return privateEntry(key, damaged(err))
	case "EC PRIVATE KEY":
		key, err := x509.ParseECPrivateKey(der)
		return privateEntry(key, damaged(err))
	case "PUBLIC KEY":
		key, err := x509.ParsePKIXPublicKey(der)
		return &Entry{PublicKey: key}, damaged(err)
	case "RSA PUBLIC KEY":
		key, err := x509.ParsePKCS1PublicKey(der)
		return &Entry{PublicKey: key}, damaged(err)
	case "HMAC SECRET KEY":
		return secretEntry(der, "HMAC")
	case "AES SECRET KEY":
		return secretEntry(der, "AES")
	case "GENERIC SECRET":
		return secretEntry(der, "")
	case "EC PARAMETERS", "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", "X509 CRL", "DH PARAMETERS":
		return nil, nil
	}
	if strings.HasPrefix(block.Type, "OPENSSH") {
		return nil, fmt.Errorf("%w: OpenSSH keys; convert the key to PKCS#8", ErrUnsupported)
	}
	return nil, fmt.Errorf("%w: PEM block %q", ErrUnsupported, block.Type)
}

func privateEntry(key any, err error) (*Entry, error) {
	if err != nil {
		return nil, err
	}
	return &Entry{PrivateKey: key}, nil
}

func secretEntry(secret []byte, algorithm string) (*Entry, error) {
	if len(secret) == 0 {
		return nil, fmt.Errorf("%w: empty secret", ErrFormat)
	}
	return &Entry{Secret: secret, Algorithm: algorithm}, nil
}

func damaged(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: a key is damaged or of a kind that is not known", ErrFormat)
}
