package secrets

import (
	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
)

// refs is a field of one reference or a list of them.
type refs[T any] []T

// UnmarshalConf reads the field.
func (r *refs[T]) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	n = d.Whole(n)
	nodes := []*conf.Node{n}
	if n.Kind == conf.List {
		nodes = n.List
	}
	for _, e := range nodes {
		var ref heap.Ref[T]
		ref.UnmarshalConf(d, e)
		if ref.IsSet() {
			*r = append(*r, ref.Get())
		}
	}
}

// DescribeConf names the kind of value.
func (*refs[T]) DescribeConf() string { return heap.Ref[T]{}.DescribeConf() }
