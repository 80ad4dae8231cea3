package expr

// The tree of one expression. Positions are byte offsets in the whole text and
// point at what an error is about: an operator, a name, the opening bracket.
type node interface{ offset() int }

type (
	literal struct {
		pos   int
		value Value
	}
	name struct {
		pos  int
		name string
	}
	member struct { // base.name
		pos  int
		base node
		name string
	}
	index struct { // base[key]
		pos  int
		base node
		key  node
	}
	call struct { // name(args)
		pos  int
		name string
		args []node
	}
	method struct { // base.name(args), base['name'](args)
		pos  int
		base node
		name node // mostly a literal
		args []node
	}
	unary struct { // op is one of ! - empty
		pos int
		op  string
		x   node
	}
	binary struct {
		pos  int
		op   string
		x, y node
	}
	choice struct {
		pos            int
		test, yes, alt node
	}
)

func (n *literal) offset() int { return n.pos }
func (n *name) offset() int    { return n.pos }
func (n *member) offset() int  { return n.pos }
func (n *index) offset() int   { return n.pos }
func (n *call) offset() int    { return n.pos }
func (n *method) offset() int  { return n.pos }
func (n *unary) offset() int   { return n.pos }
func (n *binary) offset() int  { return n.pos }
func (n *choice) offset() int  { return n.pos }

// part is a piece of a text: an expression, or what stands between two.
type part struct {
	text string
	expr node // nil: text
}
