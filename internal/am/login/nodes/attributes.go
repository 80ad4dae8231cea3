package nodes

import (
	"net/mail"
	"strconv"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/login/selfservice"
	"gatehouse/internal/am/realm"
)

// Rules for values, by the names that identity management has for them.
const (
	ruleRequired = "REQUIRED"
	ruleUnique   = "UNIQUE"
	ruleMail     = "VALID_EMAIL_ADDRESS_FORMAT"
	ruleName     = "VALID_USERNAME"
	ruleLength   = "MIN_LENGTH"
)

// requiredAttributes are those that a user has to have (managed user).
var requiredAttributes = []string{"userName", "givenName", "sn", "mail"}

// prompts are what attributes are called.
var prompts = map[string]string{
	"userName": "Username", "givenName": "First Name", "sn": "Last Name", "mail": "Email Address", "telephoneNumber": "Telephone Number",
	"description": "Description", "postalAddress": "Address 1", "city": "City", "postalCode": "Postal Code", "country": "Country",
	"stateProvince": "State/Province", "preferences/marketing": "Send me special offers and services", "preferences/updates": "Send me news and updates",
}

func promptOf(attribute string) string {
	if p, ok := prompts[attribute]; ok {
		return p
	}
	return attribute
}

// attributeCollector asks for attributes of a user to be, or to be changed.
type attributeCollector struct {
	Attributes []string `json:"attributesToCollect"`
	Required   bool     `json:"required"`
	Validate   bool     `json:"validateInputs"`
	Identity   string   `json:"identityAttribute"`
}

func (*attributeCollector) Outcomes() []string { return next }

// flagPrefix begins the names of attributes that are true or false: users' preferences.
const flagPrefix = selfservice.AttributePreferences + "/"

func isFlag(attribute string) bool { return strings.HasPrefix(attribute, flagPrefix) }

func (n *attributeCollector) Process(s *journey.Step) (journey.Result, error) {
	if len(n.Attributes) == 0 {
		return journey.To("outcome")
	}
	known := n.known(s)
	again := s.Answers == nil
	asked := make([]journey.Callback, len(n.Attributes))
	values := make([]any, len(n.Attributes))
	for i, name := range n.Attributes {
		kind, value := journey.StringAttributeCallback, any(known[name])
		var failed []journey.Policy
		if isFlag(name) {
			kind, value = journey.BooleanAttributeCallback, known[name] == "true"
		}
		if s.Answers != nil {
			answer := s.Answers[i].Answer()
			value = answer
			if isFlag(name) {
				value = answer == "true"
			} else {
				failed = n.check(name, answer)
			}
			again = again || len(failed) > 0 || s.Answers[i].ValidateOnly()
		}
		values[i] = value
		asked[i] = journey.Attribute(kind, name, promptOf(name), value, n.Required, n.rules(name), failed)
	}
	if again {
		return journey.Ask(asked...)
	}
	for i, name := range n.Attributes {
		if values[i] != "" {
			s.State.SetObject(name, values[i])
		}
	}
	return journey.To("outcome")
}

// known are the values that the user has by now, who has to have proved who he is for that.
func (n *attributeCollector) known(s *journey.Step) map[string]string {
	out := map[string]string{}
	collected := s.State.Object()
	for name, v := range collected {
		if text, ok := v.(string); ok && name != "password" {
			out[name] = text
		}
	}
	preferences, _ := collected[selfservice.AttributePreferences].(map[string]any)
	var u *realm.User
	if s.State.User != "" {
		u, _ = s.Host.Find(s.Context(), s.Realm, s.State.User) // a form can be empty
	}
	if u != nil && preferences == nil {
		preferences = selfservice.PreferencesOf(u)
	}
	for _, name := range n.Attributes {
		if of, ok := strings.CutPrefix(name, flagPrefix); ok {
			out[name] = strconv.FormatBool(preferences[of] == true)
		} else if u != nil && out[name] == "" {
			if list := u.Attribute(attributeHere(name)); len(list) > 0 {
				out[name] = list[0]
			}
		}
	}
	return out
}

func (n *attributeCollector) rules(name string) []string {
	rules := []string{}
	if n.Required {
		rules = append(rules, ruleRequired)
	}
	if n.Validate && name == "mail" {
		rules = append(rules, ruleMail)
	}
	return rules
}

func (n *attributeCollector) check(name, value string) []journey.Policy {
	if strings.TrimSpace(value) == "" {
		if n.Required {
			return []journey.Policy{{Requirement: ruleRequired}}
		}
		return nil
	}
	if n.Validate && name == "mail" {
		if a, err := mail.ParseAddress(value); err != nil || a.Address != strings.TrimSpace(value) {
			return []journey.Policy{{Requirement: ruleMail}}
		}
	}
	return nil
}

// validatedUsername is usernameCollector under the name that the cloud has for it; with Validate, one that asks for the
// name of a user to be.
type validatedUsername struct {
	Attribute string `json:"usernameAttribute"`
	Validate  bool   `json:"validateInput"`
}

func (*validatedUsername) Outcomes() []string { return next }

func (n *validatedUsername) Process(s *journey.Step) (journey.Result, error) {
	if !n.Validate {
		r, err := (&usernameCollector{}).Process(s)
		if r.Outcome != "" {
			s.State.SetObject("userName", s.State.Username())
		}
		return r, err
	}
	ask := func(name string, failed []journey.Policy) (journey.Result, error) {
		return journey.Ask(journey.Attribute(journey.CreateUsernameCallback, "userName", "Username", name, true, []string{ruleRequired, ruleName, ruleUnique}, failed))
	}
	if s.Answers == nil {
		return ask("", nil)
	}
	name := strings.TrimSpace(s.Answers[0].Answer())
	failed, err := checkNewName(s, name)
	if err != nil {
		return journey.Result{}, err
	}
	if len(failed) > 0 || s.Answers[0].ValidateOnly() {
		return ask(name, failed)
	}
	s.State.SetUsername(name)
	s.State.SetObject("userName", name)
	return journey.To("outcome")
}

func checkNewName(s *journey.Step, name string) ([]journey.Policy, error) {
	if name == "" {
		return []journey.Policy{{Requirement: ruleRequired}}, nil
	}
	if !realm.ValidUserName(name) {
		return []journey.Policy{{Requirement: ruleName}}, nil
	}
	taken, err := exists(s, name)
	if taken {
		return []journey.Policy{{Requirement: ruleUnique}}, nil
	}
	return nil, err
}

// minimumPassword is the least length of passwords that identity management takes.
const minimumPassword = 8

// validatedPassword is passwordCollector under the name that the cloud has for it; with Validate, one that asks for a new
// password.
type validatedPassword struct {
	Attribute string `json:"passwordAttribute"`
	Validate  bool   `json:"validateInput"`
}

func (*validatedPassword) Outcomes() []string { return next }

func (n *validatedPassword) Process(s *journey.Step) (journey.Result, error) {
	if !n.Validate {
		r, err := (&passwordCollector{}).Process(s)
		if r.Outcome != "" {
			s.State.HideObject("password", s.State.Password())
		}
		return r, err
	}
	ask := func(failed []journey.Policy) (journey.Result, error) {
		return journey.Ask(journey.Attribute(journey.CreatePasswordCallback, "password", "Password", "", true, []string{ruleRequired, ruleLength}, failed))
	}
	if s.Answers == nil {
		return ask(nil)
	}
	password := s.Answers[0].Answer()
	failed := checkNewPassword(password, minimumPassword)
	if len(failed) > 0 || s.Answers[0].ValidateOnly() {
		return ask(failed)
	}
	s.State.SetPassword(password)
	s.State.HideObject("password", password)
	return journey.To("outcome")
}

func checkNewPassword(password string, least int) []journey.Policy {
	switch {
	case password == "":
		return []journey.Policy{{Requirement: ruleRequired}}
	case utf8.RuneCountInString(password) < least:
		return []journey.Policy{{Requirement: ruleLength, Params: map[string]any{"minLength": least}}}
	}
	return nil
}

// What is said of passwords that cannot be taken.
const (
	PasswordsDiffer = "The new passwords do not match"
	PasswordShort   = "The password is too short"
)

// createPassword asks for a new password twice.
type createPassword struct {
	Minimum int `json:"minPasswordLength"`
}

func (*createPassword) Outcomes() []string { return next }

func (n *createPassword) Process(s *journey.Step) (journey.Result, error) {
	ask := func(first ...journey.Callback) (journey.Result, error) {
		return journey.Ask(append(first, journey.Password("New Password"), journey.Password("Confirm Password"))...)
	}
	if s.Answers == nil {
		return ask()
	}
	last := len(s.Answers) - 1
	password := s.Answers[last-1].Answer()
	switch {
	case password != s.Answers[last].Answer():
		return ask(journey.Show(PasswordsDiffer, 2))
	case len(checkNewPassword(password, max(1, n.Minimum))) > 0:
		return ask(journey.Show(PasswordShort, 2))
	}
	s.State.SetPassword(password)
	s.State.HideObject("password", password)
	return journey.To("outcome")
}
