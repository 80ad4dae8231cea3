package script

import (
	"strings"

	"gatehouse/internal/groovy"
)

// suspension is a journey that a script lets wait for whoever has its link.
type suspension struct {
	text    string
	minutes int
	handler groovy.Value // a function that gets the link, null for none
}

// suspend is action.suspend(text), with a function that gets the link, and for how many minutes, behind.
func (a *action) suspend(c *groovy.Call) (groovy.Value, error) {
	if len(c.Args) < 1 || len(c.Args) > 3 {
		return nil, wrong(c)
	}
	s := &suspension{text: text(c.Arg(0)), handler: c.Arg(1)}
	if v := c.Arg(2); v != nil {
		n, ok := integer(v)
		if !ok || n < 1 || n > maxMinutes {
			return nil, illegal("suspend: expected minutes, found %s", clip(text(v), 40))
		}
		s.minutes = int(n)
	}
	a.suspension = s
	return a, nil
}

// handled is Action.suspend(handler) of the older dialect, whose handler gives the callback to show.
func (a *action) handled(c *groovy.Call) (groovy.Value, error) {
	if len(c.Args) != 1 {
		return nil, wrong(c)
	}
	a.suspension = &suspension{text: "An email has been sent.", handler: c.Arg(0)}
	return a, nil
}

// take makes the link and gives it to the script, while that can still run.
func (s *suspension) take(r *run, in *DecisionInput) (*Suspended, error) {
	if s == nil {
		return nil, nil
	}
	if in.Suspend == nil {
		return nil, unsupported("suspend: nothing waits here")
	}
	link, ticket, err := in.Suspend()
	if err != nil {
		return nil, err
	}
	out := &Suspended{Text: strings.ReplaceAll(s.text, "%s", link), Minutes: s.minutes, Ticket: ticket}
	var got groovy.Value
	switch f := s.handler.(type) {
	case nil:
	case callable:
		got, err = f.call(link)
	case *groovy.Closure:
		got, err = f.Call(r.ctx, link)
	default:
		err = illegal("suspend: expected a function, found %s", kindOf(f))
	}
	if cb, ok := got.(*javaCallback); ok {
		out.Text = cb.q.Prompt
	}
	return out, err
}
