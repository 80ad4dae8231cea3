package script

import (
	"errors"
	"reflect"

	"github.com/dop251/goja/ast"
	operator "github.com/dop251/goja/token"
)

const (
	// maxTree bounds how deep a program's tree may be; "a + b + c" makes it one deeper
	// with each term, and the compiler's work grows with the square.
	maxTree = 2000
	// maxConstant bounds how many && and || of nothing but constants may be nested: the
	// compiler evaluates them, twice over at each level.
	maxConstant = 10
)

var (
	errTooDeep     = errors.New("the script is nested too deeply")
	errTooConstant = errors.New("the script has too many constants in one condition")
)

// checkShape refuses programs that would keep the compiler busy for very long, which
// nothing can interrupt, and bounds what they join: joins tells whether there is any.
func checkShape(p *ast.Program) (joins bool, err error) {
	var s shape
	err = s.walk(reflect.ValueOf(p.Body), 0)
	return s.joins, err
}

type shape struct{ joins bool }

var nodeType = reflect.TypeFor[ast.Node]()

func (s *shape) walk(v reflect.Value, depth int) error {
	if depth > maxTree {
		return errTooDeep
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() || v.Kind() == reflect.Pointer && !v.Type().Implements(nodeType) {
			return nil
		}
		if v.Kind() == reflect.Interface {
			return s.walk(v.Elem(), depth)
		}
		if b, ok := v.Interface().(*ast.BinaryExpression); ok && logical(b) && constants(b) > maxConstant {
			return errTooConstant
		}
		s.joins = boundJoins(v.Interface()) || s.joins
		return s.walk(v.Elem(), depth+1)
	case reflect.Slice:
		for i := range v.Len() {
			if err := s.walk(v.Index(i), depth); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || f.Name == "DeclarationList" { // declarations are in the body too
				continue
			}
			if err := s.walk(v.Field(i), depth); err != nil {
				return err
			}
		}
	}
	return nil
}

func logical(b *ast.BinaryExpression) bool {
	switch b.Operator {
	case operator.LOGICAL_AND, operator.LOGICAL_OR, operator.COALESCE:
		return true
	}
	return false
}

// constants gives the logical operators nested in a constant expression; 0 when it is
// none of them or not constant. It looks no deeper than it must to find too many.
func constants(e ast.Expression) int {
	n, _ := countConstants(e, 0)
	return n
}

func countConstants(e ast.Expression, depth int) (n int, constant bool) {
	if depth > 4*maxConstant {
		return maxConstant + 1, true
	}
	switch x := e.(type) {
	case *ast.NumberLiteral, *ast.StringLiteral, *ast.BooleanLiteral, *ast.NullLiteral:
		return 0, true
	case *ast.UnaryExpression:
		return countConstants(x.Operand, depth+1)
	case *ast.BinaryExpression:
		left, ok := countConstants(x.Left, depth+1)
		if !ok && !logical(x) {
			return 0, false
		}
		right, both := countConstants(x.Right, depth+1)
		n = left + right
		if logical(x) {
			n++
		}
		return n, ok && both || ok && logical(x)
	}
	return 0, false
}
