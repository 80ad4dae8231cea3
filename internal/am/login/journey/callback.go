package journey

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
)

// Field is a named value of a callback.
type Field struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// Callback is a question to the client, or something to show (PingAM: callbacks).
type Callback struct {
	Type   string  `json:"type"`
	Output []Field `json:"output"`
	Input  []Field `json:"input,omitempty"`
	// ID counts the callbacks of a page; nil is not printed.
	ID *int `json:"_id,omitempty"`
}

// Types of callbacks.
const (
	NameCallback         = "NameCallback"
	PasswordCallback     = "PasswordCallback"
	ChoiceCallback       = "ChoiceCallback"
	ConfirmationCallback = "ConfirmationCallback"
	TextOutputCallback   = "TextOutputCallback"
	TextInputCallback    = "TextInputCallback"
	HiddenValueCallback  = "HiddenValueCallback"
	RedirectCallback     = "RedirectCallback"
	PollingWaitCallback  = "PollingWaitCallback"
	MetadataCallback     = "MetadataCallback"
	KbaCreateCallback    = "KbaCreateCallback"
	TermsCallback        = "TermsAndConditionsCallback"
	DeviceCallback       = "DeviceProfileCallback"
	SelectIdPCallback    = "SelectIdPCallback"
)

// Name asks for a name.
func Name(prompt string) Callback { return ask(NameCallback, "", Field{"prompt", prompt}) }

// Password asks for a secret.
func Password(prompt string) Callback { return ask(PasswordCallback, "", Field{"prompt", prompt}) }

// TextInput asks for a text.
func TextInput(prompt, value string) Callback {
	return ask(TextInputCallback, value, Field{"prompt", prompt}, Field{"defaultText", value})
}

// Choice asks for one of several; the answer is its position.
func Choice(prompt string, choices []string, preset int) Callback {
	return ask(ChoiceCallback, preset, Field{"prompt", prompt}, Field{"choices", choices}, Field{"defaultChoice", preset})
}

// Confirmation offers buttons; the answer is the position of the one that was pressed.
func Confirmation(prompt string, options []string, preset int) Callback {
	return ask(ConfirmationCallback, preset, Field{"prompt", prompt}, Field{"messageType", 0}, Field{"options", options},
		Field{"optionType", -1}, Field{"defaultOption", preset})
}

// Hidden carries a value that scripts of a page may change.
func Hidden(id, value string) Callback {
	return ask(HiddenValueCallback, id, Field{"value", value}, Field{"id", id})
}

// Show shows a text. Types: 0 information, 1 warning, 2 error, 4 script.
func Show(message string, messageType int) Callback {
	return Callback{Type: TextOutputCallback, Output: []Field{{"message", message}, {"messageType", strconv.Itoa(messageType)}}}
}

// Wait lets the client come back after some milliseconds.
func Wait(milliseconds int, message string) Callback {
	return Callback{Type: PollingWaitCallback, Output: []Field{{"waitTime", strconv.Itoa(milliseconds)}, {"message", message}}}
}

// SuspendedTextOutputCallback is the type of what is shown while a journey waits.
const SuspendedTextOutputCallback = "SuspendedTextOutputCallback"

// Suspended shows what somebody has to do elsewhere before the journey goes on.
func Suspended(message string) Callback {
	return Callback{Type: SuspendedTextOutputCallback, Output: []Field{{"message", message}, {"messageType", "0"}}}
}

// Metadata carries data for applications.
func Metadata(data any) Callback {
	return Callback{Type: MetadataCallback, Output: []Field{{"data", data}}}
}

// KbaCreate asks for a security question, one of those given or, with own, another one, and for the answer to it.
func KbaCreate(prompt string, questions []string, own bool) Callback {
	return Callback{
		Type:   KbaCreateCallback,
		Output: []Field{{"prompt", prompt}, {"predefinedQuestions", questions}, {"allowUserDefinedQuestions", own}},
		Input:  []Field{{"question", ""}, {"answer", ""}},
	}
}

// Terms asks to accept terms and conditions; the answer is "true" or "false". created is an RFC 3339 date.
func Terms(version, text, created string) Callback {
	return ask(TermsCallback, false, Field{"version", version}, Field{"terms", text}, Field{"createDate", created})
}

// DeviceProfile asks what the client runs on, and where. The answer is an object as a text.
func DeviceProfile(metadata, location bool, message string) Callback {
	return ask(DeviceCallback, "", Field{"metadata", metadata}, Field{"location", location}, Field{"message", message})
}

// SelectIdP asks which of several providers to sign in at; the answer is the "provider" of one.
func SelectIdP(providers []map[string]any) Callback {
	return ask(SelectIdPCallback, "", Field{"providers", providers}, Field{"value", ""})
}

// Redirect leads the browser to somebody else's page: by a link (GET), or by a form with the data (POST). With track the
// sign-in page keeps the step, and goes on with it when the browser is back (PingAM: tracking cookie).
func Redirect(address, method string, data any, track bool) (Callback, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return Callback{}, fmt.Errorf("redirect: expected an http or https address, found %q", address)
	}
	c := Callback{Type: RedirectCallback, Output: []Field{{"redirectUrl", address}, {"redirectMethod", method}, {"trackingCookie", track}}}
	switch method {
	case "GET":
	case "POST":
		c.Output = append(c.Output, Field{"redirectData", data})
	default:
		return Callback{}, fmt.Errorf("redirect: expected GET or POST, found %q", method)
	}
	return c, nil
}

func ask(kind string, preset any, output ...Field) Callback {
	return Callback{Type: kind, Output: output, Input: []Field{{"", preset}}}
}

// Answer is the text that was filled in, "" for none.
func (c *Callback) Answer() string { return c.InputText(0) }

// InputText is the text of an input, "" for one that there is not.
func (c *Callback) InputText(i int) string {
	if i >= len(c.Input) {
		return ""
	}
	return answerText(c.Input[i].Value)
}

// OutputText is a text of the question, "" for none of that name.
func (c *Callback) OutputText(name string) string {
	for _, f := range c.Output {
		if f.Name == name {
			return answerText(f.Value)
		}
	}
	return ""
}

// Chosen is the position that was chosen among n; false when it is none.
func (c *Callback) Chosen(n int) (int, bool) {
	i, err := strconv.Atoi(c.Answer())
	return i, err == nil && i >= 0 && i < n
}

// Options are the buttons of a confirmation.
func (c *Callback) Options() []string {
	for _, f := range c.Output {
		if f.Name != "options" {
			continue
		}
		switch list := f.Value.(type) {
		case []string:
			return list
		case []any: // as a state is read again
			var out []string
			for _, v := range list {
				out = append(out, answerText(v))
			}
			return out
		}
	}
	return nil
}

// Prompt is the text of the question.
func (c *Callback) Prompt() string {
	for _, f := range c.Output {
		if f.Name == "prompt" || f.Name == "message" {
			s, _ := f.Value.(string)
			return s
		}
	}
	return ""
}

func answerText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	}
	return ""
}

// number names the inputs by the position of their callbacks, before the name that they have, and numbers the callbacks where that is wanted.
func number(list []Callback, ids bool) {
	for i := range list {
		for k := range list[i].Input {
			name, suffix := "IDToken"+strconv.Itoa(i+1), list[i].Input[k].Name
			if k > 0 && suffix == "" {
				suffix = strconv.Itoa(k)
			}
			list[i].Input[k].Name = name + suffix
		}
		if ids {
			id := i
			list[i].ID = &id
		}
	}
}
