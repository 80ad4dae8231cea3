package embedded

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"sync"
)

// hotBytes is how much memory hot records take. The cache of blocks needs ten times as much for as many of them: a block
// holds a dozen records, of which one is in use.
const (
	hotBytes  = 16 << 20
	hotShards = 16
	// hotMost is the longest record that is kept.
	hotMost = 4 << 10
)

// hot keeps the values that were read last. It may be used concurrently.
type hot struct {
	seed   maphash.Seed
	shards [hotShards]hotShard
}

// hotShard keeps its values one behind the other in a ring, where a new one takes the place of the oldest: nothing that the
// garbage collector would have to look at.
type hotShard struct {
	mu sync.Mutex
	// writes counts records that were written: what was read before is not kept after one.
	writes uint64
	places map[uint64]uint32
	ring   []byte
	// In use is [tail, head) or, when head has begun at the start again, [tail, end) and [0, head).
	tail, head, end int
	wrapped         bool
}

// hotKey is where a key belongs.
type hotKey struct {
	*hotShard
	hash uint64
}

func (h *hot) of(key []byte) hotKey {
	hash := maphash.Bytes(h.seed, key)
	return hotKey{&h.shards[hash%hotShards], hash}
}

// get returns a copy of the value, or nil and what put wants to know.
func (k hotKey) get(key []byte) (value []byte, writes uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if at, ok := k.places[k.hash]; ok {
		if _, stored, v := k.entry(int(at)); bytes.Equal(stored, key) {
			return bytes.Clone(v), k.writes
		}
	}
	return nil, k.writes
}

// put keeps a value that was read after get, unless something was written meanwhile.
func (k hotKey) put(key, value []byte, writes uint64) {
	if len(key)+len(value) > hotMost {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.writes != writes {
		return
	}
	if k.ring == nil {
		k.ring, k.places = make([]byte, hotBytes/hotShards), map[uint64]uint32{}
	}
	k.push(k.hash, key, value)
}

// forget is for a record that was written.
func (k hotKey) forget() {
	k.mu.Lock()
	k.writes++
	delete(k.places, k.hash)
	k.mu.Unlock()
}

// An entry is the length of key and value (4 bytes), of the key (2 bytes), the hash (8 bytes), key and value.
const hotHead = 14

func (s *hotShard) entry(at int) (size int, key, value []byte) {
	e := s.ring[at:]
	size = hotHead + int(binary.LittleEndian.Uint32(e))
	value = e[hotHead:size]
	n := binary.LittleEndian.Uint16(e[4:])
	return size, value[:n], value[n:]
}

func (s *hotShard) push(hash uint64, key, value []byte) {
	s.makeRoom(hotHead + len(key) + len(value))
	s.places[hash] = uint32(s.head)
	b := s.ring[s.head:s.head:len(s.ring)]
	b = binary.LittleEndian.AppendUint32(b, uint32(len(key)+len(value)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(key)))
	b = binary.LittleEndian.AppendUint64(b, hash)
	s.head += len(append(append(b, key...), value...))
}

// makeRoom sees to it that n bytes are free behind head.
func (s *hotShard) makeRoom(n int) {
	for {
		if !s.wrapped {
			if s.head+n <= len(s.ring) {
				return
			}
			s.end, s.head, s.wrapped = s.head, 0, true
		}
		if s.head+n <= s.tail {
			return
		}
		hash := binary.LittleEndian.Uint64(s.ring[s.tail+6:])
		if s.places[hash] == uint32(s.tail) { // it was not read again, nor forgotten, since
			delete(s.places, hash)
		}
		size, _, _ := s.entry(s.tail)
		if s.tail += size; s.tail >= s.end {
			s.tail, s.wrapped = 0, false
		}
	}
}
