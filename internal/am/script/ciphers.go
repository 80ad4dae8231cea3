package script

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"

	"gatehouse/internal/groovy"
)

// ciphered is utils.crypto.subtle.encrypt or decrypt: an algorithm, a key, data.
func ciphered(do func(name string, key, data []byte) (groovy.Value, error)) groovy.Method {
	return withArgs(3, func(c *groovy.Call) (groovy.Value, error) {
		key, err := bytesOf(c.Arg(1))
		if err != nil {
			return nil, err
		}
		data, err := bytesOf(c.Arg(2))
		if err != nil {
			return nil, err
		}
		return do(algorithmOf(c.Arg(0)).name, key, data)
	})
}

// encrypt is what Java makes of the names alone: AES block by block with padding (ECB, PKCS #5), and RSA with the
// padding of PKCS #1 v1.5. Neither is what one would choose today; what PingAM encrypted must open here.
func encrypt(name string, key, data []byte) (groovy.Value, error) {
	switch name {
	case "AES":
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, illegal("encrypt: an AES key has 16, 24 or 32 bytes")
		}
		pad := aes.BlockSize - len(data)%aes.BlockSize
		out := append(bytes.Clone(data), bytes.Repeat([]byte{byte(pad)}, pad)...)
		for at := 0; at < len(out); at += aes.BlockSize {
			block.Encrypt(out[at:], out[at:])
		}
		return out, nil
	case "RSA":
		public, err := x509.ParsePKIXPublicKey(key)
		k, ok := public.(*rsa.PublicKey)
		if err != nil || !ok {
			return nil, illegal("encrypt: the key is no public RSA key in X.509")
		}
		out, err := rsa.EncryptPKCS1v15(rand.Reader, k, data) //nolint:staticcheck // see above
		if err != nil {
			return nil, illegal("encrypt: %v", err)
		}
		return out, nil
	}
	return nil, algorithm{name: name}.unknown()
}

func decrypt(name string, key, data []byte) (groovy.Value, error) {
	wrong := illegal("decrypt: the data was not encrypted with this key")
	switch name {
	case "AES":
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, illegal("decrypt: an AES key has 16, 24 or 32 bytes")
		}
		if len(data) == 0 || len(data)%aes.BlockSize != 0 {
			return nil, wrong
		}
		out := bytes.Clone(data)
		for at := 0; at < len(out); at += aes.BlockSize {
			block.Decrypt(out[at:], out[at:])
		}
		pad := int(out[len(out)-1])
		if pad == 0 || pad > aes.BlockSize || !hmac.Equal(out[len(out)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
			return nil, wrong
		}
		return out[:len(out)-pad], nil
	case "RSA":
		private, err := x509.ParsePKCS8PrivateKey(key)
		k, ok := private.(*rsa.PrivateKey)
		if err != nil || !ok {
			return nil, illegal("decrypt: the key is no private RSA key in PKCS #8")
		}
		out, err := rsa.DecryptPKCS1v15(nil, k, data) //nolint:staticcheck // see encrypt
		if err != nil {
			return nil, wrong
		}
		return out, nil
	}
	return nil, algorithm{name: name}.unknown()
}

// Signatures of ECDSA are the two numbers one behind the other, as in JWTs (IEEE P1363), and the hash is as long as the
// curve's.
func signECDSA(k *ecdsa.PrivateKey, hash crypto.Hash, sum []byte) (groovy.Value, error) {
	size, err := sizeECDSA(&k.PublicKey, hash)
	if err != nil {
		return nil, err
	}
	r, s, err := ecdsa.Sign(rand.Reader, k, sum)
	if err != nil {
		return nil, err
	}
	return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...), nil
}

func verifyECDSA(k *ecdsa.PublicKey, hash crypto.Hash, sum, signature []byte) (groovy.Value, error) {
	size, err := sizeECDSA(k, hash)
	if err != nil {
		return nil, err
	}
	if len(signature) != 2*size {
		return false, nil
	}
	return ecdsa.Verify(k, sum, new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])), nil
}

// sizeECDSA is the length of a number of the curve, which the hash must fit.
func sizeECDSA(k *ecdsa.PublicKey, hash crypto.Hash) (int, error) {
	bits := k.Curve.Params().BitSize
	if fits := map[int]crypto.Hash{256: crypto.SHA256, 384: crypto.SHA384, 521: crypto.SHA512}; fits[bits] != hash {
		return 0, illegal("utils.crypto.subtle: a key on P-%d goes with a hash of its length", bits)
	}
	return (bits + 7) / 8, nil
}
