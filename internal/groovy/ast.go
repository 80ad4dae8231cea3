package groovy

type (
	node interface{ at() pos }
	expr = node
	stmt = node
)

// pos makes every node that embeds it a node.
func (p pos) at() pos { return p }

// typeRef is a type as written; name is "" for def, var and untyped.
type typeRef struct {
	pos
	name  string
	dims  int
	class *Class // set by the resolver; nil for untyped and type parameters
	coerc coercion
}

func (t *typeRef) untyped() bool { return t == nil || t.name == "" }

// Expressions.
type (
	litExpr struct {
		pos
		v Value
	}
	gstrExpr struct {
		pos
		texts []string // one more than vals
		vals  []expr
	}
	varExpr struct {
		pos
		name  string
		local *local        // set by the resolver
		class *Class        // or: the name is a class
		imp   *staticImport // or: a statically imported field
	}
	thisExpr  struct{ pos }
	superExpr struct{ pos }
	listExpr  struct {
		pos
		items []expr
	}
	mapExpr struct {
		pos
		keys []expr // nil key: spread of the value
		vals []expr
	}
	rangeExpr struct {
		pos
		from, to       expr
		exFrom, exUpTo bool
	}
	closureExpr struct {
		pos
		fn     *funcNode
		lambda bool
	}
	propExpr struct {
		pos
		obj    expr
		name   string
		dyn    expr // quoted GString name
		safe   bool
		spread bool
		field  bool // .@
		class  *Class
	}
	indexExpr struct {
		pos
		obj  expr
		args []expr
		safe bool
	}
	argument struct {
		name  expr // key of a named argument
		value expr
	}
	callExpr struct {
		pos
		recv   expr // nil: a bare name
		name   string
		dyn    expr // name computed
		fn     expr // f(x) where f is an expression, e.g. closure literal or call result
		args   []argument
		safe   bool
		spread bool
		local  *local        // bare name is a local variable holding something callable
		imp    *staticImport // bare name is a statically imported method
	}
	methodPtrExpr struct {
		pos
		obj   expr
		name  string
		dyn   expr
		class *Class
	}
	newExpr struct {
		pos
		typ   *typeRef
		args  []argument
		dims  []expr
		items *listExpr // new int[]{1, 2}
		body  *classNode
	}
	unaryExpr struct {
		pos
		op string
		x  expr
	}
	incExpr struct {
		pos
		op     string // + or -
		prefix bool
		x      expr
	}
	binaryExpr struct {
		pos
		op   string
		x, y expr
	}
	assignExpr struct {
		pos
		op   string // "" for plain, else the operator, "?:" for ?=
		lhs  expr
		rhs  expr
		list []expr // (a, b) = …
	}
	ternaryExpr struct {
		pos
		cond, yes, no expr
		elvis         bool
	}
	castExpr struct {
		pos
		typ *typeRef
		x   expr
		as  bool
	}
	instanceExpr struct {
		pos
		x   expr
		typ *typeRef
		neg bool
	}
	spreadExpr struct {
		pos
		x   expr
		dbl bool // *: in a map or named arguments
	}
	switchExpr struct {
		pos
		sw *switchStmt
	}
)

// Statements.
type (
	exprStmt struct {
		pos
		x expr
	}
	declStmt struct {
		pos
		vars  []*varDecl
		multi expr // def (a, b) = multi
	}
	varDecl struct {
		pos
		name  string
		typ   *typeRef
		init  expr
		local *local
		field bool // @Field
		final bool
	}
	blockStmt struct {
		pos
		list []stmt
	}
	ifStmt struct {
		pos
		cond      expr
		then, els stmt
	}
	whileStmt struct {
		pos
		cond  expr
		body  stmt
		label string
		do    bool
	}
	forInStmt struct {
		pos
		v     *varDecl
		in    expr
		body  stmt
		label string
	}
	forStmt struct {
		pos
		init  []stmt
		cond  expr
		step  []expr
		body  stmt
		label string
	}
	switchCase struct {
		pos
		match []expr // nil: default
		body  []stmt
		arrow bool
	}
	switchStmt struct {
		pos
		x     expr
		cases []*switchCase
		label string
		value bool // used as an expression
	}
	catchClause struct {
		pos
		types []*typeRef
		v     *varDecl
		body  *blockStmt
	}
	tryStmt struct {
		pos
		res     []*varDecl
		body    *blockStmt
		catches []*catchClause
		finally *blockStmt
	}
	throwStmt struct {
		pos
		x expr
	}
	returnStmt struct {
		pos
		x expr
	}
	breakStmt struct {
		pos
		label string
	}
	continueStmt struct {
		pos
		label string
	}
	yieldStmt struct {
		pos
		x expr
	}
	assertStmt struct {
		pos
		x, msg expr
		text   string
	}
	emptyStmt struct{ pos }
)

type param struct {
	pos
	name    string
	typ     *typeRef
	def     expr
	varargs bool
	final   bool
	local   *local
	field   string // record components and constructor shortcuts
}

// funcNode is the body of a script, method, constructor, closure or initialiser.
type funcNode struct {
	pos
	name     string
	params   []*param
	implicit bool // closure without a parameter list: it
	body     *blockStmt
	ret      *typeRef
	static   bool
	abstract bool
	closure  bool
	ctor     bool
	class    *classNode
	outer    *funcNode
	slots    int
	caps     []*local       // captured variables of enclosing functions, in order
	capIdx   map[*local]int // their indexes
	itLocal  *local
	file     *source
}

type fieldNode struct {
	pos
	name   string
	typ    *typeRef
	init   expr
	static bool
	final  bool
	prop   bool      // no visibility modifier: a Groovy property
	thunk  *funcNode // initialiser as a function
}

type classNode struct {
	pos
	name      string
	kind      string // class, interface, enum, trait, record
	annot     bool   // an interface declared with @interface
	super     *typeRef
	ifaces    []*typeRef
	fields    []*fieldNode
	methods   []*funcNode
	ctors     []*funcNode
	inits     []*funcNode // instance initialiser blocks
	statics   []*funcNode
	inner     []*classNode
	consts    []*enumConst
	outer     *classNode
	static    bool
	abstr     bool
	annots    []string
	class     *Class
	rec       []*param  // record components
	enclosing *funcNode // anonymous classes: where they stand
	caps      []*local
}

type enumConst struct {
	pos
	name  string
	args  []argument
	body  *classNode
	thunk *funcNode // gives the constructor's arguments
}

type importNode struct {
	pos
	name   string // com.x.Y, or com.x for star
	alias  string
	star   bool
	static bool
	used   bool
}

type program struct {
	src     *source
	pkg     string
	imports []*importNode
	classes []*classNode
	script  *funcNode
	methods []*funcNode
	main    *classNode
}

// local is a variable of a function. Captured ones live in cells.
type local struct {
	name     string
	slot     int
	fn       *funcNode
	captured bool
	typ      *typeRef
	p        pos
	final    bool // has its value from the start, and keeps it
}
