package script

import (
	"strconv"

	"gatehouse/internal/groovy"
)

func groovyNumber(s string) groovy.Value {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return nil
	}
	return n
}

// callbacksBuilder asks callbacks, in the newer dialect.
type callbacksBuilder struct{ d *decision }

// GroovyClass is ScriptedCallbacksBuilder.
func (*callbacksBuilder) GroovyClass() *groovy.Class { return callbacksBuilderClass }

var callbacksBuilderClass = &groovy.Class{
	Name: "org.forgerock.openam.auth.nodes.script.ScriptedCallbacksBuilder",
	Methods: map[string]groovy.Method{
		"nameCallback":     asking(1, func(c *groovy.Call, q *Question) { q.Type, q.Prompt = "NameCallback", text(c.Arg(0)) }),
		"passwordCallback": asking(1, func(c *groovy.Call, q *Question) { q.Type, q.Prompt = "PasswordCallback", text(c.Arg(0)) }),
		"textInputCallback": asking(1, func(c *groovy.Call, q *Question) {
			q.Type, q.Prompt = "TextInputCallback", text(c.Arg(0))
			if len(c.Args) > 1 {
				q.Value = text(c.Arg(1))
			}
		}),
		"textOutputCallback": asking(2, func(c *groovy.Call, q *Question) {
			n, _ := integer(c.Arg(0))
			q.Type, q.Number, q.Prompt = "TextOutputCallback", int(n), text(c.Arg(1))
		}),
		"scriptTextOutputCallback": asking(1, func(c *groovy.Call, q *Question) {
			q.Type, q.Number, q.Prompt = "TextOutputCallback", 4, text(c.Arg(0))
		}),
		"hiddenValueCallback": asking(1, func(c *groovy.Call, q *Question) {
			q.Type, q.Prompt = "HiddenValueCallback", text(c.Arg(0))
			if len(c.Args) > 1 {
				q.Value = text(c.Arg(1))
			}
		}),
		"choiceCallback": asking(2, func(c *groovy.Call, q *Question) {
			q.Type, q.Prompt = "ChoiceCallback", text(c.Arg(0))
			q.Choices, _ = texts(c.Arg(1))
			n, _ := integer(c.Arg(2))
			q.Number = int(n)
		}),
		"confirmationCallback": asking(2, func(c *groovy.Call, q *Question) {
			q.Type = "ConfirmationCallback"
			args := c.Args
			if s, ok := textOf(args[0]); ok {
				q.Prompt, args = s, args[1:]
			}
			if len(args) > 2 {
				q.Choices, _ = texts(args[1])
				n, _ := integer(args[2])
				q.Number = int(n)
			}
		}),
		"metadataCallback": asking(1, func(c *groovy.Call, q *Question) {
			q.Type = "MetadataCallback"
			q.Data, _ = plain(unwrapped(c.Arg(0)))
		}),
		"redirectCallback": asking(3, func(c *groovy.Call, q *Question) {
			q.Type, q.Prompt, q.Value = "RedirectCallback", text(c.Arg(0)), text(c.Arg(2))
			q.Data, _ = plain(unwrapped(c.Arg(1)))
			for _, a := range c.Args[3:] { // the parameter and the cookie of older forms are of no use here
				if track, ok := a.(bool); ok {
					q.Track = track
				}
			}
		}),
		"pollingWaitCallback": asking(2, func(c *groovy.Call, q *Question) {
			n, _ := integer(groovyNumber(text(c.Arg(0))))
			q.Type, q.Number, q.Prompt = "PollingWaitCallback", int(n), text(c.Arg(1))
		}),
	},
}

const maxQuestions = 64

func asking(min int, read func(*groovy.Call, *Question)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		d := c.This.(*callbacksBuilder).d
		if len(c.Args) < min || len(d.action.asked) >= maxQuestions {
			return nil, wrong(c)
		}
		var q Question
		read(c, &q)
		d.action.asked = append(d.action.asked, q)
		return nil, nil
	}
}

// nextCallbacks are the answers, in the newer dialect.
type nextCallbacks struct{ d *decision }

// GroovyClass is ScriptedCallbacks.
func (*nextCallbacks) GroovyClass() *groovy.Class { return nextCallbacksClass }

var nextCallbacksClass = &groovy.Class{
	Name: "org.forgerock.openam.auth.nodes.script.ScriptedCallbacks",
	Methods: map[string]groovy.Method{
		"isEmpty": func(c *groovy.Call) (groovy.Value, error) {
			return len(c.This.(*nextCallbacks).d.in.Answers) == 0, nil
		},
		"getNameCallbacks":         answers("NameCallback", false),
		"getPasswordCallbacks":     answers("PasswordCallback", false),
		"getTextInputCallbacks":    answers("TextInputCallback", false),
		"getChoiceCallbacks":       answers("ChoiceCallback", true),
		"getConfirmationCallbacks": answers("ConfirmationCallback", true),
		"getHiddenValueCallbacks": func(c *groovy.Call) (groovy.Value, error) {
			out := groovy.NewMap()
			for _, a := range c.This.(*nextCallbacks).d.in.Answers {
				if a.Type == "HiddenValueCallback" {
					out.Put(a.Prompt, a.Value)
				}
			}
			return out, nil
		},
	},
}

func answers(kind string, index bool) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		out := groovy.NewList()
		for _, a := range c.This.(*nextCallbacks).d.in.Answers {
			if a.Type != kind {
				continue
			}
			v := groovy.Value(a.Value)
			if n, ok := integer(groovyNumber(a.Value)); ok && index {
				v = n
				if kind == "ChoiceCallback" {
					v = groovy.NewList(n)
				}
			}
			out.Add(v)
		}
		return out, nil
	}
}
