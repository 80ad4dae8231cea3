package jose

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/fips140"
	"math/big"
	"sync/atomic"

	"filippo.io/nistec"
)

// p256Table checks ECDSA signatures on P-256 (FIPS 186-5 §6.4.2) with multiples of the public key Q that are made ready
// once, as the standard library has them of the base point alone; that halves the cost of a check. It has d·16^i·Q for
// each place i, the lowest first, and digit d from 1 to 15: 92 KiB. The arithmetic of points is the library's, and
// nothing here is secret.
type p256Table [64][15]nistec.P256Point

// p256Patience is how many signatures of a key the standard library checks before a table is made for it, which costs
// as much as some twenty checks. Keys of one proof or one assertion never get there.
const p256Patience = 64

// p256Verifier has the table of a key that is used often. Safe for concurrent use.
type p256Verifier struct {
	pub   *ecdsa.PublicKey
	seen  atomic.Int32
	table atomic.Pointer[p256Table]
}

// newP256Verifier gives nil where the standard library has to do it.
func newP256Verifier(pub *ecdsa.PublicKey) *p256Verifier {
	if fips140.Enabled() || pub.Curve != elliptic.P256() {
		return nil // in FIPS 140 mode a module that was certified has to do the arithmetic
	}
	return &p256Verifier{pub: pub}
}

// ready counts a check and gives the table to make it with, nil when the standard library should.
func (v *p256Verifier) ready() *p256Table {
	if t := v.table.Load(); t != nil {
		return t
	}
	if v.seen.Add(1) != p256Patience {
		return nil
	}
	raw, err := v.pub.Bytes()
	if err != nil {
		return nil
	}
	q, err := nistec.NewP256Point().SetBytes(raw) // checks that it is on the curve
	if err != nil {
		return nil
	}
	t := newP256Table(q)
	v.table.Store(t)
	return t
}

func newP256Table(q *nistec.P256Point) *p256Table {
	var t p256Table
	place := nistec.NewP256Point().Set(q)
	for i := range t {
		row := &t[i]
		row[0].Set(place)
		for d := 1; d < len(row); d++ {
			row[d].Add(&row[d-1], place)
		}
		place.Add(&row[len(row)-1], place)
	}
	return &t
}

// addMultiple adds k·Q to p.
func (t *p256Table) addMultiple(p *nistec.P256Point, k *[32]byte) {
	for i := range t {
		digit := k[31-i/2] >> (4 * (i % 2)) & 15
		if digit != 0 {
			p.Add(p, &t[i][digit-1])
		}
	}
}

var p256Order = elliptic.P256().Params().N

// verify checks a signature r||s of a digest, both of 32 and 64 bytes; anything else is not valid.
func (t *p256Table) verify(sum, sig []byte) bool {
	if len(sum) != 32 || len(sig) != 64 {
		return false
	}
	r, s := new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])
	if r.Sign() == 0 || s.Sign() == 0 || r.Cmp(p256Order) >= 0 || s.Cmp(p256Order) >= 0 {
		return false
	}
	w := s.ModInverse(s, p256Order)
	var u1, u2 [32]byte
	x := new(big.Int).SetBytes(sum)
	x.Mod(x.Mul(x, w), p256Order).FillBytes(u1[:])
	x.Mod(x.Mul(r, w), p256Order).FillBytes(u2[:])
	p, err := nistec.NewP256Point().ScalarBaseMult(u1[:])
	if err != nil {
		return false
	}
	t.addMultiple(p, &u2)
	at, err := p.BytesX()
	if err != nil { // the point at infinity
		return false
	}
	return x.Mod(x.SetBytes(at), p256Order).Cmp(r) == 0
}
