package groovy

import "strings"

const (
	maxNesting = 300  // of expressions and statements, bounds Go's stack
	maxChain   = 2000 // operators or accesses in a row
)

type parser struct {
	src      *source
	toks     []token
	i        int
	depth    int
	noLambda bool // in a case label, where -> ends the label
	inClass  *classNode
	errs     []*Error
}

// parse turns a file into its tree; all mistakes found come back joined.
func parse(src *source) (*program, error) {
	toks, err := lex(src)
	if err != nil {
		return nil, err
	}
	p := &parser{src: src, toks: toks}
	prog := &program{src: src}
	p.file(prog)
	if len(p.errs) > 0 {
		return nil, joinErrors(p.errs)
	}
	return prog, nil
}

func (p *parser) fail(at pos, format string, args ...any) { panic(p.src.errorf(at, format, args...)) }

// guard runs one top-level parse step and, after a mistake, skips to the next line.
func (p *parser) guard(step func()) {
	start := p.i
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		e, ok := r.(*Error)
		if !ok {
			panic(r)
		}
		p.errs = append(p.errs, e)
		p.depth = 0
		p.noLambda = false
		p.inClass = nil
		p.resync(start)
	}()
	step()
}

func (p *parser) resync(start int) {
	p.i = max(start, min(p.i, len(p.toks)-1))
	if p.i == start {
		p.i++
	}
	for p.i < len(p.toks)-1 && p.toks[p.i].kind != tNL {
		if m := p.toks[p.i].match; m > p.i {
			p.i = m
		}
		p.i++
	}
	if p.i >= len(p.toks) {
		p.i = len(p.toks) - 1
	}
}

func (p *parser) enter(at pos) {
	p.depth++
	if p.depth > maxNesting {
		p.fail(at, "the code is nested too deeply")
	}
}

func (p *parser) tok() *token { return &p.toks[p.i] }

func (p *parser) peek(n int) *token {
	if p.i+n >= len(p.toks) {
		return &p.toks[len(p.toks)-1]
	}
	return &p.toks[p.i+n]
}

func (p *parser) next() *token {
	t := &p.toks[p.i]
	if p.i < len(p.toks)-1 {
		p.i++
	}
	return t
}

func (p *parser) isOp(text string) bool {
	t := p.tok()
	return t.kind == tOp && t.text == text
}

func (p *parser) isWord(text string) bool {
	t := p.tok()
	return t.kind == tIdent && t.text == text
}

func (t *token) op(text string) bool   { return t.kind == tOp && t.text == text }
func (t *token) word(text string) bool { return t.kind == tIdent && t.text == text }

func (p *parser) acceptOp(text string) bool {
	if p.isOp(text) {
		p.next()
		return true
	}
	return false
}

func (p *parser) acceptWord(text string) bool {
	if p.isWord(text) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expectOp(text string) *token {
	if !p.isOp(text) {
		p.fail(p.tok().pos, "expected '%s', found %s", text, p.tok().describe())
	}
	return p.next()
}

func (t *token) describe() string {
	switch t.kind {
	case tEOF:
		return "the end"
	case tNL:
		return "the end of the line"
	case tString, tGString:
		return "a string"
	}
	return "'" + t.text + "'"
}

func (p *parser) skipNL() {
	for p.tok().kind == tNL {
		p.next()
	}
}

func (p *parser) skipSep() {
	for p.tok().kind == tNL || p.isOp(";") {
		p.next()
	}
}

// peekPastNL gives the next token that is no newline and its index.
func (p *parser) peekPastNL() (*token, int) {
	i := p.i
	for p.toks[i].kind == tNL {
		i++
	}
	return &p.toks[i], i
}

func (p *parser) ident(what string) string {
	t := p.tok()
	if t.kind != tIdent {
		p.fail(t.pos, "expected %s, found %s", what, t.describe())
	}
	p.next()
	return t.text
}

// keywords cannot name a variable or start a plain expression.
var keywords = map[string]bool{
	"if": true, "else": true, "while": true, "do": true, "for": true, "switch": true, "case": true, "default": true,
	"try": true, "catch": true, "finally": true, "throw": true, "return": true, "break": true, "continue": true,
	"new": true, "class": true, "interface": true, "enum": true, "import": true, "package": true, "assert": true,
	"def": true, "instanceof": true, "in": true, "as": true, "extends": true, "implements": true, "throws": true,
	"static": true, "final": true, "private": true, "public": true, "protected": true, "abstract": true,
	"true": true, "false": true, "null": true, "this": true, "super": true, "void": true, "synchronized": true,
	"int": true, "long": true, "short": true, "byte": true, "char": true, "boolean": true, "float": true, "double": true,
	"goto": true, "const": true, "native": true, "transient": true, "volatile": true, "strictfp": true,
}

var primitives = map[string]bool{
	"int": true, "long": true, "short": true, "byte": true, "char": true, "boolean": true, "float": true, "double": true, "void": true,
}

var modifiers = map[string]bool{
	"static": true, "final": true, "private": true, "public": true, "protected": true, "abstract": true,
	"synchronized": true, "native": true, "transient": true, "volatile": true, "strictfp": true, "def": true, "var": true,
	"sealed": true, "non-sealed": true,
}

func (p *parser) file(prog *program) {
	script := &funcNode{pos: p.tok().pos, name: "run", body: &blockStmt{pos: p.tok().pos}, file: p.src}
	prog.script = script
	for {
		p.skipSep()
		if p.tok().kind == tEOF {
			return
		}
		p.guard(func() { p.topLevel(prog) })
		if len(p.errs) >= 10 {
			return
		}
	}
}

func (p *parser) topLevel(prog *program) {
	if p.isWord("package") {
		p.next()
		prog.pkg = p.dottedName()
		p.endOfStatement()
		return
	}
	start := p.i
	annots := p.annotations()
	if p.isWord("import") {
		prog.imports = append(prog.imports, p.importStmt())
		p.endOfStatement()
		return
	}
	if p.atClass() {
		prog.classes = append(prog.classes, p.classDecl(annots))
		return
	}
	p.i = start
	if m := p.scriptMethod(); m != nil {
		prog.methods = append(prog.methods, m)
		return
	}
	s := p.statement()
	p.endOfStatement()
	prog.script.body.list = append(prog.script.body.list, s)
}

func (p *parser) dottedName() string {
	parts := []string{p.ident("a name")}
	for p.isOp(".") && p.peek(1).kind == tIdent {
		p.next()
		parts = append(parts, p.next().text)
	}
	return strings.Join(parts, ".")
}

func (p *parser) importStmt() *importNode {
	n := &importNode{pos: p.next().pos}
	n.static = p.acceptWord("static")
	n.pos = p.tok().pos
	n.name = p.dottedName()
	if p.isOp(".") && p.peek(1).op("*") {
		p.next()
		p.next()
		n.star = true
	}
	if p.acceptWord("as") {
		n.alias = p.ident("a name")
	}
	return n
}

func (p *parser) endOfStatement() {
	t := p.tok()
	if t.kind == tNL || t.kind == tEOF || t.op(";") || t.op("}") {
		return
	}
	// a block or class may be followed directly by the next statement
	if p.i > 0 && p.toks[p.i-1].op("}") && t.kind == tIdent {
		return
	}
	p.fail(t.pos, "unexpected %s", t.describe())
}

// scriptMethod reads a method of the script, or gives nil and moves nothing.
func (p *parser) scriptMethod() *funcNode {
	start := p.i
	p.annotations()
	mods := p.modifiers()
	typ, ok := p.methodHead(len(mods) > 0)
	if !ok {
		p.i = start
		return nil
	}
	return p.methodRest(mods, typ)
}

func (p *parser) modifiers() []string {
	var out []string
	for p.tok().kind == tIdent && (modifiers[p.tok().text]) {
		if p.isWord("synchronized") && p.peek(1).op("(") {
			break
		}
		if p.isWord("var") && p.peek(1).kind != tIdent && !p.peek(1).op("(") {
			break
		}
		if p.isWord("var") && p.peek(1).op("(") && len(out) == 0 && !p.declTuple(p.i+1) {
			break
		}
		out = append(out, p.next().text)
		p.annotations()
		for p.tok().kind == tNL {
			p.next()
		}
	}
	return out
}

// declTuple tells whether (a, b) = follows at i.
func (p *parser) declTuple(i int) bool {
	m := p.toks[i].match
	return m > 0 && p.toks[min(m+1, len(p.toks)-1)].op("=")
}

func hasMod(mods []string, m string) bool {
	for _, x := range mods {
		if x == m {
			return true
		}
	}
	return false
}

// methodHead decides whether "[<T>] [Type] name(…) {" stands here; with a
// modifier the type may be missing. On success the type is consumed.
func (p *parser) methodHead(modified bool) (*typeRef, bool) {
	i := p.i
	if p.toks[i].op("<") {
		i = p.skipGenerics(i)
		if i < 0 {
			return nil, false
		}
	}
	if modified && p.isMethodName(i) {
		p.i = i
		return nil, true
	}
	j := p.skipType(i)
	if j < 0 || !p.isMethodName(j) || !p.typeLike(i, j) {
		return nil, false
	}
	p.i = i
	return p.typeRef(), true
}

func (p *parser) isMethodName(i int) bool {
	t := &p.toks[i]
	if !(t.kind == tIdent && !hardWord(t.text) || t.kind == tString) || i+1 >= len(p.toks) || !p.toks[i+1].op("(") {
		return false
	}
	m := p.toks[i+1].match
	if m < 0 {
		return false
	}
	for m++; m < len(p.toks) && p.toks[m].kind == tNL; m++ {
	}
	if m >= len(p.toks) {
		return false
	}
	return p.toks[m].op("{") || p.toks[m].word("throws") || p.inClass != nil
}

func hardWord(s string) bool {
	return keywords[s] && s != "default" && s != "as" && s != "in"
}

func (p *parser) methodRest(mods []string, typ *typeRef) *funcNode {
	t := p.next()
	fn := &funcNode{pos: t.pos, name: t.text, ret: typ, static: hasMod(mods, "static"), abstract: hasMod(mods, "abstract"), file: p.src}
	fn.params = p.params()
	p.throwsClause()
	if nt, _ := p.peekPastNL(); nt.op("{") {
		p.skipNL()
		fn.body = p.block()
	} else {
		fn.abstract = true
	}
	return fn
}

func (p *parser) throwsClause() {
	if t, i := p.peekPastNL(); t.word("throws") {
		p.i = i + 1
		for {
			p.typeRef()
			if !p.acceptOp(",") {
				return
			}
		}
	}
}

// params reads a parenthesised parameter list.
func (p *parser) params() []*param {
	p.expectOp("(")
	var out []*param
	for !p.isOp(")") {
		out = append(out, p.param())
		if !p.acceptOp(",") {
			break
		}
	}
	p.expectOp(")")
	return out
}

func (p *parser) param() *param {
	p.skipNL()
	p.annotations()
	mods := p.modifiers()
	q := &param{pos: p.tok().pos, final: hasMod(mods, "final")}
	if j := p.skipType(p.i); j > 0 && (p.toks[j].kind == tIdent && !keywords[p.toks[j].text] || p.toks[j].op("...")) {
		q.typ = p.typeRef()
		q.varargs = p.acceptOp("...")
	}
	q.pos = p.tok().pos
	if p.isWord("this") { // receiver parameter of Java
		p.next()
		q.name = "this"
		return q
	}
	if p.tok().kind == tIdent && keywords[p.tok().text] {
		p.fail(p.tok().pos, "'%s' cannot name a parameter", p.tok().text)
	}
	q.name = p.ident("a parameter name")
	for p.isOp("[") && p.peek(1).op("]") {
		p.next()
		p.next()
		if q.typ != nil {
			q.typ.dims++
		}
	}
	p.skipNLIf("=")
	if p.acceptOp("=") {
		p.skipNL()
		q.def = p.expression()
	}
	p.skipNLIf(",")
	return q
}

func (p *parser) skipNLIf(op string) {
	if t, i := p.peekPastNL(); t.op(op) {
		p.i = i
	}
}

// unsupported are annotations that change what a class or method does, without an effect here.
var unsupported = map[string]bool{"Delegate": true, "Lazy": true, "Singleton": true, "Builder": true, "Sortable": true, "Memoized": true,
	"AutoClone": true, "IndexedProperty": true, "MapConstructor": true, "TailRecursive": true, "Category": true, "Mixin": true, "Newify": true,
	"Bindable": true, "Vetoable": true, "ListenerList": true, "AutoImplement": true, "NullCheck": true, "ConditionalInterrupt": true,
	"ThreadInterrupt": true, "TimedInterrupt": true}

// annotations skips @Name(…) and gives the simple names.
func (p *parser) annotations() []string {
	var out []string
	for p.isOp("@") && p.peek(1).kind == tIdent && p.peek(1).text != "interface" {
		p.next()
		name := p.dottedName()
		if name = name[strings.LastIndexByte(name, '.')+1:]; name == "Grab" || name == "Grapes" {
			p.fail(p.tok().pos, "@%s is not supported: scripts cannot download libraries", name)
		} else if unsupported[name] {
			p.fail(p.tok().pos, "the annotation @%s is not supported: write what it would add to the class", name)
		}
		out = append(out, name)
		if p.isOp("(") && p.tok().match > 0 {
			p.i = p.tok().match + 1
		}
		p.skipNL()
	}
	return out
}
