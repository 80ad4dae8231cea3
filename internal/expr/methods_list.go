package expr

// listMethods are methods of java.util.List; the first parameter is the list.
var listMethods = []Function{
	listMethod("contains", "(list list, value any) boolean", "True if an element equals value.",
		func(l Sequence, args []Value) (Value, error) { return indexIn(l, args[0]) >= 0, nil },
		Example{`array('a','b').contains('b')`, true}),
	listMethod("get", "(list list, index integer) any", "The element at index, from 0.",
		func(l Sequence, args []Value) (Value, error) {
			i, err := within(args[0], 0, l.Len()-1)
			if err != nil {
				return nil, err
			}
			return l.At(i), nil
		}, Example{`array('a','b').get(1)`, "b"}),
	listMethod("getFirst", "(list list) any", "The first element.",
		func(l Sequence, _ []Value) (Value, error) { return edge(l, 0) },
		Example{`array('a','b').getFirst()`, "a"}),
	listMethod("getLast", "(list list) any", "The last element.",
		func(l Sequence, _ []Value) (Value, error) { return edge(l, l.Len()-1) },
		Example{`array('a','b').getLast()`, "b"}),
	listMethod("indexOf", "(list list, value any) integer", "The position of the first element that equals value, or -1.",
		func(l Sequence, args []Value) (Value, error) { return int64(indexIn(l, args[0])), nil },
		Example{`array('a','b').indexOf('b')`, int64(1)}, Example{`array('a').indexOf('x')`, int64(-1)}),
	listMethod("isEmpty", "(list list) boolean", "True if there are no elements.",
		func(l Sequence, _ []Value) (Value, error) { return l.Len() == 0, nil },
		Example{`array().isEmpty()`, true}),
	listMethod("lastIndexOf", "(list list, value any) integer", "The position of the last element that equals value, or -1.",
		func(l Sequence, args []Value) (Value, error) {
			for i := l.Len() - 1; i >= 0; i-- {
				if same(l.At(i), args[0], 0) {
					return int64(i), nil
				}
			}
			return int64(-1), nil
		}, Example{`array('a','b','a').lastIndexOf('a')`, int64(2)}),
	listMethod("size", "(list list) integer", "The number of elements.",
		func(l Sequence, _ []Value) (Value, error) { return int64(l.Len()), nil },
		Example{`array('a','b').size()`, int64(2)}),
}

var listMethodTable = tableOf(listMethods)

func listMethod(name, sig, doc string, call func(l Sequence, args []Value) (Value, error), examples ...Example) Function {
	return Function{
		Name: name, Sig: sig, Doc: doc, Examples: examples,
		Call: func(_ Site, args []Value) (Value, error) {
			l, ok := listOf(args[0])
			if !ok {
				return nil, failf("%s is not a list", kind(args[0]))
			}
			return call(l, args[1:])
		},
	}
}

func edge(l Sequence, i int) (Value, error) {
	if l.Len() == 0 {
		return nil, failf("the list is empty")
	}
	return l.At(i), nil
}
