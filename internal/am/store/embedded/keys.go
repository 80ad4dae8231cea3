package embedded

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"gatehouse/internal/am/store"
)

// The keys of the store, by their first byte:
//
//	r realm kind id                  a record
//	i realm kind name value id       an entry of an index, without a value
//	x time realm kind id             when a record expires, without a value
//	v                                the version of this format
//
// realm, kind, name and value end with 00 01, and a 00 within them is 00 FF; so keys
// sort by these parts, and none is the beginning of another. The id is the rest of the
// key, and sorts by its bytes.
const (
	recordKeys = 'r'
	indexKeys  = 'i'
	expiryKeys = 'x'
	versionKey = 'v'
)

var errDamaged = errors.New("a stored record is damaged")

func appendPart(b []byte, part string) []byte {
	for i := range len(part) {
		b = append(b, part[i])
		if part[i] == 0 {
			b = append(b, 0xff)
		}
	}
	return append(b, 0, 1)
}

// cutPart reads what appendPart wrote.
func cutPart(b []byte) (part string, rest []byte, ok bool) {
	var out []byte
	for {
		i := bytes.IndexByte(b, 0)
		if i < 0 || i+1 == len(b) {
			return "", nil, false
		}
		out = append(out, b[:i]...)
		switch b[i+1] {
		case 1:
			return string(out), b[i+2:], true
		case 0xff:
			out, b = append(out, 0), b[i+2:]
		default:
			return "", nil, false
		}
	}
}

// appendPlace appends what names a record in all of its keys.
func appendPlace(b []byte, k store.Key) []byte {
	return append(appendPart(appendPart(b, k.Realm), k.Kind), k.ID...)
}

func appendRecordKey(b []byte, k store.Key) []byte {
	return appendPlace(append(b, recordKeys), k)
}

// appendIndexKey appends an index key without the ID: the common beginning of all
// records that have the value.
func appendIndexKey(b []byte, realm, kind string, v store.IndexValue) []byte {
	b = appendPart(appendPart(append(b, indexKeys), realm), kind)
	return appendPart(appendPart(b, v.Name), v.Value)
}

func appendExpiryKey(b []byte, micros int64, k store.Key) []byte {
	return appendPlace(appendExpiryTime(b, micros), k)
}

func appendExpiryTime(b []byte, micros int64) []byte {
	return binary.BigEndian.AppendUint64(append(b, expiryKeys), uint64(micros)^1<<63) // so that negative ones sort first
}

// cutExpiryKey reads what appendExpiryKey wrote.
func cutExpiryKey(b []byte) (micros int64, k store.Key, ok bool) {
	if len(b) < 9 {
		return 0, k, false
	}
	micros = int64(binary.BigEndian.Uint64(b[1:9]) ^ 1<<63)
	var rest []byte
	if k.Realm, rest, ok = cutPart(b[9:]); ok {
		k.Kind, rest, ok = cutPart(rest)
		k.ID = string(rest)
	}
	return micros, k, ok
}

// after returns the first key behind all keys that begin with prefix.
func after(prefix []byte) []byte {
	end := bytes.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// micros is an expiry as it is stored; 0 is never, which no expiry is mistaken for.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	if us := t.UnixMicro(); us != 0 {
		return us
	}
	return 1
}
