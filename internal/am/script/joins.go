package script

import (
	"strconv"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	operator "github.com/dop251/goja/token"
)

// A text that is added to itself doubles, and reaches gigabytes within a few operations, each of which is over before
// anybody looks at the memory. So what is joined to something else by + or in a template passes through a function, which
// refuses texts that are very long; literals need not. What is left grows by steps that are small beside the limit of
// the memory.

const (
	// joinName is the function's. No script can name it, or put another in its place.
	joinName = "+"
	// maxJoined bounds, in UTF-16 units, a text that is joined to another, or all that a template joins.
	maxJoined = 4 << 20
)

// boundJoins puts the function around operands of a node, and tells whether there was one.
func boundJoins(node any) (found bool) {
	switch n := node.(type) {
	case *ast.BinaryExpression:
		if n.Operator == operator.PLUS && grows(n.Left) && grows(n.Right) {
			n.Right, found = bounded(n.Right, 1), true
		}
	case *ast.AssignExpression:
		if n.Operator == operator.PLUS && grows(n.Right) {
			n.Right, found = bounded(n.Right, 1), true
		}
	case *ast.TemplateLiteral:
		if n.Tag != nil || len(n.Expressions) < 2 {
			return false
		}
		for i, e := range n.Expressions {
			if grows(e) {
				n.Expressions[i], found = bounded(e, len(n.Expressions)), true
			}
		}
	}
	return found
}

// grows tells whether an operand may be a long text: it is no literal, no number, and not bounded already.
func grows(e ast.Expression) bool {
	switch x := e.(type) {
	case *ast.StringLiteral, *ast.NumberLiteral, *ast.BooleanLiteral, *ast.NullLiteral, *ast.UnaryExpression:
		return false
	case *ast.BinaryExpression:
		return x.Operator == operator.PLUS || logical(x) // the others make numbers and truth values
	case *ast.CallExpression:
		f, ok := x.Callee.(*ast.Identifier)
		return !ok || f.Name != joinName
	}
	return true
}

func bounded(e ast.Expression, of int) ast.Expression {
	at := e.Idx0()
	return &ast.CallExpression{
		Callee: &ast.Identifier{Name: joinName, Idx: at}, LeftParenthesis: at, RightParenthesis: e.Idx1(),
		ArgumentList: []ast.Expression{e, &ast.NumberLiteral{Idx: at, Literal: strconv.Itoa(of), Value: int64(of)}},
	}
}

// putJoin gives the program the function.
func (j *js) putJoin() error {
	return j.vm.GlobalObject().DefineDataProperty(joinName, j.vm.ToValue(func(call goja.FunctionCall) goja.Value {
		v := call.Argument(0)
		if s, ok := v.(goja.String); ok && int64(s.Length()) > maxJoined/call.Argument(1).ToInteger() {
			panic(j.rangeError("the text is too long to be joined to another"))
		}
		return v
	}), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE)
}
