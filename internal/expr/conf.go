package expr

import (
	"strconv"

	"gatehouse/internal/conf"
)

// EnvKey finds the *Env among a decoder's values.
type EnvKey struct{}

// UnmarshalConf compiles the expression of a configuration field. Numbers and
// booleans are constants.
func (t *Template) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	env, _ := d.Values[EnvKey{}].(*Env)
	var src string
	switch n.Kind {
	case conf.String:
		src = n.Text
	case conf.Number:
		src = "${" + n.Text + "}"
	case conf.Bool:
		src = "${" + strconv.FormatBool(n.Bool) + "}"
	default:
		d.Errs.Add(n, "expected an expression, found %s", n.Kind)
		return
	}
	c, doubts, err := compileText(src, env)
	for _, doubt := range doubts {
		d.Errs.Warn(n, "%s", doubt.msg)
	}
	if err != nil {
		d.Errs.Add(n, "%s", err)
		return
	}
	if c.Older() {
		d.Errs.WarnOnce(n, "\"exchange\" is the older way to reach a request: it stands for request, response, session and attributes today")
	}
	*t = *c
}

// DescribeConf names the kind of value.
func (*Template) DescribeConf() string { return "a string" }
