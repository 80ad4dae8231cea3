package groovy

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"hash"
	"strings"
	"sync"
)

// digest is a MessageDigest or a Mac.
type digest struct {
	mu    sync.Mutex
	class string
	alg   string
	h     hash.Hash
	newH  func() hash.Hash
}

func (d *digest) javaName() string { return d.class }

// secretKey is javax.crypto.spec.SecretKeySpec.
type secretKey struct {
	alg string
	b   []byte
}

func (*secretKey) javaName() string { return "javax.crypto.spec.SecretKeySpec" }
func (*secretKey) String() string   { return "javax.crypto.spec.SecretKeySpec@1" }

// ivSpec is an IvParameterSpec or GCMParameterSpec.
type ivSpec struct {
	iv   []byte
	tag  int
	name string
}

func (s *ivSpec) javaName() string { return s.name }

// aesCipher is javax.crypto.Cipher for AES.
type aesCipher struct {
	mode, pad string
	encrypt   bool
	block     cipher.Block
	iv        []byte
	tag       int
	aad, buf  []byte
}

func (*aesCipher) javaName() string { return "javax.crypto.Cipher" }

func bytesArg(c *Call, i int) ([]byte, error) {
	switch x := c.Arg(i).(type) {
	case []byte:
		return x, nil
	case int8:
		return []byte{byte(x)}, nil
	case int32:
		return []byte{byte(x)}, nil
	}
	return nil, c.NoSuchMethod()
}

func digestMethods() table {
	self := func(c *Call) *digest { return c.This.(*digest) }
	finish := func(c *Call) (Value, error) {
		d := self(c)
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.h == nil {
			return nil, Throw(excIllegalState, "%s is not initialized", d.class)
		}
		if len(c.Args) > 0 {
			b, err := bytesArg(c, 0)
			if err != nil {
				return nil, err
			}
			d.h.Write(b)
		}
		out := d.h.Sum(nil)
		d.h.Reset()
		return out, nil
	}
	return table{
		"digest": finish, "doFinal": finish,
		"update": func(c *Call) (Value, error) {
			b, err := bytesArg(c, 0)
			if err != nil {
				return nil, err
			}
			d := self(c)
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.h == nil {
				return nil, Throw(excIllegalState, "%s is not initialized", d.class)
			}
			d.h.Write(b)
			return nil, nil
		},
		"reset": give(func(c *Call) Value {
			if d := self(c); d.h != nil {
				d.h.Reset()
			}
			return nil
		}),
		"getAlgorithm": give(func(c *Call) Value { return self(c).alg }),
		"init": func(c *Call) (Value, error) {
			k, ok := c.Arg(0).(*secretKey)
			if !ok {
				return nil, Throw("java.security.InvalidKeyException", "a SecretKeySpec is needed")
			}
			d := self(c)
			d.h = hmac.New(d.newH, k.b)
			return nil, nil
		},
	}
}

func newCipher(c *Call) (Value, error) {
	parts := strings.Split(strings.ToUpper(c.Str(0)), "/")
	if len(parts) == 1 {
		parts = append(parts, "ECB", "PKCS5PADDING")
	}
	ok := len(parts) == 3 && parts[0] == "AES" && (parts[1] == "CBC" || parts[1] == "GCM" || parts[1] == "CTR" || parts[1] == "ECB") &&
		(parts[2] == "NOPADDING" || parts[2] == "PKCS5PADDING" || parts[2] == "PKCS7PADDING")
	if !ok {
		return nil, Throw("java.security.NoSuchAlgorithmException", "Cannot find any provider supporting %s", clip(c.Str(0)))
	}
	return &aesCipher{mode: parts[1], pad: parts[2]}, nil
}

func cipherInit(c *Call) (Value, error) {
	x := c.This.(*aesCipher)
	mode, _ := c.Int(0)
	k, ok := c.Arg(1).(*secretKey)
	if !ok {
		return nil, Throw("java.security.InvalidKeyException", "an AES key is needed")
	}
	b, err := aes.NewCipher(k.b)
	if err != nil {
		return nil, Throw("java.security.InvalidKeyException", "Invalid AES key length: %d bytes", len(k.b))
	}
	x.encrypt, x.block, x.buf, x.aad = mode == 1, b, nil, nil
	x.iv, x.tag = nil, 16
	if s, ok := c.Arg(2).(*ivSpec); ok {
		x.iv = s.iv
		if s.tag > 0 {
			x.tag = s.tag / 8
		}
	} else if x.encrypt && x.mode != "ECB" {
		n := 16
		if x.mode == "GCM" {
			n = 12
		}
		x.iv = make([]byte, n)
		_, _ = rand.Read(x.iv)
	}
	if x.mode != "ECB" && x.mode != "GCM" && len(x.iv) != 16 || x.mode == "GCM" && (len(x.iv) == 0 || x.tag < 12 || x.tag > 16) {
		return nil, Throw("java.security.InvalidAlgorithmParameterException", "Wrong IV or tag length")
	}
	return nil, nil
}

func cipherFinal(c *Call) (Value, error) {
	x := c.This.(*aesCipher)
	if x.block == nil {
		return nil, Throw(excIllegalState, "Cipher not initialized")
	}
	data := x.buf
	x.buf = nil
	if len(c.Args) > 0 {
		b, err := bytesArg(c, 0)
		if err != nil {
			return nil, err
		}
		data = append(data, b...)
	}
	c.th.alloc(int64(len(data)) * 2)
	switch x.mode {
	case "GCM":
		g, err := gcm(x)
		if err != nil {
			return nil, Throw("java.security.InvalidAlgorithmParameterException", "Wrong IV or tag length")
		}
		if x.encrypt {
			return g.Seal(nil, x.iv, data, x.aad), nil
		}
		out, err := g.Open(nil, x.iv, data, x.aad)
		if err != nil {
			return nil, Throw("javax.crypto.AEADBadTagException", "Tag mismatch")
		}
		return out, nil
	case "CTR":
		out := make([]byte, len(data))
		cipher.NewCTR(x.block, x.iv).XORKeyStream(out, data)
		return out, nil
	}
	return x.blocks(data)
}

func gcm(x *aesCipher) (cipher.AEAD, error) {
	if x.tag != 16 {
		return cipher.NewGCMWithTagSize(x.block, x.tag)
	}
	return cipher.NewGCMWithNonceSize(x.block, len(x.iv))
}

// blocks runs CBC and ECB with their padding.
func (x *aesCipher) blocks(data []byte) (Value, error) {
	padded := x.pad != "NOPADDING"
	if x.encrypt && padded {
		n := 16 - len(data)%16
		data = append(append([]byte(nil), data...), []byte(strings.Repeat(string(rune(n)), n))...)
	}
	if len(data)%16 != 0 {
		return nil, Throw("javax.crypto.IllegalBlockSizeException", "Input length must be multiple of 16")
	}
	out := make([]byte, len(data))
	switch {
	case x.mode == "ECB":
		for i := 0; i < len(data); i += 16 {
			if x.encrypt {
				x.block.Encrypt(out[i:i+16], data[i:i+16])
			} else {
				x.block.Decrypt(out[i:i+16], data[i:i+16])
			}
		}
	case x.encrypt:
		cipher.NewCBCEncrypter(x.block, x.iv).CryptBlocks(out, data)
	default:
		cipher.NewCBCDecrypter(x.block, x.iv).CryptBlocks(out, data)
	}
	if !x.encrypt && padded {
		if len(out) == 0 {
			return out, nil
		}
		n := int(out[len(out)-1])
		good := n >= 1 && n <= 16
		for i := 1; good && i <= n; i++ {
			good = int(out[len(out)-i]) == n
		}
		if !good {
			return nil, Throw("javax.crypto.BadPaddingException", "Given final block not properly padded.")
		}
		out = out[:len(out)-n]
	}
	return out, nil
}

func cryptoClasses() []*Class {
	iv := func(name string) *Class {
		return &Class{Name: name, New: func(c *Call) (Value, error) {
			s := &ivSpec{name: name}
			at := 0
			if n, ok := c.Int(0); ok {
				s.tag, at = int(n), 1
			}
			b, err := bytesArg(c, at)
			s.iv = append([]byte(nil), b...)
			return s, err
		}, Methods: table{"getIV": give(func(c *Call) Value { return append([]byte(nil), c.This.(*ivSpec).iv...) })}}
	}
	out := []*Class{
		{Name: "java.security.MessageDigest", Methods: digestMethods(), Static: table{
			"getInstance": func(c *Call) (Value, error) {
				h := hashNamed(c.Str(0))
				if h == nil {
					return nil, Throw("java.security.NoSuchAlgorithmException", "%s MessageDigest not available", clip(c.Str(0)))
				}
				return &digest{class: "java.security.MessageDigest", alg: c.Str(0), h: h()}, nil
			},
			"isEqual": func(c *Call) (Value, error) {
				a, err := bytesArg(c, 0)
				if err != nil {
					return nil, err
				}
				b, err := bytesArg(c, 1)
				return hmac.Equal(a, b), err
			},
		}},
		{Name: "javax.crypto.Mac", Methods: digestMethods(), Static: table{"getInstance": func(c *Call) (Value, error) {
			alg := c.Str(0)
			h := hashNamed(strings.TrimPrefix(strings.ToUpper(alg), "HMAC"))
			if h == nil || !strings.HasPrefix(strings.ToUpper(alg), "HMAC") {
				return nil, Throw("java.security.NoSuchAlgorithmException", "Algorithm %s not available", clip(alg))
			}
			return &digest{class: "javax.crypto.Mac", alg: alg, newH: h}, nil
		}}},
		{Name: "javax.crypto.SecretKey", Interface: true, Implements: []string{"java.security.Key"}},
		{Name: "javax.crypto.spec.SecretKeySpec", Implements: []string{"javax.crypto.SecretKey"}, New: func(c *Call) (Value, error) {
			b, err := bytesArg(c, 0)
			if err != nil {
				return nil, err
			}
			if len(b) == 0 {
				return nil, Throw(excIllegalArg, "Empty key")
			}
			return &secretKey{alg: c.Str(len(c.Args) - 1), b: append([]byte(nil), b...)}, nil
		}, Methods: table{
			"getAlgorithm": give(func(c *Call) Value { return c.This.(*secretKey).alg }),
			"getEncoded":   give(func(c *Call) Value { return append([]byte(nil), c.This.(*secretKey).b...) }),
			"getFormat":    give(func(*Call) Value { return "RAW" }),
		}},
		iv("javax.crypto.spec.IvParameterSpec"), iv("javax.crypto.spec.GCMParameterSpec"),
		{Name: "javax.crypto.Cipher", Static: table{"getInstance": newCipher},
			StaticFields: map[string]func() Value{"ENCRYPT_MODE": constant(int32(1)), "DECRYPT_MODE": constant(int32(2))},
			Methods: table{
				"init": cipherInit, "doFinal": cipherFinal,
				"update": func(c *Call) (Value, error) {
					b, err := bytesArg(c, 0)
					x := c.This.(*aesCipher)
					c.th.alloc(int64(len(b)))
					x.buf = append(x.buf, b...)
					return []byte{}, err
				},
				"updateAAD": func(c *Call) (Value, error) {
					b, err := bytesArg(c, 0)
					x := c.This.(*aesCipher)
					x.aad = append(x.aad, b...)
					return nil, err
				},
				"getIV":        give(func(c *Call) Value { return c.This.(*aesCipher).iv }),
				"getBlockSize": give(func(*Call) Value { return int32(16) }),
			}},
	}
	return append(out, keyClasses()...)
}
