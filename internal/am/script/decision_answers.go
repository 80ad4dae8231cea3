package script

import (
	"strconv"

	"gatehouse/internal/groovy"
)

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
		"getNameCallbacks":                  answers("NameCallback", asAnswered),
		"getPasswordCallbacks":              answers("PasswordCallback", asAnswered),
		"getTextInputCallbacks":             answers("TextInputCallback", asAnswered),
		"getStringAttributeInputCallbacks":  answers("StringAttributeInputCallback", asAnswered),
		"getDeviceProfileCallbacks":         answers("DeviceProfileCallback", asAnswered),
		"getSelectIdPCallbacks":             answers("SelectIdPCallback", asAnswered),
		"getHttpCallbacks":                  answers("HttpCallback", asAnswered),
		"getX509CertificateCallbacks":       answers("X509CertificateCallback", asAnswered),
		"getConfirmationCallbacks":          answers("ConfirmationCallback", asNumber),
		"getNumberAttributeInputCallbacks":  answers("NumberAttributeInputCallback", asNumber),
		"getBooleanAttributeInputCallbacks": answers("BooleanAttributeInputCallback", asFlag),
		"getTermsAndConditionsCallbacks":    answers("TermsAndConditionsCallback", asFlag),
		"getConsentMappingCallbacks":        answers("ConsentMappingCallback", asFlag),
		"getChoiceCallbacks":                answers("ChoiceCallback", func(a *Answer) groovy.Value { return groovy.NewList(asNumber(a)) }),
		"getLanguageCallbacks": answers("LanguageCallback", func(a *Answer) groovy.Value {
			if a.input(1) == "" {
				return a.Value
			}
			return a.Value + "_" + a.input(1)
		}),
		"getIdpCallbacks":               answers("IdPCallback", asMap("token", "tokenType")),
		"getKbaCreateCallbacks":         answers("KbaCreateCallback", asMap("selectedQuestion", "selectedAnswer")),
		"getValidatedPasswordCallbacks": answers("ValidatedCreatePasswordCallback", asValidated),
		"getValidatedUsernameCallbacks": answers("ValidatedCreateUsernameCallback", asValidated),
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

func answers(kind string, read func(*Answer) groovy.Value) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		out := groovy.NewList()
		list := c.This.(*nextCallbacks).d.in.Answers
		for i := range list {
			if list[i].Type == kind {
				out.Add(read(&list[i]))
			}
		}
		return out, nil
	}
}

// input is what another input of the callback has, "" for none.
func (a *Answer) input(i int) string {
	if i >= len(a.Inputs) {
		return ""
	}
	return a.Inputs[i]
}

func asAnswered(a *Answer) groovy.Value { return a.Value }

func asNumber(a *Answer) groovy.Value {
	if n, ok := integer(groovyNumber(a.Value)); ok {
		return n
	}
	if f, err := strconv.ParseFloat(a.Value, 64); err == nil {
		return f
	}
	return a.Value
}

func asFlag(a *Answer) groovy.Value { return a.Value == "true" }

func asMap(names ...string) func(*Answer) groovy.Value {
	return func(a *Answer) groovy.Value {
		out := groovy.NewMap()
		for i, name := range names {
			out.Put(name, a.input(i))
		}
		return out
	}
}

func asValidated(a *Answer) groovy.Value {
	out := groovy.NewMap()
	out.Put("value", a.Value)
	out.Put("validateOnly", a.input(1) == "true")
	return out
}
