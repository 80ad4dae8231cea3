package embedded

import (
	"encoding/binary"
	"time"
	"unsafe"

	"gatehouse/internal/am/store"
)

// valueVersion begins every value; another byte is another format.
const valueVersion = 1

// maxIndexValues bounds the entries of one record, for the sake of damaged values.
const maxIndexValues = 1 << 12

// header is a record without key and body, as it precedes the body in a value:
//
//	version (1 byte)  revision (uvarint)  expiry in microseconds (varint, 0: never)
//	number of index values (uvarint), and for each: length (uvarint) and bytes of its
//	name, length (uvarint) and bytes of its value
type header struct {
	rev    uint64
	micros int64
	index  []store.IndexValue
}

func (h *header) exists() bool { return h.rev != 0 }

func (h *header) expired(now time.Time) bool {
	return h.micros != 0 && h.micros <= now.UnixMicro()
}

func (h *header) expires() time.Time {
	if h.micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(h.micros).UTC()
}

func appendHeader(b []byte, h *header) []byte {
	b = binary.AppendUvarint(append(b, valueVersion), h.rev)
	b = binary.AppendVarint(b, h.micros)
	b = binary.AppendUvarint(b, uint64(len(h.index)))
	for _, v := range h.index {
		b = append(binary.AppendUvarint(b, uint64(len(v.Name))), v.Name...)
		b = append(binary.AppendUvarint(b, uint64(len(v.Value))), v.Value...)
	}
	return b
}

// parseHeader reads a value and returns its body. The body, and the texts of the header, are parts of value, which
// must not change as long as they are in use; the body may.
func parseHeader(value []byte) (h header, body []byte, err error) {
	if len(value) == 0 || value[0] != valueVersion {
		return h, nil, errDamaged
	}
	r := bytesReader{rest: value[1:]}
	h.rev = r.uvarint()
	h.micros = r.varint()
	n := r.uvarint()
	if r.bad || h.rev == 0 || n > maxIndexValues {
		return h, nil, errDamaged
	}
	if n > 0 {
		h.index = make([]store.IndexValue, n)
		for i := range h.index {
			h.index[i] = store.IndexValue{Name: r.text(), Value: r.text()}
		}
	}
	if r.bad {
		return h, nil, errDamaged
	}
	return h, r.rest[:len(r.rest):len(r.rest)], nil
}

// recordOf builds the record from its value, which is its own from now on.
func recordOf(k store.Key, value []byte) (store.Record, header, error) {
	h, body, err := parseHeader(value)
	if err != nil {
		return store.Record{}, h, err
	}
	return store.Record{Key: k, Rev: h.rev, Expires: h.expires(), Index: h.index, Body: body}, h, nil
}

// bytesReader reads numbers and texts until one is bad.
type bytesReader struct {
	rest []byte
	bad  bool
}

func (r *bytesReader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	r.skip(size)
	return n
}

func (r *bytesReader) varint() int64 {
	n, size := binary.Varint(r.rest)
	r.skip(size)
	return n
}

func (r *bytesReader) skip(size int) {
	if size <= 0 {
		r.bad, r.rest = true, nil
		return
	}
	r.rest = r.rest[size:]
}

func (r *bytesReader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return ""
	}
	if n == 0 {
		return ""
	}
	s := unsafe.String(&r.rest[0], n)
	r.rest = r.rest[n:]
	return s
}
