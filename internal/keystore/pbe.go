package keystore

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // what old stores are encrypted with; nothing is encrypted here
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // same
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"hash"
	"unicode/utf16"
)

// budget bounds the iterations of password hashing in one store. The file names the count, so without a bound it could
// ask for hours. Today's tools write 2,048 to 10,000 an entry; 600,000 has been recommended.
type budget struct{ left int }

func newBudget() *budget { return &budget{left: 20_000_000} }

func (b *budget) spend(iterations int) error {
	if iterations < 1 || iterations > b.left {
		return fmt.Errorf("%w: iteration count out of bounds", ErrFormat)
	}
	b.left -= iterations
	return nil
}

// newHash makes a hash; a named type because tables are written with it.
type newHash func() hash.Hash

type oid = asn1.ObjectIdentifier

// decryptPBE undoes password-based encryption: PBES2 (RFC 8018 §6.2) or one of the older PKCS#12 schemes (RFC 7292
// appendix C).
func decryptPBE(id pkix.AlgorithmIdentifier, data []byte, password string, b *budget) ([]byte, error) {
	block, iv, err := pbeCipher(id, password, b)
	if err != nil {
		return nil, err
	}
	return decryptCBC(block, iv, data)
}

func pbeCipher(id pkix.AlgorithmIdentifier, password string, b *budget) (cipher.Block, []byte, error) {
	switch {
	case id.Algorithm.Equal(oid{1, 2, 840, 113549, 1, 5, 13}):
		return pbes2(id.Parameters.FullBytes, password, b)
	case id.Algorithm.Equal(oid{1, 2, 840, 113549, 1, 12, 1, 3}): // pbeWithSHAAnd3-KeyTripleDES-CBC
		return pkcs12PBE(id.Parameters.FullBytes, password, b, 24, func(key []byte) (cipher.Block, error) {
			return des.NewTripleDESCipher(key) //nolint:gosec // see the import
		})
	case id.Algorithm.Equal(oid{1, 2, 840, 113549, 1, 12, 1, 5}): // pbeWithSHAAnd128BitRC2-CBC
		return pkcs12PBE(id.Parameters.FullBytes, password, b, 16, newRC2)
	case id.Algorithm.Equal(oid{1, 2, 840, 113549, 1, 12, 1, 6}): // pbeWithSHAAnd40BitRC2-CBC
		return pkcs12PBE(id.Parameters.FullBytes, password, b, 5, newRC2)
	}
	return nil, nil, fmt.Errorf("%w: encryption %s", ErrUnsupported, id.Algorithm)
}

func decryptCBC(block cipher.Block, iv, data []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(iv) != size || len(data) == 0 || len(data)%size != 0 {
		return nil, fmt.Errorf("%w: encrypted part has a wrong size", ErrFormat)
	}
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	pad := int(out[len(out)-1])
	if pad == 0 || pad > size || !bytes.Equal(out[len(out)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, ErrPassword
	}
	return out[:len(out)-pad], nil
}

// unmarshal decodes DER that must not be followed by anything.
func unmarshal(der []byte, to any) error {
	rest, err := asn1.Unmarshal(der, to)
	if err != nil || len(rest) != 0 {
		return fmt.Errorf("%w: not the expected DER structure", ErrFormat)
	}
	return nil
}

func pbes2(params []byte, password string, b *budget) (cipher.Block, []byte, error) {
	var p struct {
		KDF, Encryption pkix.AlgorithmIdentifier
	}
	if err := unmarshal(params, &p); err != nil {
		return nil, nil, err
	}
	if !p.KDF.Algorithm.Equal(oid{1, 2, 840, 113549, 1, 5, 12}) {
		return nil, nil, fmt.Errorf("%w: key derivation %s", ErrUnsupported, p.KDF.Algorithm)
	}
	size, newCipher, err := pbes2Cipher(p.Encryption.Algorithm)
	if err != nil {
		return nil, nil, err
	}
	var iv []byte
	if err := unmarshal(p.Encryption.Parameters.FullBytes, &iv); err != nil {
		return nil, nil, err
	}
	key, err := pbkdf2Key(p.KDF.Parameters.FullBytes, password, size, b)
	if err != nil {
		return nil, nil, err
	}
	block, err := newCipher(key)
	return block, iv, err
}

func pbes2Cipher(id oid) (int, func([]byte) (cipher.Block, error), error) {
	switch {
	case id.Equal(oid{2, 16, 840, 1, 101, 3, 4, 1, 2}):
		return 16, aes.NewCipher, nil
	case id.Equal(oid{2, 16, 840, 1, 101, 3, 4, 1, 22}):
		return 24, aes.NewCipher, nil
	case id.Equal(oid{2, 16, 840, 1, 101, 3, 4, 1, 42}):
		return 32, aes.NewCipher, nil
	case id.Equal(oid{1, 2, 840, 113549, 3, 7}):
		return 24, des.NewTripleDESCipher, nil
	}
	return 0, nil, fmt.Errorf("%w: cipher %s", ErrUnsupported, id)
}

// pbkdf2Key reads PBKDF2-params and derives the key (RFC 8018 appendix A.2). The password goes in as UTF-8, which is
// what OpenSSL and Java do.
func pbkdf2Key(params []byte, password string, size int, b *budget) ([]byte, error) {
	var p struct {
		Salt       []byte
		Iterations int
		KeyLength  int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
	if err := unmarshal(params, &p); err != nil {
		return nil, err
	}
	if p.KeyLength != 0 && p.KeyLength != size {
		return nil, fmt.Errorf("%w: key length does not fit the cipher", ErrFormat)
	}
	h, err := prf(p.PRF.Algorithm)
	if err != nil {
		return nil, err
	}
	if err := b.spend(p.Iterations); err != nil {
		return nil, err
	}
	key, err := pbkdf2.Key(h, password, p.Salt, p.Iterations, size)
	if err != nil {
		return nil, fmt.Errorf("%w: key derivation", ErrUnsupported)
	}
	return key, nil
}

// prf names the HMAC of PBKDF2; SHA-1 when the field is missing.
func prf(id oid) (newHash, error) {
	switch {
	case len(id) == 0, id.Equal(oid{1, 2, 840, 113549, 2, 7}):
		return sha1.New, nil
	case id.Equal(oid{1, 2, 840, 113549, 2, 8}):
		return sha256.New224, nil
	case id.Equal(oid{1, 2, 840, 113549, 2, 9}):
		return sha256.New, nil
	case id.Equal(oid{1, 2, 840, 113549, 2, 10}):
		return sha512.New384, nil
	case id.Equal(oid{1, 2, 840, 113549, 2, 11}):
		return sha512.New, nil
	}
	return nil, fmt.Errorf("%w: pseudo-random function %s", ErrUnsupported, id)
}

func pkcs12PBE(params []byte, password string, b *budget, size int, newCipher func([]byte) (cipher.Block, error)) (cipher.Block, []byte, error) {
	var p struct {
		Salt       []byte
		Iterations int
	}
	if err := unmarshal(params, &p); err != nil {
		return nil, nil, err
	}
	for range 2 { // key and initialisation vector
		if err := b.spend(p.Iterations); err != nil {
			return nil, nil, err
		}
	}
	pw := bmpPassword(password)
	key := pkcs12KDF(sha1.New, pw, p.Salt, p.Iterations, 1, size)
	iv := pkcs12KDF(sha1.New, pw, p.Salt, p.Iterations, 2, 8)
	block, err := newCipher(key)
	return block, iv, err
}

// bmpPassword is the password as PKCS#12 hashes it: UTF-16BE with two zero bytes at the end (RFC 7292 appendix B.1).
func bmpPassword(password string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(password)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return append(out, 0, 0)
}

// pkcs12KDF derives size bytes for a purpose: 1 key, 2 initialisation vector, 3 MAC key (RFC 7292 appendix B.2).
func pkcs12KDF(h newHash, password, salt []byte, iterations int, purpose byte, size int) []byte {
	md := h()
	u, v := md.Size(), md.BlockSize()
	diversifier := bytes.Repeat([]byte{purpose}, v)
	input := append(stretch(salt, v), stretch(password, v)...)
	var out []byte
	for {
		md.Reset()
		md.Write(diversifier)
		md.Write(input)
		a := md.Sum(nil)
		for range iterations - 1 {
			md.Reset()
			md.Write(a)
			a = md.Sum(a[:0])
		}
		if out = append(out, a...); len(out) >= size {
			return out[:size]
		}
		addToBlocks(input, stretch(a[:u], v)[:v])
	}
}

// stretch repeats b to the next multiple of v.
func stretch(b []byte, v int) []byte {
	if len(b) == 0 {
		return nil
	}
	n := (len(b) + v - 1) / v * v
	return bytes.Repeat(b, n/len(b)+1)[:n]
}

// addToBlocks adds b+1 to each block of input as big-endian numbers, dropping the carry out of a block.
func addToBlocks(input, b []byte) {
	for start := 0; start+len(b) <= len(input); start += len(b) {
		carry := 1
		for i := len(b) - 1; i >= 0; i-- {
			sum := int(input[start+i]) + int(b[i]) + carry
			input[start+i], carry = byte(sum), sum>>8
		}
	}
}

// decryptPKCS8 opens an EncryptedPrivateKeyInfo (RFC 5958 §3) and gives the PrivateKeyInfo in it.
func decryptPKCS8(der []byte, password string, b *budget) ([]byte, error) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	if err := unmarshal(der, &info); err != nil {
		return nil, err
	}
	return decryptPBE(info.Algorithm, info.Data, password, b)
}

// parsePrivate reads a PrivateKeyInfo.
func parsePrivate(der []byte) (any, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("%w: private key of a kind that is not known, or damaged", ErrUnsupported)
	}
	return key, nil
}
