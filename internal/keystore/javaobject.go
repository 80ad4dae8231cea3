package keystore

import (
	"encoding/binary"
	"fmt"
)

// JCEKS keeps secret keys as serialised Java objects. This reads as much of that format (Java Object Serialization
// Specification §6) as such objects use: classes with plain fields, strings, byte arrays, back references. It builds
// nothing but maps of field names; no class of the stream is ever looked up.

// javaObject holds the fields of one object over all its classes: string, []byte, *javaObject or nil.
type javaObject map[string]any

type javaClass struct {
	fields []javaField
	super  *javaClass
}

type javaField struct {
	kind byte // a primitive's letter, '[' or 'L'
	name string
}

// objects of nested classes deeper than this are not those of a key store.
const maxJavaDepth = 16

type javaStream struct {
	*java
	handles []any
	depth   int
}

// object reads one whole stream and leaves what follows it.
func (r *java) object() (javaObject, error) {
	magic, err := r.take(4)
	if err != nil {
		return nil, err
	}
	if binary.BigEndian.Uint32(magic) != 0xACED0005 {
		return nil, fmt.Errorf("%w: not a serialised secret key", ErrFormat)
	}
	v, err := (&javaStream{java: r}).value()
	if err != nil {
		return nil, err
	}
	o, ok := v.(javaObject)
	if !ok {
		return nil, fmt.Errorf("%w: not a serialised secret key", ErrFormat)
	}
	return o, nil
}

func (s *javaStream) tag() (byte, error) {
	b, err := s.take(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

func (s *javaStream) value() (any, error) {
	if s.depth++; s.depth > maxJavaDepth {
		return nil, fmt.Errorf("%w: objects nested too deeply", ErrFormat)
	}
	defer func() { s.depth-- }()
	tag, err := s.tag()
	if err != nil {
		return nil, err
	}
	switch tag {
	case 0x70: // null
		return nil, nil
	case 0x71:
		return s.reference()
	case 0x73:
		return s.newObject()
	case 0x74:
		text, err := s.text()
		s.handles = append(s.handles, text)
		return text, err
	case 0x75:
		return s.newArray()
	}
	return nil, fmt.Errorf("%w: serialised object of an unusual form", ErrUnsupported)
}

func (s *javaStream) reference() (any, error) {
	n, err := s.uint32()
	if err != nil {
		return nil, err
	}
	i := int64(n) - 0x7E0000
	if i < 0 || i >= int64(len(s.handles)) {
		return nil, fmt.Errorf("%w: reference to nowhere", ErrFormat)
	}
	return s.handles[i], nil
}

// class reads a class description, nil for none.
func (s *javaStream) class() (*javaClass, error) {
	if s.depth++; s.depth > maxJavaDepth {
		return nil, fmt.Errorf("%w: classes nested too deeply", ErrFormat)
	}
	defer func() { s.depth-- }()
	tag, err := s.tag()
	if err != nil {
		return nil, err
	}
	switch tag {
	case 0x70:
		return nil, nil
	case 0x71:
		v, err := s.reference()
		if err != nil {
			return nil, err
		}
		c, ok := v.(*javaClass)
		if !ok {
			return nil, fmt.Errorf("%w: reference to something else than a class", ErrFormat)
		}
		return c, nil
	case 0x72:
		return s.newClass()
	}
	return nil, fmt.Errorf("%w: class of an unusual form", ErrUnsupported)
}

func (s *javaStream) newClass() (*javaClass, error) {
	if _, err := s.text(); err != nil { // name
		return nil, err
	}
	if _, err := s.take(8); err != nil { // version
		return nil, err
	}
	c := &javaClass{}
	s.handles = append(s.handles, c)
	head, err := s.take(3)
	if err != nil {
		return nil, err
	}
	if head[0] != 2 { // serialisable, without a writeObject method of its own
		return nil, fmt.Errorf("%w: class of an unusual form", ErrUnsupported)
	}
	for range binary.BigEndian.Uint16(head[1:]) {
		f, err := s.field()
		if err != nil {
			return nil, err
		}
		c.fields = append(c.fields, f)
	}
	if end, err := s.tag(); err != nil || end != 0x78 {
		return nil, fmt.Errorf("%w: class of an unusual form", ErrUnsupported)
	}
	c.super, err = s.class()
	return c, err
}

func (s *javaStream) field() (javaField, error) {
	kind, err := s.tag()
	if err != nil {
		return javaField{}, err
	}
	name, err := s.text()
	if err != nil {
		return javaField{}, err
	}
	if kind == 'L' || kind == '[' {
		if _, err := s.value(); err != nil { // its type, a string
			return javaField{}, err
		}
	}
	return javaField{kind: kind, name: name}, nil
}

func (s *javaStream) newObject() (any, error) {
	c, err := s.class()
	if err != nil {
		return nil, err
	}
	o := javaObject{}
	s.handles = append(s.handles, o)
	return o, s.fieldsOf(c, o, maxJavaDepth)
}

// fieldsOf reads values, those of the superclass first.
func (s *javaStream) fieldsOf(c *javaClass, o javaObject, depth int) error {
	if c == nil {
		return nil
	}
	if depth == 0 { // a class can name itself as its parent
		return fmt.Errorf("%w: classes nested too deeply", ErrFormat)
	}
	if err := s.fieldsOf(c.super, o, depth-1); err != nil {
		return err
	}
	for _, f := range c.fields {
		v, err := s.fieldValue(f.kind)
		if err != nil {
			return err
		}
		o[f.name] = v
	}
	return nil
}

func (s *javaStream) fieldValue(kind byte) (any, error) {
	switch kind {
	case 'L', '[':
		return s.value()
	case 'B', 'Z':
		return s.take(1)
	case 'C', 'S':
		return s.take(2)
	case 'I', 'F':
		return s.take(4)
	case 'J', 'D':
		return s.take(8)
	}
	return nil, fmt.Errorf("%w: kind of a field", ErrFormat)
}

// newArray reads a byte array, the only kind that keys hold.
func (s *javaStream) newArray() (any, error) {
	if _, err := s.class(); err != nil {
		return nil, err
	}
	s.handles = append(s.handles, nil)
	mine := len(s.handles) - 1
	b, err := s.block()
	s.handles[mine] = b
	return b, err
}

// sealedSecret reads a secret key of JCEKS: a sealed object whose content is again a serialised object.
func (r *java) sealedSecret(e *Entry) error {
	sealed, err := r.object()
	if err != nil {
		return err
	}
	e.Err = r.unseal(e, sealed)
	return nil
}

func (r *java) unseal(e *Entry, sealed javaObject) error {
	if alg, _ := sealed["sealAlg"].(string); alg != "PBEWithMD5AndTripleDES" {
		return fmt.Errorf("%w: protection of a secret key", ErrUnsupported)
	}
	params, _ := sealed["encodedParams"].([]byte)
	content, _ := sealed["encryptedContent"].([]byte)
	plain, err := decryptJCEKS(params, content, r.passwords.entry(), r.budget)
	if err != nil {
		return err
	}
	key, err := (&java{rest: plain, budget: r.budget}).object()
	if err != nil {
		return err
	}
	e.Algorithm, _ = key["algorithm"].(string)
	if e.Secret, _ = key["key"].([]byte); e.Secret == nil {
		e.Secret, _ = key["encoded"].([]byte)
	}
	if len(e.Secret) == 0 {
		return fmt.Errorf("%w: class of a secret key", ErrUnsupported)
	}
	return nil
}
