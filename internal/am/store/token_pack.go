package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unsafe"
)

// Bodies of tokens are packed: half the size of JSON, which is what decides how many of millions fit in a cache, and a
// tenth of the time. A body that begins with packed is: its fields one behind the other, in the order of Token.pack.
const packed = 1

func packToken(t *Token) []byte {
	p := packer{buf: append(make([]byte, 0, 320), packed)}
	t.pack(&p)
	return p.buf
}

// unpackToken reads a body, of which t keeps parts.
func unpackToken(rec Record, t *Token) error {
	if len(rec.Body) == 0 || rec.Body[0] != packed {
		old, err := decodeFast[Token](rec) // of a store that was filled before there were packed ones
		*t = old
		return err
	}
	p := packer{reading: true, buf: rec.Body[1:]}
	*t = Token{}
	t.pack(&p)
	if p.bad || len(p.buf) != 0 {
		return fmt.Errorf("read record %s of kind %s: it is damaged", rec.ID, rec.Kind)
	}
	return nil
}

// pack writes or reads the fields: one list for both, so that they cannot differ. A new field goes to the end.
func (t *Token) pack(p *packer) {
	p.text(&t.Kind)
	p.text(&t.Realm)
	p.text(&t.Issuer)
	p.text(&t.ClientID)
	p.text(&t.Subject.Type)
	p.text(&t.Subject.Name)
	p.texts(&t.Scopes)
	p.text(&t.GrantType)
	p.text(&t.GrantID)
	p.text(&t.AuditID)
	p.time(&t.IssuedAt)
	p.time(&t.Expires)
	p.time(&t.AuthTime)
	p.number(&t.AuthLevel)
	p.text(&t.Nonce)
	p.text(&t.ACR)
	p.texts(&t.AMR)
	p.texts(&t.Audience)
	p.raw(&t.MayAct)
	p.raw(&t.Act)
	p.raw(&t.Cnf)
	p.members(&t.Extra)
	p.texts(&t.Removed)
	p.text(&t.SessionID)
	p.text(&t.RefreshID)
	p.time(&t.Used)
	p.time(&t.GraceUntil)
	p.text(&t.Claims)
	p.raw(&t.Details)
}

// packer appends values to buf, or reads them from it until something is bad. Texts and lists are preceded by their
// length, numbers are varints.
type packer struct {
	buf          []byte
	reading, bad bool
}

// words are texts that nearly every token has; each is stored as the number behind all lengths.
var words = [...]string{"access", "refresh", "client_credentials", "authorization_code", "usr", "age", "/"}

func (p *packer) text(s *string) {
	if !p.reading {
		if i := slices.Index(words[:], *s); i >= 0 {
			p.buf = binary.AppendUvarint(p.buf, uint64(i)<<1|1)
			return
		}
		p.buf = append(binary.AppendUvarint(p.buf, uint64(len(*s))<<1), *s...)
		return
	}
	n := p.uvarint()
	switch {
	case n&1 == 1 && n>>1 < uint64(len(words)):
		*s = words[n>>1]
	case n&1 == 1 || n>>1 > uint64(len(p.buf)):
		p.fail()
	case n > 0:
		// A part of the body, which nobody changes: whoever writes the record again makes another.
		*s = unsafe.String(&p.buf[0], n>>1)
		p.buf = p.buf[n>>1:]
	}
}

func (p *packer) texts(list *[]string) {
	n := p.count(len(*list))
	if p.reading && n > 0 {
		*list = make([]string, n)
	}
	for i := range *list {
		p.text(&(*list)[i])
	}
}

func (p *packer) raw(v *json.RawMessage) {
	s := string(*v)
	p.text(&s)
	if p.reading && s != "" {
		*v = json.RawMessage(s)
	}
}

func (p *packer) members(m *map[string]json.RawMessage) {
	n := p.count(len(*m))
	if !p.reading {
		for name, v := range *m {
			p.text(&name)
			p.raw(&v)
		}
		return
	}
	if n > 0 {
		*m = make(map[string]json.RawMessage, n)
	}
	for range n {
		var name string
		var v json.RawMessage
		p.text(&name)
		p.raw(&v)
		(*m)[name] = v
	}
}

func (p *packer) number(n *int) {
	if !p.reading {
		p.buf = binary.AppendVarint(p.buf, int64(*n))
		return
	}
	v, size := binary.Varint(p.buf)
	p.skip(size)
	*n = int(v)
}

// time is of UTC. The zero time is a single byte.
func (p *packer) time(t *time.Time) {
	const year1 = -62135596800 // the zero time, in seconds since 1970
	if !p.reading {
		s := uint64(t.Unix() - year1)
		p.buf = binary.AppendUvarint(p.buf, s)
		if s != 0 {
			p.buf = binary.AppendUvarint(p.buf, uint64(t.Nanosecond()))
		}
		return
	}
	if s := p.uvarint(); s != 0 {
		*t = time.Unix(int64(s)+year1, int64(p.uvarint())).UTC()
	}
}

// count writes n, or reads a number of values, each of which takes a byte at least.
func (p *packer) count(n int) int {
	if !p.reading {
		p.buf = binary.AppendUvarint(p.buf, uint64(n))
		return n
	}
	if v := p.uvarint(); v <= uint64(len(p.buf)) {
		return int(v)
	}
	p.fail()
	return 0
}

func (p *packer) uvarint() uint64 {
	v, size := binary.Uvarint(p.buf)
	p.skip(size)
	return v
}

func (p *packer) skip(size int) {
	if size <= 0 {
		p.fail()
		return
	}
	p.buf = p.buf[size:]
}

func (p *packer) fail() { p.bad, p.buf = true, nil }
