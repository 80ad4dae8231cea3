package nodes

import (
	"mime"
	"slices"

	"gatehouse/internal/am/login/journey"
)

// usernameCollector asks for the user's name.
type usernameCollector struct{}

func (*usernameCollector) Outcomes() []string { return next }

func (*usernameCollector) Process(s *journey.Step) (journey.Result, error) {
	if s.Answers == nil {
		return journey.Ask(journey.Name("User Name"))
	}
	s.State.SetUsername(s.Answers[0].Answer())
	return journey.To("outcome")
}

// passwordCollector asks for the password.
type passwordCollector struct{}

func (*passwordCollector) Outcomes() []string { return next }

func (*passwordCollector) Process(s *journey.Step) (journey.Result, error) {
	if s.Answers == nil {
		return journey.Ask(journey.Password("Password"))
	}
	s.State.SetPassword(s.Answers[0].Answer())
	return journey.To("outcome")
}

// zeroPageLogin takes name and password from headers of the request.
type zeroPageLogin struct {
	UsernameHeader string   `json:"usernameHeader"`
	PasswordHeader string   `json:"passwordHeader"`
	WithoutReferer bool     `json:"allowWithoutReferer"`
	Referrers      []string `json:"referrerWhiteList"`
}

func (*zeroPageLogin) Outcomes() []string { return yesNo }

func (n *zeroPageLogin) Process(s *journey.Step) (journey.Result, error) {
	read := func(name string) string {
		v := s.Request.Header.Get(name)
		if text, err := (&mime.WordDecoder{}).DecodeHeader(v); err == nil {
			return text
		}
		return v
	}
	name, password := read(n.UsernameHeader), read(n.PasswordHeader)
	referer := s.Request.Header.Get("Referer")
	if name == "" || password == "" || referer == "" && !n.WithoutReferer || referer != "" && len(n.Referrers) > 0 && !slices.Contains(n.Referrers, referer) {
		return journey.To("false")
	}
	s.State.SetUsername(name)
	s.State.SetPassword(password)
	return journey.To("true")
}

// choiceCollector asks for one of several choices: its outcomes.
type choiceCollector struct {
	Choices []string `json:"choices"`
	Default string   `json:"defaultChoice,omitempty"`
	Prompt  string   `json:"prompt,omitempty"`
}

func (n *choiceCollector) Outcomes() []string { return n.Choices }

func (n *choiceCollector) Process(s *journey.Step) (journey.Result, error) {
	ask := journey.Choice(n.Prompt, n.Choices, max(0, slices.Index(n.Choices, n.Default)))
	if s.Answers == nil {
		return journey.Ask(ask)
	}
	i, ok := s.Answers[0].Chosen(len(n.Choices))
	if !ok {
		return journey.Ask(ask)
	}
	return journey.To(n.Choices[i])
}

// message shows a text with two buttons.
type message struct {
	Message    map[string]string `json:"message"`
	Yes        map[string]string `json:"messageYes"`
	No         map[string]string `json:"messageNo"`
	StateField string            `json:"stateField,omitempty"`
}

func (*message) Outcomes() []string { return yesNo }

func (n *message) Process(s *journey.Step) (journey.Result, error) {
	text := s.Text(n.Message, "Default message")
	if n.StateField != "" && s.State.Text(n.StateField) != "" {
		text = s.State.Text(n.StateField)
	}
	buttons := []string{s.Text(n.Yes, "Yes"), s.Text(n.No, "No")}
	if s.Answers != nil {
		if i, ok := s.Answers[1].Chosen(len(buttons)); ok {
			return journey.Either(i == 0)
		}
	}
	return journey.Ask(journey.Show(text, 0), journey.Confirmation("", buttons, 0))
}
