package groovy

import (
	"crypto/md5"  //nolint:gosec // scripts name the algorithm; MD5 serves as checksum
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strings"
)

// hashNamed gives the hash of a JCA digest name, nil if it is unknown.
func hashNamed(name string) func() hash.Hash {
	switch strings.ToUpper(name) {
	case "MD5":
		return md5.New
	case "SHA", "SHA1", "SHA-1":
		return sha1.New
	case "SHA-224", "SHA224":
		return sha256.New224
	case "SHA-256", "SHA256":
		return sha256.New
	case "SHA-384", "SHA384":
		return sha512.New384
	case "SHA-512", "SHA512":
		return sha512.New
	}
	return nil
}

func digestHex(_ *Call, b []byte, name string) (Value, error) {
	h := hashNamed(name)
	if h == nil {
		return nil, Throw("java.security.NoSuchAlgorithmException", "%s MessageDigest not available", name)
	}
	d := h()
	d.Write(b)
	return hexText(d.Sum(nil)), nil
}
