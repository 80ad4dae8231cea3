package nodes

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
)

// scriptedDecision lets a script decide.
type scriptedDecision struct {
	Script  string   `json:"script"` // UUID
	Outcome []string `json:"outcomes"`
	Inputs  []string `json:"inputs"`
	Outputs []string `json:"outputs"`
}

func newScriptedDecision() *scriptedDecision {
	return &scriptedDecision{Outcome: []string{}, Inputs: []string{"*"}, Outputs: []string{"*"}}
}

func (n *scriptedDecision) Outcomes() []string { return n.Outcome }

func (n *scriptedDecision) Process(s *journey.Step) (journey.Result, error) {
	if len(s.Answers) == 1 && s.Answers[0].Type == journey.SuspendedTextOutputCallback { // nothing to answer: the link has
		return journey.Ask(s.Answers...)
	}
	text, err := s.Realm.Script(s.Context(), n.Script)
	if err != nil {
		return journey.Result{}, err
	}
	in := &script.DecisionInput{
		Realm: s.Realm, Headers: s.Request.Header, Params: s.Request.URL.Query(), Cookies: s.Request.Cookies(),
		Shared: s.State.Shared, Transient: s.State.Transient, Secure: s.State.Secure, Session: s.Session, Languages: s.Languages,
		Suspend: s.Link, Resumed: s.Resumed,
		Find: func(name string) (*realm.User, error) { return s.Host.Find(s.Context(), s.Realm, name) },
	}
	if s.Tree != nil {
		in.Journey = script.Journey{Name: s.Tree.Name, Identity: s.Tree.Identity, Inner: s.Tree.InnerOne, MustRun: s.Tree.MustRun}
	}
	for _, c := range s.Answers {
		a := script.Answer{Type: c.Type, Prompt: cmp.Or(c.Prompt(), c.OutputText("id")), Value: c.Answer()}
		for i := range c.Input {
			a.Inputs = append(a.Inputs, c.InputText(i))
		}
		in.Answers = append(in.Answers, a)
	}
	d, err := s.Host.Decide(s.Context(), text, in)
	if err != nil {
		return journey.Result{}, err
	}
	s.State.Shared, s.State.Transient, s.State.Secure = d.Shared, d.Transient, d.Secure
	for name, value := range d.Properties {
		s.State.SetProperty(name, value)
	}
	s.State.MaxLife, s.State.MaxIdle = cmp.Or(d.MaxLife, s.State.MaxLife), cmp.Or(d.MaxIdle, s.State.MaxIdle)
	s.State.Message, s.State.Lockout = cmp.Or(d.ErrorMessage, s.State.Message), cmp.Or(d.LockoutMessage, s.State.Lockout)
	if err := identify(s, d); err != nil {
		return journey.Result{}, err
	}
	if w := d.Suspend; w != nil {
		return journey.Result{
			Callbacks: []journey.Callback{journey.Suspended(w.Text)}, Suspend: &journey.Suspension{Minutes: w.Minutes, Ticket: w.Ticket},
			Stage: d.Stage, Header: d.Header, Description: d.Description,
		}, nil
	}
	if len(d.Ask) > 0 {
		r := journey.Result{Stage: d.Stage, Header: d.Header, Description: d.Description}
		for _, q := range d.Ask {
			c, err := callbackOf(q)
			if err != nil {
				return journey.Result{}, err
			}
			r.Callbacks = append(r.Callbacks, c)
		}
		return r, nil
	}
	if d.Outcome == "" {
		return journey.Result{}, errors.New("the script set no outcome")
	}
	if !slices.Contains(n.Outcome, d.Outcome) {
		return journey.Result{}, fmt.Errorf("the script set the outcome %q, which is not among those of the node: %q", d.Outcome, n.Outcome)
	}
	return journey.To(d.Outcome)
}

// identify notes whom the script found. Somebody who is not there changes nothing.
func identify(s *journey.Step, d *script.Decision) (err error) {
	switch {
	case d.User != "":
		var u *realm.User
		if u, err = s.Host.Find(s.Context(), s.Realm, d.User); err == nil {
			s.State.SetUsername(u.Name)
			s.State.Agent = ""
		}
	case d.Agent != "":
		var id string
		if id, err = s.Host.FindAgent(s.Context(), s.Realm, d.Agent); err == nil {
			s.State.Agent = id
		}
	}
	if errors.Is(err, store.ErrNotFound) {
		s.Log.WarnContext(s.Context(), "a script identified somebody who is not there", "node", s.NodeID, "user", d.User, "agent", d.Agent)
		return nil
	}
	return err
}

func callbackOf(q script.Question) (journey.Callback, error) {
	if q.Output != nil || q.Input != nil {
		c := journey.Callback{Type: q.Type}
		for _, f := range q.Output {
			c.Output = append(c.Output, journey.Field(f))
		}
		for _, f := range q.Input {
			c.Input = append(c.Input, journey.Field(f))
		}
		return c, nil
	}
	switch q.Type {
	case journey.NameCallback:
		return journey.Name(q.Prompt), nil
	case journey.PasswordCallback:
		return journey.Password(q.Prompt), nil
	case journey.TextInputCallback:
		return journey.TextInput(q.Prompt, q.Value), nil
	case journey.ChoiceCallback:
		return journey.Choice(q.Prompt, q.Choices, q.Number), nil
	case journey.ConfirmationCallback:
		return journey.Confirmation(q.Prompt, q.Choices, q.Number), nil
	case journey.TextOutputCallback:
		return journey.Show(q.Prompt, q.Number), nil
	case journey.HiddenValueCallback:
		c := journey.Hidden(q.Prompt, q.Value)
		return c, nil
	case journey.PollingWaitCallback:
		return journey.Wait(q.Number, q.Prompt), nil
	case journey.MetadataCallback:
		return journey.Metadata(q.Data), nil
	case journey.RedirectCallback:
		return journey.Redirect(q.Prompt, q.Value, q.Data, q.Track)
	}
	return journey.Callback{}, fmt.Errorf("scripts of this server cannot send a %s", q.Type)
}
