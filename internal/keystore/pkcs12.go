package keystore

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // the MAC of older stores
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// The reader is our own because the libraries for Go read stores of one key: several aliases, secret keys and Java's
// trusted entries in one file are what configurations point at.

// Structures of RFC 7292 §4.
type (
	pfx struct {
		Version  int
		AuthSafe contentInfo
		MAC      macData `asn1:"optional"`
	}
	contentInfo struct {
		Type    oid
		Content asn1.RawValue `asn1:"tag:0,explicit,optional"`
	}
	macData struct {
		MAC struct {
			Algorithm pkix.AlgorithmIdentifier
			Digest    []byte
		}
		Salt       []byte
		Iterations int `asn1:"optional,default:1"`
	}
	safeBag struct {
		ID         oid
		Value      asn1.RawValue `asn1:"tag:0,explicit"`
		Attributes []attribute   `asn1:"set,optional"`
	}
	attribute struct {
		ID     oid
		Values asn1.RawValue `asn1:"set"`
	}
	typedValue struct { // certificate and secret bags
		ID    oid
		Value asn1.RawValue `asn1:"tag:0,explicit"`
	}
)

// limits of one store.
const (
	maxEntries  = 10_000
	maxBagDepth = 4
)

// p12 collects bags until all are there, for a chain can stand before or after its key.
type p12 struct {
	passwords Passwords
	budget    *budget
	keys      []p12Key
	certs     []p12Cert
	bags      int
}

type p12Key struct {
	alias, localID string
	key            any
	secret         []byte
	algorithm      string
	err            error
}

type p12Cert struct {
	alias, localID string
	trusted        bool // Java's mark of a trusted entry
	cert           *x509.Certificate
}

// damagedCert keeps the place of a trusted certificate that cannot be parsed.
func damagedCert(alias string, err error) p12Key { return p12Key{alias: alias, err: err} }

func readPKCS12(data []byte, p Passwords, b *budget) ([]Entry, error) {
	var top pfx
	if err := unmarshal(data, &top); err != nil {
		return nil, err
	}
	if top.Version != 3 || !top.AuthSafe.Type.Equal(oidData) {
		return nil, fmt.Errorf("%w: version or protection of the PKCS#12 file", ErrUnsupported)
	}
	var safe []byte
	if err := unmarshal(top.AuthSafe.Content.Bytes, &safe); err != nil {
		return nil, err
	}
	if err := top.MAC.check(safe, p.Store, b); err != nil {
		return nil, err
	}
	var contents []contentInfo
	if err := unmarshal(safe, &contents); err != nil {
		return nil, err
	}
	r := &p12{passwords: p, budget: b}
	for _, c := range contents {
		plain, err := r.open(c)
		if err != nil {
			return nil, err
		}
		if err := r.bagsOf(plain, maxBagDepth); err != nil {
			return nil, err
		}
	}
	return r.entries(), nil
}

var ( // object identifiers of RFC 7292 appendix D and of Java
	oidData          = oid{1, 2, 840, 113549, 1, 7, 1}
	oidEncryptedData = oid{1, 2, 840, 113549, 1, 7, 6}
	oidKeyBag        = oid{1, 2, 840, 113549, 1, 12, 10, 1, 1}
	oidShroudedBag   = oid{1, 2, 840, 113549, 1, 12, 10, 1, 2}
	oidCertBag       = oid{1, 2, 840, 113549, 1, 12, 10, 1, 3}
	oidSecretBag     = oid{1, 2, 840, 113549, 1, 12, 10, 1, 5}
	oidSafeBag       = oid{1, 2, 840, 113549, 1, 12, 10, 1, 6}
	oidX509          = oid{1, 2, 840, 113549, 1, 9, 22, 1}
	oidFriendlyName  = oid{1, 2, 840, 113549, 1, 9, 20}
	oidLocalKeyID    = oid{1, 2, 840, 113549, 1, 9, 21}
	oidJavaTrusted   = oid{2, 16, 840, 1, 113894, 746875, 1, 1}
	oidPBMAC1        = oid{1, 2, 840, 113549, 1, 5, 14}
)

// check compares the MAC over the whole store. A store without one is read only without a password, because with one
// the caller expects the content to be what its owner wrote.
func (m *macData) check(content []byte, password string, b *budget) error {
	if len(m.MAC.Algorithm.Algorithm) == 0 {
		if password == "" {
			return nil
		}
		return fmt.Errorf("%w: the store has no integrity code, so it can be read without a password only", ErrFormat)
	}
	mac, key, err := m.key(password, b)
	if err != nil {
		return err
	}
	h := hmac.New(mac, key)
	h.Write(content)
	if hmac.Equal(h.Sum(nil), m.MAC.Digest) {
		return nil
	}
	return ErrPassword
}

func (m *macData) key(password string, b *budget) (newHash, []byte, error) {
	if m.MAC.Algorithm.Algorithm.Equal(oidPBMAC1) {
		return m.pbmac1(password, b)
	}
	h, err := digestHash(m.MAC.Algorithm.Algorithm)
	if err != nil {
		return nil, nil, err
	}
	if err := b.spend(m.Iterations); err != nil {
		return nil, nil, err
	}
	return h, pkcs12KDF(h, bmpPassword(password), m.Salt, m.Iterations, 3, h().Size()), nil
}

// pbmac1 derives the key as RFC 9579 has it: PBKDF2 with a length that must be given.
func (m *macData) pbmac1(password string, b *budget) (newHash, []byte, error) {
	var p struct{ KDF, MAC pkix.AlgorithmIdentifier }
	if err := unmarshal(m.MAC.Algorithm.Parameters.FullBytes, &p); err != nil {
		return nil, nil, err
	}
	var k struct {
		Salt       []byte
		Iterations int
		KeyLength  int
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
	if err := unmarshal(p.KDF.Parameters.FullBytes, &k); err != nil {
		return nil, nil, err
	}
	derive, err := prf(k.PRF.Algorithm)
	if err != nil {
		return nil, nil, err
	}
	mac, err := prf(p.MAC.Algorithm)
	if err != nil {
		return nil, nil, err
	}
	if k.KeyLength < 20 || k.KeyLength > 64 {
		return nil, nil, fmt.Errorf("%w: MAC key length", ErrFormat)
	}
	if err := b.spend(k.Iterations); err != nil {
		return nil, nil, err
	}
	key, err := pbkdf2.Key(derive, password, k.Salt, k.Iterations, k.KeyLength)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: key derivation", ErrUnsupported)
	}
	return mac, key, nil
}

func digestHash(id oid) (newHash, error) {
	switch {
	case id.Equal(oid{1, 3, 14, 3, 2, 26}):
		return sha1.New, nil
	case id.Equal(oid{2, 16, 840, 1, 101, 3, 4, 2, 1}):
		return sha256.New, nil
	case id.Equal(oid{2, 16, 840, 1, 101, 3, 4, 2, 2}):
		return sha512.New384, nil
	case id.Equal(oid{2, 16, 840, 1, 101, 3, 4, 2, 3}):
		return sha512.New, nil
	}
	return nil, fmt.Errorf("%w: digest %s", ErrUnsupported, id)
}

// open gives the SafeContents of one part, decrypted.
func (r *p12) open(c contentInfo) ([]byte, error) {
	switch {
	case c.Type.Equal(oidData):
		var plain []byte
		err := unmarshal(c.Content.Bytes, &plain)
		return plain, err
	case c.Type.Equal(oidEncryptedData):
		var e struct {
			Version int
			Info    struct {
				Type      oid
				Algorithm pkix.AlgorithmIdentifier
				Data      []byte `asn1:"tag:0,optional"`
			}
		}
		if err := unmarshal(c.Content.Bytes, &e); err != nil {
			return nil, err
		}
		return decryptPBE(e.Info.Algorithm, e.Info.Data, r.passwords.Store, r.budget)
	}
	return nil, fmt.Errorf("%w: protection %s", ErrUnsupported, c.Type)
}

func (r *p12) bagsOf(der []byte, depth int) error {
	if depth == 0 {
		return fmt.Errorf("%w: bags nested too deeply", ErrFormat)
	}
	var bags []safeBag
	if err := unmarshal(der, &bags); err != nil {
		return err
	}
	if r.bags += len(bags); r.bags > maxEntries {
		return fmt.Errorf("%w: more than %d entries", ErrFormat, maxEntries)
	}
	for i := range bags {
		if err := r.bag(&bags[i], depth); err != nil {
			return err
		}
	}
	return nil
}

func (r *p12) bag(b *safeBag, depth int) error {
	alias, localID, trusted := b.attributes()
	switch {
	case b.ID.Equal(oidKeyBag), b.ID.Equal(oidShroudedBag):
		key, err := r.private(b.ID, b.Value.Bytes)
		r.keys = append(r.keys, p12Key{alias: alias, localID: localID, key: key, err: err})
	case b.ID.Equal(oidCertBag):
		cert, err := certificateOf(b.Value.Bytes)
		if err != nil && trusted {
			r.keys = append(r.keys, damagedCert(alias, err))
		}
		if cert == nil { // in a chain it is missed only by those who use that chain
			return nil
		}
		r.certs = append(r.certs, p12Cert{alias: alias, localID: localID, trusted: trusted, cert: cert})
	case b.ID.Equal(oidSecretBag):
		k, err := r.secret(b.Value.Bytes)
		k.alias, k.err = alias, err
		r.keys = append(r.keys, k)
	case b.ID.Equal(oidSafeBag):
		return r.bagsOf(b.Value.Bytes, depth-1)
	}
	return nil // revocation lists and bags of others' making hold no keys
}

func (r *p12) private(kind oid, der []byte) (any, error) {
	plain, err := r.unshroud(kind, der)
	if err != nil {
		return nil, err
	}
	return parsePrivate(plain)
}

// unshroud gives the PrivateKeyInfo of a key bag.
func (r *p12) unshroud(kind oid, der []byte) ([]byte, error) {
	if kind.Equal(oidKeyBag) {
		return der, nil
	}
	return decryptPKCS8(der, r.passwords.entry(), r.budget)
}

// certificateOf reads a certificate bag; nil without error for kinds other than X.509.
func certificateOf(der []byte) (*x509.Certificate, error) {
	var bag typedValue
	if err := unmarshal(der, &bag); err != nil {
		return nil, err
	}
	if !bag.ID.Equal(oidX509) {
		return nil, nil
	}
	var raw []byte
	if err := unmarshal(bag.Value.Bytes, &raw); err != nil {
		return nil, err
	}
	return parseCertificate(raw)
}

func parseCertificate(der []byte) (*x509.Certificate, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%w: certificate: %w", ErrFormat, err)
	}
	return cert, nil
}

// secret reads a secret bag as Java writes it: a shrouded (or plain) PrivateKeyInfo whose algorithm names the use and
// whose "private key" is the raw secret.
func (r *p12) secret(der []byte) (p12Key, error) {
	var bag typedValue
	if err := unmarshal(der, &bag); err != nil {
		return p12Key{}, err
	}
	var inner []byte
	if err := unmarshal(bag.Value.Bytes, &inner); err != nil {
		return p12Key{}, err
	}
	if !bag.ID.Equal(oidKeyBag) && !bag.ID.Equal(oidShroudedBag) {
		return p12Key{secret: inner}, nil
	}
	plain, err := r.unshroud(bag.ID, inner)
	if err != nil {
		return p12Key{}, err
	}
	var info struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}
	if err := unmarshal(plain, &info); err != nil {
		return p12Key{}, err
	}
	return p12Key{secret: info.Key, algorithm: secretAlgorithm(info.Algorithm.Algorithm)}, nil
}

// secretAlgorithm gives Java's name of what a secret is for, "" when it is not one of those that Java writes.
func secretAlgorithm(id oid) string {
	switch id.String() {
	case "2.16.840.1.101.3.4.1", "2.16.840.1.101.3.4.1.1", "2.16.840.1.101.3.4.1.2",
		"2.16.840.1.101.3.4.1.21", "2.16.840.1.101.3.4.1.22", "2.16.840.1.101.3.4.1.41", "2.16.840.1.101.3.4.1.42":
		return "AES"
	case "1.2.840.113549.2.7":
		return "HmacSHA1"
	case "1.2.840.113549.2.8":
		return "HmacSHA224"
	case "1.2.840.113549.2.9":
		return "HmacSHA256"
	case "1.2.840.113549.2.10":
		return "HmacSHA384"
	case "1.2.840.113549.2.11":
		return "HmacSHA512"
	case "1.2.840.113549.3.7":
		return "DESede"
	}
	return ""
}

// attributes reads those that matter and passes over the rest, also when they are broken: they name, they do not hold.
func (b *safeBag) attributes() (alias, localID string, trusted bool) {
	for _, a := range b.Attributes {
		switch {
		case a.ID.Equal(oidFriendlyName):
			var v asn1.RawValue
			if _, err := asn1.Unmarshal(a.Values.Bytes, &v); err == nil && v.Tag == asn1.TagBMPString {
				alias = bmpString(v.Bytes)
			}
		case a.ID.Equal(oidLocalKeyID):
			var id []byte
			if _, err := asn1.Unmarshal(a.Values.Bytes, &id); err == nil {
				localID = string(id)
			}
		case a.ID.Equal(oidJavaTrusted):
			trusted = true
		}
	}
	return strings.ToLower(alias), localID, trusted
}

func bmpString(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
	}
	return string(utf16.Decode(units))
}

// entries joins keys with their chains. Certificates in no chain become entries of their own; Java would hide those
// without its mark, but a bundle of CA certificates made with OpenSSL has no marks at all. Entries without a name get
// the number that Java gives them.
func (r *p12) entries() []Entry {
	pool := make([]*x509.Certificate, len(r.certs))
	for i, c := range r.certs {
		pool[i] = c.cert
	}
	var out []Entry
	unnamed := 0
	name := func(alias string) string {
		if alias == "" {
			unnamed++
			alias = strconv.Itoa(unnamed)
		}
		return alias
	}
	chained := map[string]bool{}
	for _, k := range r.keys {
		e := Entry{Alias: name(k.alias), PrivateKey: k.key, Secret: k.secret, Algorithm: k.algorithm, Err: k.err}
		if leaf := r.leafOf(k); leaf != nil {
			e.Chain = issuerChain(leaf, pool)
		}
		for _, c := range e.Chain {
			chained[string(c.Raw)] = true
		}
		out = append(out, e)
	}
	for _, c := range r.certs {
		if c.trusted || !chained[string(c.cert.Raw)] {
			out = append(out, Entry{Alias: name(c.alias), Chain: []*x509.Certificate{c.cert}})
		}
	}
	return out
}

// leafOf finds the certificate of a key: the public key decides, the local key id chooses among several, for example
// after a certificate was renewed.
func (r *p12) leafOf(k p12Key) *x509.Certificate {
	pub := publicOf(k.key)
	if pub == nil {
		return nil
	}
	var found *x509.Certificate
	for _, c := range r.certs {
		if !samePublic(pub, c.cert.PublicKey) {
			continue
		}
		if k.localID != "" && c.localID == k.localID {
			return c.cert
		}
		if found == nil {
			found = c.cert
		}
	}
	return found
}
