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
		"nameCallback": asking(1, 2, func(c *groovy.Call, q *Question) error {
			q.is("NameCallback").shows("prompt", text(c.Arg(0))).takes("", optional(c.Arg(1)))
			return nil
		}),
		"passwordCallback": asking(1, 2, func(c *groovy.Call, q *Question) error {
			q.Type, q.Prompt = "PasswordCallback", text(c.Arg(0))
			return nil
		}),
		"textInputCallback": asking(1, 2, func(c *groovy.Call, q *Question) error {
			q.Type, q.Prompt, q.Value = "TextInputCallback", text(c.Arg(0)), optional(c.Arg(1))
			return nil
		}),
		"textOutputCallback": asking(2, 2, func(c *groovy.Call, q *Question) error {
			n, err := messageType(c)
			q.Type, q.Number, q.Prompt = "TextOutputCallback", n, text(c.Arg(1))
			return err
		}),
		"suspendedTextOutputCallback": asking(2, 2, func(c *groovy.Call, q *Question) error {
			n, err := messageType(c)
			q.is("SuspendedTextOutputCallback").shows("message", text(c.Arg(1))).shows("messageType", strconv.Itoa(n))
			return err
		}),
		"scriptTextOutputCallback": asking(1, 1, func(c *groovy.Call, q *Question) error {
			q.Type, q.Number, q.Prompt = "TextOutputCallback", 4, text(c.Arg(0))
			return nil
		}),
		"hiddenValueCallback": asking(1, 2, func(c *groovy.Call, q *Question) error {
			q.Type, q.Prompt, q.Value = "HiddenValueCallback", text(c.Arg(0)), optional(c.Arg(1))
			return nil
		}),
		"choiceCallback": asking(2, 4, func(c *groovy.Call, q *Question) error { // the last, whether several may be chosen, is not shown
			return q.choice(c, false)
		}),
		"radioChoiceCallback":  asking(2, 3, func(c *groovy.Call, q *Question) error { return q.choice(c, true) }),
		"confirmationCallback": asking(3, 4, func(c *groovy.Call, q *Question) error { return q.confirmation(c) }),
		"metadataCallback": asking(1, 1, func(c *groovy.Call, q *Question) (err error) {
			q.Type = "MetadataCallback"
			q.Data, err = plain(unwrapped(c.Arg(0)))
			return err
		}),
		"redirectCallback": asking(3, 6, func(c *groovy.Call, q *Question) (err error) {
			q.Type, q.Prompt, q.Value = "RedirectCallback", text(c.Arg(0)), text(c.Arg(2))
			q.Data, err = plain(unwrapped(c.Arg(1)))
			for _, a := range c.Args[3:] { // the parameter and the cookie of older forms are not shown
				if track, ok := a.(bool); ok {
					q.Track = track
				}
			}
			return err
		}),
		"pollingWaitCallback": asking(2, 2, func(c *groovy.Call, q *Question) error {
			n, _ := integer(groovyNumber(text(c.Arg(0))))
			q.Type, q.Number, q.Prompt = "PollingWaitCallback", int(n), text(c.Arg(1))
			return nil
		}),
		"languageCallback": asking(2, 2, func(c *groovy.Call, q *Question) error {
			q.is("LanguageCallback").takes("Language", text(c.Arg(0))).takes("Country", text(c.Arg(1)))
			return nil
		}),
		"termsAndConditionsCallback": asking(3, 3, func(c *groovy.Call, q *Question) error {
			q.is("TermsAndConditionsCallback").shows("version", text(c.Arg(0))).shows("terms", text(c.Arg(1))).shows("createDate", text(c.Arg(2))).takes("", false)
			return nil
		}),
		"deviceProfileCallback": asking(3, 3, func(c *groovy.Call, q *Question) error {
			q.is("DeviceProfileCallback").shows("metadata", c.Arg(0) == true).shows("location", c.Arg(1) == true).shows("message", text(c.Arg(2))).takes("", "")
			return nil
		}),
		"kbaCreateCallback": asking(3, 3, func(c *groovy.Call, q *Question) error {
			questions, ok := texts(c.Arg(1))
			if !ok {
				return wrong(c)
			}
			q.is("KbaCreateCallback").shows("prompt", text(c.Arg(0))).shows("predefinedQuestions", questions).shows("allowUserDefinedQuestions", c.Arg(2) == true)
			q.takes("question", "").takes("answer", "")
			return nil
		}),
		"selectIdPCallback": asking(1, 1, func(c *groovy.Call, q *Question) error {
			q.is("SelectIdPCallback").takes("", "")
			if err := q.showsData("providers", c.Arg(0)); err != nil {
				return err
			}
			q.shows("value", "")
			return nil
		}),
		"idPCallback": asking(9, 11, func(c *groovy.Call, q *Question) error {
			q.is("IdPCallback")
			for i, name := range []string{
				"provider", "clientId", "redirectUri", "scope", "nonce", "request", "requestUri", "acrValues", "requestNativeAppForUserInfo", "token", "tokenType",
			} {
				if i < len(c.Args) {
					if err := q.showsData(name, c.Arg(i)); err != nil {
						return err
					}
				}
			}
			q.takes("token", optional(c.Arg(9))).takes("token_type", optional(c.Arg(10)))
			return nil
		}),
		"consentMappingCallback":        asking(3, 7, func(c *groovy.Call, q *Question) error { return q.consent(c) }),
		"stringAttributeInputCallback":  asking(4, 7, func(c *groovy.Call, q *Question) error { return q.attribute(c, "StringAttributeInputCallback") }),
		"numberAttributeInputCallback":  asking(4, 7, func(c *groovy.Call, q *Question) error { return q.attribute(c, "NumberAttributeInputCallback") }),
		"booleanAttributeInputCallback": asking(4, 7, func(c *groovy.Call, q *Question) error { return q.attribute(c, "BooleanAttributeInputCallback") }),
		"validatedUsernameCallback": asking(3, 4, func(c *groovy.Call, q *Question) error {
			if err := q.is("ValidatedCreateUsernameCallback").policies(c, c.Args[1:]); err != nil {
				return err
			}
			q.shows("prompt", text(c.Arg(0)))
			return nil
		}),
		"validatedPasswordCallback": asking(4, 5, func(c *groovy.Call, q *Question) error {
			if err := q.is("ValidatedCreatePasswordCallback").shows("echoOn", c.Arg(1) == true).policies(c, c.Args[2:]); err != nil {
				return err
			}
			q.shows("prompt", text(c.Arg(0)))
			return nil
		}),
		"httpCallback":            unasked,
		"x509CertificateCallback": unasked,
	},
}

// unasked are callbacks that have no form in JSON; the product refuses the whole answer.
var unasked = groovy.Method(func(c *groovy.Call) (groovy.Value, error) {
	return nil, unsupported("%s: cannot be converted into a JSON representation", c.Name)
})

const maxQuestions = 64

func asking(low, high int, read func(*groovy.Call, *Question) error) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		d := c.This.(*callbacksBuilder).d
		if len(c.Args) < low || len(c.Args) > high || len(d.action.asked) >= maxQuestions {
			return nil, wrong(c)
		}
		var q Question
		if err := read(c, &q); err != nil {
			return nil, err
		}
		d.action.asked = append(d.action.asked, q)
		return nil, nil
	}
}

// messageType is the first argument: 0 to 2, as Java's callbacks have it.
func messageType(c *groovy.Call) (int, error) {
	n, ok := integer(c.Arg(0))
	if !ok || n < 0 || n > 2 {
		return 0, illegal("%s: expected a message type of 0, 1 or 2, found %s", c.Name, clip(text(c.Arg(0)), 40))
	}
	return int(n), nil
}

func (q *Question) is(kind string) *Question {
	q.Type = kind
	return q
}

func (q *Question) shows(name string, v any) *Question {
	q.Output = append(q.Output, Field{name, v})
	return q
}

func (q *Question) takes(suffix string, preset any) *Question {
	q.Input = append(q.Input, Field{suffix, preset})
	return q
}

// showsData shows what the script gave as it is.
func (q *Question) showsData(name string, v groovy.Value) error {
	data, err := plain(unwrapped(v))
	if err == nil {
		q.shows(name, data)
	}
	return err
}

// choice asks for one of several.
func (q *Question) choice(c *groovy.Call, radio bool) error {
	choices, ok := texts(c.Arg(1))
	if !ok {
		return wrong(c)
	}
	preset, _ := integer(c.Arg(2))
	if preset < 0 || int(preset) >= len(choices) {
		return illegal("%s: there is no choice %d", c.Name, preset)
	}
	q.is("ChoiceCallback").shows("prompt", text(c.Arg(0))).shows("choices", choices).shows("defaultChoice", int(preset)).takes("", int(preset))
	if radio {
		q.shows("radio", true)
	}
	return nil
}

// confirmation takes (messageType, options or optionType, default), with a prompt before or without.
func (q *Question) confirmation(c *groovy.Call) error {
	args, prompt := c.Args, ""
	if len(args) == 4 {
		prompt, args = text(args[0]), args[1:]
	}
	kind, _ := integer(args[0])
	preset, isNumber := integer(args[2])
	options, ok := texts(args[1])
	optionType := int64(-1)
	if !ok {
		options = []string{}
		if optionType, ok = integer(args[1]); !ok || optionType < 0 || optionType > 2 {
			return wrong(c)
		}
	}
	if !isNumber || kind < 0 || kind > 2 {
		return wrong(c)
	}
	q.is("ConfirmationCallback").shows("prompt", prompt).shows("messageType", int(kind)).shows("options", options)
	q.shows("optionType", int(optionType)).shows("defaultOption", int(preset)).takes("", int(preset))
	return nil
}

// attribute takes (name, prompt, value, required) with failed policies, or policies, validateOnly, and failed policies behind.
func (q *Question) attribute(c *groovy.Call, kind string) error {
	value, err := plain(c.Arg(2))
	if err != nil {
		return err
	}
	q.is(kind).shows("name", text(c.Arg(0))).shows("prompt", text(c.Arg(1))).shows("required", c.Arg(3) == true).takes("", value)
	rest := c.Args[4:]
	if len(rest) < 2 { // no policies
		rest = append([]groovy.Value{groovy.NewMap(), false}, rest...)
	}
	if err := q.policies(c, rest); err != nil {
		return err
	}
	q.shows("value", value)
	return nil
}

// policies shows policies, whether values are only checked, and the policies that failed.
func (q *Question) policies(c *groovy.Call, args []groovy.Value) error {
	if err := q.showsData("policies", args[0]); err != nil {
		return err
	}
	failed := []string{}
	if len(args) > 2 {
		var ok bool
		if failed, ok = texts(args[2]); !ok {
			return wrong(c)
		}
	}
	q.shows("failedPolicies", failed).shows("validateOnly", args[1] == true)
	if len(q.Input) == 0 {
		q.takes("", "")
	}
	q.takes("validateOnly", false)
	return nil
}

// consent takes (config, message, isRequired), or what is in a config one by one.
func (q *Question) consent(c *groovy.Call) error {
	q.is("ConsentMappingCallback")
	names := []string{"name", "displayName", "icon", "accessLevel", "fields"}
	args := c.Args
	switch len(args) {
	case 3:
		config, ok := args[0].(*groovy.Map)
		if !ok {
			return wrong(c)
		}
		args = nil
		for _, name := range names {
			v, _ := config.Get(name)
			args = append(args, v)
		}
		args = append(args, c.Args[1:]...)
	case 7:
	default:
		return wrong(c)
	}
	if _, ok := items(args[4]); !ok {
		return illegal("consentMappingCallback: fields: expected a list, found %s", kindOf(args[4]))
	}
	for i, name := range names {
		if err := q.showsData(name, args[i]); err != nil {
			return err
		}
	}
	q.shows("message", text(args[5])).shows("isRequired", args[6] == true).takes("", false)
	return nil
}
