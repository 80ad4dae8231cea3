package filters

import (
	"gatehouse/internal/conf"
	"gatehouse/internal/javaregexp"
)

// pattern is a configuration field that holds a Java regular expression.
type pattern struct{ *javaregexp.Regexp }

// UnmarshalConf compiles the expression.
func (p *pattern) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	var text string
	if !d.Decode(n, &text) {
		return
	}
	re, err := javaregexp.Compile(text)
	if err != nil {
		d.Errs.Add(n, "%s", err)
		return
	}
	p.Regexp = re
}

// DescribeConf names the kind of value.
func (pattern) DescribeConf() string { return "a regular expression" }

// found says whether the expression occurs in text. A match that takes too long counts
// as none.
func (p pattern) found(text string) bool {
	ok, err := p.Find(text)
	return ok && err == nil
}
