package heap

import (
	"fmt"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
)

// Condition is a configuration field that decides per exchange: true or false, an
// expression, or {"expression": …, "label": …}. What is not the boolean true counts
// as false. The zero Condition always holds.
type Condition struct {
	expr  *expr.Template
	Label string
	told  func(s expr.Scope, held bool) // nil: nobody listens
}

// UnmarshalConf reads the condition.
func (c *Condition) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	if h := From(d); h.services.Recorder != nil {
		c.told = h.services.Recorder.Condition(n, h)
	}
	if n.Kind == conf.Object {
		var labelled struct {
			Expression *expr.Template `conf:"expression,required"`
			Label      string         `conf:"label"`
		}
		d.Decode(n, &labelled)
		c.expr, c.Label = labelled.Expression, labelled.Label
		return
	}
	d.Decode(n, &c.expr)
	if n.Kind == conf.String && !expr.HasExpression(n.Text) {
		d.Errs.Warn(n, "the condition is a text and never holds; write %s", example(n.Text))
	}
}

// example is what was likely meant: a path is looked for, anything else is evaluated.
func example(text string) string {
	if strings.HasPrefix(text, "/") || strings.HasPrefix(text, "^") {
		return fmt.Sprintf("an expression such as ${find(request.uri.path, '^%s')}", strings.TrimPrefix(text, "^"))
	}
	return "${" + text + "}"
}

// DescribeConf names the kind of value.
func (*Condition) DescribeConf() string { return "a condition" }

// IsSet says whether the field was given.
func (c *Condition) IsSet() bool { return c.expr != nil }

// Holds evaluates the condition.
func (c *Condition) Holds(s expr.Scope) bool {
	if c.told != nil {
		return c.tell(s)
	}
	return c.expr == nil || c.expr.Bool(s)
}

func (c *Condition) tell(s expr.Scope) bool {
	held := c.expr == nil || c.expr.Bool(s)
	c.told(s, held)
	return held
}

// Prefixes returns texts of which request.uri.<property> must begin with one for the
// condition to hold; nil when nothing is certain.
func (c *Condition) Prefixes(property string) []string {
	// Who listens wants to hear of every evaluation, and not of a short cut.
	if c.expr == nil || c.told != nil {
		return nil
	}
	return c.expr.Prefixes(property)
}

// Required returns texts of which request.uri.<property> must contain one for the
// condition to hold; nil when nothing is certain.
func (c *Condition) Required(property string) []string {
	if c.expr == nil || c.told != nil {
		return nil
	}
	return c.expr.Required(property)
}

// Source is the condition's text.
func (c *Condition) Source() string {
	if c.expr == nil {
		return ""
	}
	return c.expr.Source()
}
