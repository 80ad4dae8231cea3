package gateway

import (
	"math/bits"
	"slices"
	"strings"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// hints tell without evaluating it for which requests a condition cannot hold: path and
// host must begin with one of the texts, and contain one of the others. nil says nothing.
type hints struct {
	paths, hosts   []string
	inPath, inHost []string
}

func hintsOf(c *heap.Condition) hints {
	return hints{c.Prefixes("path"), c.Prefixes("host"), c.Required("path"), c.Required("host")}
}

// table is the routes of a router in their order, in pieces that have an index each.
type table struct {
	routes []*route
	pieces []piece
}

// pieceSize is how many routes an index is for: so many bits as a set of routes has.
const pieceSize = 64 * 64

type set [pieceSize / 64]uint64

func (s *set) add(n int) { s[n/64] |= 1 << (n % 64) }

// piece is consecutive routes. A request is for one of those in always, or for one of
// which the path or the host contains a text.
type piece struct {
	routes     []*route
	used       int // words of sets that count
	always     set
	path, host windows
}

func newTable(routes []*route) *table {
	t := &table{routes: routes}
	for chunk := range slices.Chunk(routes, pieceSize) {
		t.pieces = append(t.pieces, newPiece(chunk))
	}
	return t
}

func newPiece(routes []*route) piece {
	p := piece{routes: routes, used: (len(routes) + 63) / 64}
	var paths, hosts []wanted
	for n, r := range routes {
		switch {
		case r.hints.inPath != nil:
			paths = append(paths, wanted{n, r.hints.inPath})
		case r.hints.inHost != nil:
			hosts = append(hosts, wanted{n, r.hints.inHost})
		default:
			p.always.add(n)
		}
	}
	p.path, p.host = newWindows(paths), newWindows(hosts)
	return p
}

// pick returns the first route whose condition holds; nil when there is none.
func (t *table) pick(x *chain.Exchange) *route {
	path, host := x.Request.URI.Path(), x.Request.URI.Host
	for n := range t.pieces {
		if r := t.pieces[n].pick(x, path, host); r != nil {
			return r
		}
	}
	return nil
}

func (p *piece) pick(x *chain.Exchange, path, host string) *route {
	possible := p.always
	p.path.mark(path, &possible)
	p.host.mark(host, &possible)
	for w := range p.used {
		for rest := possible[w]; rest != 0; rest &= rest - 1 {
			r := p.routes[w*64+bits.TrailingZeros64(rest)]
			if begins(path, r.hints.paths) && begins(host, r.hints.hosts) && r.condition.Holds(x) {
				return r
			}
		}
	}
	return nil
}

func begins(s string, with []string) bool {
	for _, p := range with {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return with == nil
}

// wanted is a route and texts of which it needs one.
type wanted struct {
	route int
	texts []string
}

// windows finds in one pass over a text the routes that want a part of it. Of each
// wanted text it knows a few consecutive bytes: of all such windows the one that the
// fewest other texts have, for routes mostly differ in a small part of their paths.
type windows struct {
	sizes []int
	found [len(windowSizes)]map[uint64][]uint16
}

var windowSizes = [...]int{8, 4, 2, 1}

// sizeFor returns the largest window that a text has.
func sizeFor(text string) int {
	return slices.IndexFunc(windowSizes[:], func(size int) bool { return size <= len(text) })
}

func newWindows(list []wanted) (w windows) {
	var users [len(windowSizes)]map[uint64]int
	for _, want := range list {
		for _, text := range want.texts {
			at := sizeFor(text)
			if users[at] == nil {
				users[at], w.found[at] = map[uint64]int{}, map[uint64][]uint16{}
			}
			eachWindow(text, windowSizes[at], func(key uint64) { users[at][key]++ })
		}
	}
	for _, want := range list {
		for _, text := range want.texts {
			at := sizeFor(text)
			rarest, fewest := uint64(0), -1
			eachWindow(text, windowSizes[at], func(key uint64) {
				if n := users[at][key]; fewest < 0 || n < fewest {
					rarest, fewest = key, n
				}
			})
			w.found[at][rarest] = append(w.found[at][rarest], uint16(want.route))
		}
	}
	for at := range windowSizes {
		if w.found[at] != nil {
			w.sizes = append(w.sizes, at)
		}
	}
	return w
}

// eachWindow calls f with the windows of a text, as numbers.
func eachWindow(text string, size int, f func(uint64)) {
	var last uint64
	for i := range len(text) {
		last = last<<8 | uint64(text[i])
		if i+1 >= size {
			f(last & windowMask(size))
		}
	}
}

func windowMask(size int) uint64 { return ^uint64(0) >> (64 - 8*size) }

// mark adds the routes that want a part of the text.
func (w *windows) mark(text string, possible *set) {
	if len(w.sizes) == 0 {
		return
	}
	var last uint64
	for i := range len(text) {
		last = last<<8 | uint64(text[i])
		for _, at := range w.sizes {
			size := windowSizes[at]
			if i+1 < size {
				continue
			}
			for _, n := range w.found[at][last&windowMask(size)] {
				possible.add(int(n))
			}
		}
	}
}
