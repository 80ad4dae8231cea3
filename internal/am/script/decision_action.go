package script

import (
	"maps"
	"strconv"

	"gatehouse/internal/groovy"
)

// action is what a scripted decision does: Action.goTo("x") or Action.send(callbacks), and Java's builders of both.
type action struct {
	outcome                    string
	asked                      []Question
	stage, header, description string
	message, lockout           string
	user, agent                string
	properties                 map[string]string
	maxLife, maxIdle           int
	suspension                 *suspension
}

// GroovyClass is Action.
func (*action) GroovyClass() *groovy.Class { return actionClass }

func (a *action) into(d *Decision) {
	if a.outcome != "" {
		d.Outcome = a.outcome
	}
	d.Ask, d.Stage, d.Header, d.Description, d.ErrorMessage = a.asked, a.stage, a.header, a.description, a.message
	d.MaxLife, d.MaxIdle, d.LockoutMessage, d.User, d.Agent = a.maxLife, a.maxIdle, a.lockout, a.user, a.agent
	maps.Copy(d.Properties, a.properties)
}

var actionClass = &groovy.Class{
	Name: "org.forgerock.openam.auth.node.api.Action",
	Static: map[string]groovy.Method{
		"goTo":    func(c *groovy.Call) (groovy.Value, error) { return (&action{}).goTo(c) },
		"suspend": func(c *groovy.Call) (groovy.Value, error) { return (&action{}).handled(c) },
		"send": func(c *groovy.Call) (groovy.Value, error) {
			a := &action{}
			for _, v := range spread(c.Args) {
				cb, ok := v.(*javaCallback)
				if !ok {
					return nil, wrong(c)
				}
				a.asked = append(a.asked, cb.q)
			}
			return a, nil
		},
	},
	Methods: map[string]groovy.Method{
		"goTo":            onAction((*action).goTo),
		"suspend":         onAction((*action).suspend),
		"build":           onAction(func(a *action, _ *groovy.Call) (groovy.Value, error) { return a, nil }),
		"withHeader":      onAction(func(a *action, c *groovy.Call) (groovy.Value, error) { a.header = text(c.Arg(0)); return a, nil }),
		"withDescription": onAction(func(a *action, c *groovy.Call) (groovy.Value, error) { a.description = text(c.Arg(0)); return a, nil }),
		"withStage":       onAction(func(a *action, c *groovy.Call) (groovy.Value, error) { a.stage = text(c.Arg(0)); return a, nil }),
		"withErrorMessage": onAction(func(a *action, c *groovy.Call) (groovy.Value, error) {
			a.message = text(c.Arg(0))
			return a, nil
		}),
		"withLockoutMessage": onAction(func(a *action, c *groovy.Call) (groovy.Value, error) {
			a.lockout = text(c.Arg(0))
			return a, nil
		}),
		"withIdentifiedUser": onAction(func(a *action, c *groovy.Call) (groovy.Value, error) {
			a.user, a.agent = text(c.Arg(0)), ""
			return a, nil
		}),
		"withIdentifiedAgent": onAction(func(a *action, c *groovy.Call) (groovy.Value, error) {
			a.user, a.agent = "", text(c.Arg(0))
			return a, nil
		}),
		"putSessionProperty": onAction(func(a *action, c *groovy.Call) (groovy.Value, error) {
			if a.properties == nil {
				a.properties = map[string]string{}
			}
			if len(c.Args) != 2 || len(a.properties) >= maxFields {
				return nil, wrong(c)
			}
			a.properties[text(c.Arg(0))] = text(c.Arg(1))
			return a, nil
		}),
		"withMaxSessionTime": minutes(func(a *action, n int) { a.maxLife = n }),
		"withMaxIdleTime":    minutes(func(a *action, n int) { a.maxIdle = n }),
		"removeSessionProperty": onAction(func(a *action, c *groovy.Call) (groovy.Value, error) {
			delete(a.properties, text(c.Arg(0)))
			return a, nil
		}),
		// Both states are changed in place by scripts of this server.
		"replaceSharedState":    onAction(func(a *action, _ *groovy.Call) (groovy.Value, error) { return a, nil }),
		"replaceTransientState": onAction(func(a *action, _ *groovy.Call) (groovy.Value, error) { return a, nil }),
	},
}

// maxMinutes is ten years.
const maxMinutes = 10 * 366 * 24 * 60

func minutes(set func(*action, int)) groovy.Method {
	return onAction(func(a *action, c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) != 1 {
			return nil, wrong(c)
		}
		f, ok := number(c.Arg(0))
		if !ok {
			var err error
			if f, err = strconv.ParseFloat(text(c.Arg(0)), 64); err != nil {
				return nil, illegal("Cannot convert %s to java.lang.Integer", clip(text(c.Arg(0)), 100))
			}
		}
		n := int(min(f, maxMinutes+1))
		if n < 1 || n > maxMinutes {
			return nil, illegal("%s: expected minutes", c.Name)
		}
		set(a, n)
		return a, nil
	})
}

func (a *action) goTo(c *groovy.Call) (groovy.Value, error) {
	if len(c.Args) != 1 {
		return nil, wrong(c)
	}
	a.outcome = text(c.Arg(0))
	return a, nil
}

func onAction(do func(*action, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) { return do(c.This.(*action), c) }
}

// javaCallback is a callback as Java has it.
type javaCallback struct {
	class *groovy.Class
	q     Question
}

// GroovyClass is one of the callback classes.
func (c *javaCallback) GroovyClass() *groovy.Class { return c.class }

func onCallback(what func(*Question) groovy.Value) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) { return what(&c.This.(*javaCallback).q), nil }
}

// callbackClasses are the classes by the types of callbacks.
var callbackClasses = func() map[string]*groovy.Class {
	prompt := onCallback(func(q *Question) groovy.Value { return q.Prompt })
	value := onCallback(func(q *Question) groovy.Value { return orNull(q.Value) })
	index := onCallback(func(q *Question) groovy.Value {
		n, ok := integer(groovyNumber(q.Value))
		if !ok {
			return int64(0)
		}
		return n
	})
	first := func(q *Question, c *groovy.Call) { q.Prompt = text(c.Arg(0)) }
	callback := func(pkg, kind string, read func(*Question, *groovy.Call), methods map[string]groovy.Method) *groovy.Class {
		class := &groovy.Class{Name: pkg + "." + kind, Methods: methods}
		class.New = func(c *groovy.Call) (groovy.Value, error) {
			cb := &javaCallback{class: class, q: Question{Type: kind}}
			read(&cb.q, c)
			return cb, nil
		}
		return class
	}
	const java, openam = "javax.security.auth.callback", "com.sun.identity.authentication.callbacks"
	out := map[string]*groovy.Class{}
	for _, c := range []*groovy.Class{
		callback(java, "NameCallback", first, map[string]groovy.Method{"getName": value, "getPrompt": prompt}),
		callback(java, "PasswordCallback", first, map[string]groovy.Method{
			// Java's is an array of characters, which scripts make a string of.
			"getPassword": value, "getPrompt": prompt,
		}),
		callback(java, "TextInputCallback", func(q *Question, c *groovy.Call) {
			q.Prompt = text(c.Arg(0))
			if len(c.Args) > 1 {
				q.Value = text(c.Arg(1))
			}
		}, map[string]groovy.Method{"getText": value, "getPrompt": prompt}),
		callback(java, "TextOutputCallback", func(q *Question, c *groovy.Call) {
			n, _ := integer(c.Arg(0))
			q.Number, q.Prompt = int(n), text(c.Arg(1))
		}, map[string]groovy.Method{"getMessage": prompt}),
		callback(openam, "ScriptTextOutputCallback", func(q *Question, c *groovy.Call) {
			q.Type, q.Number, q.Prompt = "TextOutputCallback", 4, text(c.Arg(0))
		}, nil),
		callback("org.forgerock.openam.auth.node.api", "SuspendedTextOutputCallback", func(q *Question, c *groovy.Call) {
			n, _ := integer(c.Arg(0))
			q.Number, q.Prompt = int(n), text(c.Arg(1))
		}, map[string]groovy.Method{"getMessage": prompt}),
		callback(java, "ChoiceCallback", func(q *Question, c *groovy.Call) {
			q.Prompt = text(c.Arg(0))
			q.Choices, _ = texts(c.Arg(1))
			n, _ := integer(c.Arg(2))
			q.Number = int(n)
		}, map[string]groovy.Method{"getPrompt": prompt, "getSelectedIndexes": onCallback(func(q *Question) groovy.Value {
			n, _ := integer(groovyNumber(q.Value))
			return groovy.NewList(n)
		})}),
		callback(java, "ConfirmationCallback", func(q *Question, c *groovy.Call) {
			// (messageType, options, default) or (prompt, messageType, options, default)
			args := c.Args
			if len(args) > 0 {
				if s, ok := textOf(args[0]); ok {
					q.Prompt, args = s, args[1:]
				}
			}
			if len(args) > 2 {
				q.Choices, _ = texts(args[1])
				n, _ := integer(args[2])
				q.Number = int(n)
			}
		}, map[string]groovy.Method{"getSelectedIndex": index, "getPrompt": prompt}),
		callback(openam, "HiddenValueCallback", func(q *Question, c *groovy.Call) {
			q.Prompt = text(c.Arg(0))
			if len(c.Args) > 1 {
				q.Value = text(c.Arg(1))
			}
		}, map[string]groovy.Method{"getValue": value, "getId": prompt}),
		callback(openam, "MetadataCallback", func(q *Question, c *groovy.Call) { q.Data, _ = plain(unwrapped(c.Arg(0))) }, nil),
		callback(openam, "PollingWaitCallback", func(q *Question, c *groovy.Call) {
			n, _ := integer(groovyNumber(text(c.Arg(0))))
			q.Number, q.Prompt = int(n), text(c.Arg(1))
		}, nil),
	} {
		out[c.SimpleName()] = c
	}
	return out
}()
