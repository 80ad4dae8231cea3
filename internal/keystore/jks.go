package keystore

import (
	"crypto/des"  //nolint:gosec // how JCEKS stores are encrypted; nothing is encrypted here
	"crypto/md5"  //nolint:gosec // same
	"crypto/sha1" //nolint:gosec // same
	"crypto/subtle"
	"crypto/x509/pkix"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// java reads the stores that Java had before PKCS#12: JKS and JCEKS share one layout, big-endian, closed by a digest.
// The layout names sizes before content; everything is cut from the data at hand, so a false size allocates nothing.
type java struct {
	rest      []byte
	version   uint32
	passwords Passwords
	budget    *budget
}

func readJava(data []byte, p Passwords, b *budget) ([]Entry, error) {
	if f := Detect(data); (f != JKS && f != JCEKS) || len(data) < 12+sha1.Size {
		return nil, fmt.Errorf("%w: not a JKS or JCEKS file", ErrFormat)
	}
	body, sum := data[:len(data)-sha1.Size], data[len(data)-sha1.Size:]
	if p.Store != "" { // without a password Java skips the check too: certificates can be read, keys cannot
		if subtle.ConstantTimeCompare(javaDigest(p.Store, body), sum) != 1 {
			return nil, ErrPassword
		}
	}
	r := &java{rest: body[4:], passwords: p, budget: b}
	version, err := r.uint32()
	if err != nil || version < 1 || version > 2 {
		return nil, fmt.Errorf("%w: version of the store", ErrUnsupported)
	}
	r.version = version
	count, err := r.uint32()
	if err != nil || count > maxEntries {
		return nil, fmt.Errorf("%w: number of entries", ErrFormat)
	}
	var out []Entry
	for range count {
		e, err := r.entry()
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	if len(r.rest) != 0 {
		return nil, fmt.Errorf("%w: data after the last entry", ErrFormat)
	}
	return out, nil
}

// javaDigest is the closing digest, a salted hash with the words of Java's authors in it.
func javaDigest(password string, body []byte) []byte {
	h := sha1.New() //nolint:gosec // the format's digest
	h.Write(utf16Password(password))
	h.Write([]byte("Mighty Aphrodite"))
	h.Write(body)
	return h.Sum(nil)
}

func utf16Password(password string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(password)) {
		out = binary.BigEndian.AppendUint16(out, u)
	}
	return out
}

func (r *java) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.rest)) {
		return nil, fmt.Errorf("%w: it ends too early", ErrFormat)
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b, nil
}

func (r *java) uint32() (uint32, error) {
	b, err := r.take(4)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(b), nil
}

// text reads Java's modified UTF-8; aliases outside its common part with UTF-8 come out with replacement characters.
func (r *java) text() (string, error) {
	n, err := r.take(2)
	if err != nil {
		return "", err
	}
	b, err := r.take(uint64(binary.BigEndian.Uint16(n)))
	return strings.ToValidUTF8(string(b), "\uFFFD"), err
}

func (r *java) block() ([]byte, error) {
	n, err := r.uint32()
	if err != nil {
		return nil, err
	}
	return r.take(uint64(n))
}

func (r *java) entry() (Entry, error) {
	tag, err := r.uint32()
	if err != nil {
		return Entry{}, err
	}
	alias, err := r.text()
	if err != nil {
		return Entry{}, err
	}
	if _, err := r.take(8); err != nil { // creation time
		return Entry{}, err
	}
	e := Entry{Alias: strings.ToLower(alias)}
	switch tag {
	case 1:
		err = r.privateKey(&e)
	case 2:
		err = r.certificate(&e)
	case 3:
		err = r.sealedSecret(&e)
	default:
		err = fmt.Errorf("%w: kind of entry", ErrFormat)
	}
	return e, err
}

func (r *java) privateKey(e *Entry) error {
	protected, err := r.block()
	if err != nil {
		return err
	}
	der, err := r.unprotect(protected)
	if err == nil {
		e.PrivateKey, err = parsePrivate(der)
	}
	e.Err = err
	n, err := r.uint32()
	if err != nil || n > maxChain {
		return fmt.Errorf("%w: length of a chain", ErrFormat)
	}
	for range n {
		if err := r.certificate(e); err != nil {
			return err
		}
	}
	return nil
}

// certificate reads one certificate into the chain of e. It fails only when the file ends too early; a certificate
// that cannot be parsed is noted in the entry.
func (r *java) certificate(e *Entry) error {
	kind := "X.509" // version 1 has no other
	var err error
	if r.version == 2 {
		if kind, err = r.text(); err != nil {
			return err
		}
	}
	der, err := r.block()
	if err != nil {
		return err
	}
	if kind != "X.509" && kind != "X509" {
		e.Err = fmt.Errorf("%w: certificates of another kind than X.509", ErrUnsupported)
		return nil
	}
	cert, err := parseCertificate(der)
	if err != nil {
		e.Err = err
		return nil
	}
	e.Chain = append(e.Chain, cert)
	return nil
}

// unprotect opens a protected private key: an EncryptedPrivateKeyInfo with one of two schemes of Java's own.
func (r *java) unprotect(der []byte) ([]byte, error) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	if err := unmarshal(der, &info); err != nil {
		return nil, err
	}
	switch info.Algorithm.Algorithm.String() {
	case "1.3.6.1.4.1.42.2.17.1.1":
		return unmaskJKS(info.Data, r.passwords.entry())
	case "1.3.6.1.4.1.42.2.19.1":
		return decryptJCEKS(info.Algorithm.Parameters.FullBytes, info.Data, r.passwords.entry(), r.budget)
	}
	return nil, fmt.Errorf("%w: protection of a private key", ErrUnsupported)
}

// unmaskJKS undoes the JKS scheme: salt, key XOR a chain of SHA-1 digests, SHA-1 of password and key.
func unmaskJKS(data []byte, password string) ([]byte, error) {
	if len(data) <= 2*sha1.Size {
		return nil, fmt.Errorf("%w: protected key is too short", ErrFormat)
	}
	pw := utf16Password(password)
	digest, masked, check := data[:sha1.Size], data[sha1.Size:len(data)-sha1.Size], data[len(data)-sha1.Size:]
	plain := make([]byte, 0, len(masked))
	for len(masked) > 0 {
		sum := sha1.Sum(append(append([]byte(nil), pw...), digest...)) //nolint:gosec // the format's scheme
		n := min(len(masked), sha1.Size)
		for i := range n {
			plain = append(plain, masked[i]^sum[i])
		}
		digest, masked = sum[:], masked[n:]
	}
	sum := sha1.Sum(append(append([]byte(nil), pw...), plain...)) //nolint:gosec // same
	if subtle.ConstantTimeCompare(sum[:], check) != 1 {
		return nil, ErrPassword
	}
	return plain, nil
}

// decryptJCEKS undoes Java's PBEWithMD5AndTripleDES: each half of the salt is hashed with the password over and over,
// and the two results are key and initialisation vector.
func decryptJCEKS(params, data []byte, password string, b *budget) ([]byte, error) {
	var p struct {
		Salt       []byte
		Iterations int
	}
	if err := unmarshal(params, &p); err != nil {
		return nil, err
	}
	if len(p.Salt) != 8 {
		return nil, fmt.Errorf("%w: salt of a protected key", ErrFormat)
	}
	if err := b.spend(p.Iterations); err != nil {
		return nil, err
	}
	salt := append([]byte(nil), p.Salt...)
	if string(salt[:4]) == string(salt[4:]) { // Java means to turn the first half around and misses by one index
		for i := range 2 {
			salt[i], salt[2] = salt[3-i], salt[i]
		}
	}
	var derived []byte
	for _, half := range [][]byte{salt[:4], salt[4:]} {
		digest := half
		for range p.Iterations {
			sum := md5.Sum(append(append([]byte(nil), digest...), password...)) //nolint:gosec // the format's scheme
			digest = sum[:]
		}
		derived = append(derived, digest...)
	}
	block, err := des.NewTripleDESCipher(derived[:24]) //nolint:gosec // same
	if err != nil {
		return nil, fmt.Errorf("%w: protected key", ErrFormat)
	}
	return decryptCBC(block, derived[24:], data)
}
