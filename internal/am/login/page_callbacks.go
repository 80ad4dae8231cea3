package login

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/am/login/nodes"
	"gatehouse/internal/ui"
)

// stepPage is a step of a journey as the page shows it.
type stepPage struct {
	Action, AuthID, Packed string
	Parts                  []stepPart
	Buttons                []stepButton
	// After is the number of milliseconds after which the form sends itself; 0: it does not.
	After int
	// Away is the address of somebody else's page that the journey goes on with; "": none. AwayFields are sent there by
	// a form; nil: a link leads there.
	Away, AwayHost string
	// Stay tells that the browser goes there when somebody wants it, and not by itself: else who is refused there would be
	// sent to and fro.
	Stay bool
	// Track tells that the step goes on when the browser is back.
	Track      bool
	AwayFields []wireField
	// Key asks for a security key or passkey; nil: nothing does.
	Key *keyPart
}

// keyPart is what webauthn.js works with. Its field holds what is sent when nothing else happens, as without JavaScript.
type keyPart struct {
	Field, Data string
	// Adds tells a registration.
	Adds bool
}

// stepPart is a row: one of its members is set.
type stepPart struct {
	Field   *ui.Field
	Choices *choices
	Alert   *ui.Alert
	Terms   *terms
	Hidden  *wireField
	Codes   string
	Device  *devicePart
}

type choices struct {
	ID, Name, Legend string
	Options          []ui.Option
}

type terms struct{ ID, Name, Text string }

type stepButton struct {
	Name, Value, Text string
	Primary           bool
}

// showStep shows what a journey asks. name is a user name to begin with.
func (s *Service) showStep(w http.ResponseWriter, r *http.Request, place Place, a pageStep, alert *ui.Alert, name string) {
	if a.Status != http.StatusOK && len(a.Callbacks) == 0 {
		s.stepRefused(w, r, place, a, name)
		return
	}
	p := s.Page(r, place)
	p.Title, p.Lead, p.Alert = a.Header, a.Lead, alert
	if p.Title == "" || p.Title == "Sign in" || p.Title == "Sign In" {
		p.Title = p.T("login.title")
	}
	action := url.URL{Path: r.URL.Path, RawQuery: r.URL.RawQuery}
	content := &stepPage{Action: action.String(), AuthID: a.AuthID, Packed: a.packed()}
	b := stepBuilder{lang: p.Lang, page: content, name: name, codes: a.Stage == nodes.StageRecoveryCodes}
	for i := range a.Callbacks {
		b.add(&a.Callbacks[i])
	}
	b.finish()
	if content.Key != nil && a.Header == "" {
		p.Title, p.Lead = p.T("login.key.title"), p.T("login.key.text")
		if content.Key.Adds {
			p.Title, p.Lead = p.T("login.key.add.title"), p.T("login.key.add.text")
		}
	}
	if content.Track {
		if err := s.track(w, r, place, a); err != nil {
			s.broken(w, r, place, err)
			return
		}
	}
	content.Stay = alert != nil
	if content.AwayFields == nil && !content.Stay {
		p.Refresh = content.Away
	}
	p.Content = content
	s.render(w, r, a.Status, "signin", p, content.formTargets()...)
}

// stepBuilder makes rows of callbacks.
type stepBuilder struct {
	lang    ui.Lang
	page    *stepPage
	name    string
	focused bool
	asks    bool // a name or a password
	fresh   bool // a new name or password: then nobody signs in by it
	codes   bool // what is shown are codes to keep
	asked   int  // how many security questions were chosen
}

func (b *stepBuilder) add(c *wireCallback) {
	if len(c.Input) == 0 {
		b.show(c)
		return
	}
	in := c.Input[0]
	f := &ui.Field{ID: fieldID(in.Name), Name: in.Name, Label: b.prompt(c), Value: wireText(in.Value), Required: true, Error: b.policies(c)}
	switch c.Type {
	case "NameCallback", "ValidatedCreateUsernameCallback":
		if wireText(c.output("prompt")) == nodes.EnterCode {
			f.Autocomplete, f.InputMode = "one-time-code", "numeric"
			break
		}
		b.asks, b.fresh = true, b.fresh || c.Type == "ValidatedCreateUsernameCallback"
		f.Autocomplete = "username"
		if f.Value == "" {
			f.Value = b.name
		}
	case "PasswordCallback":
		b.asks = true
		f.Type, f.Value, f.Autocomplete = "password", "", "current-password"
		if strings.Contains(strings.ToLower(f.Label), "one time") || strings.Contains(strings.ToLower(f.Label), "one-time") {
			f.Autocomplete, f.InputMode = "one-time-code", "numeric"
		}
		if p := wireText(c.output("prompt")); p == "New Password" || p == "Confirm Password" {
			f.Autocomplete, b.fresh = "new-password", true
		} else if strings.HasSuffix(f.Label, "?") { // a security question: no password is filled in, and nobody signs in by it alone
			f.Autocomplete, b.fresh = "off", true
		}
	case "ValidatedCreatePasswordCallback":
		b.fresh = true
		f.Type, f.Value, f.Autocomplete = "password", "", "new-password"
	case "TextInputCallback":
		f.Required = false
		if v := wireText(c.output("defaultText")); f.Value == "" {
			f.Value = v
		}
	case "StringAttributeInputCallback", "NumberAttributeInputCallback":
		f.Required = c.output("required") == true
		if f.Value == "" {
			f.Value = wireText(c.output("value"))
		}
		f.Autocomplete = autofill[wireText(c.output("name"))]
		if c.Type == "NumberAttributeInputCallback" {
			f.InputMode = "decimal"
		}
	case "BooleanAttributeInputCallback":
		f.Type, f.Checked, f.Value, f.Required = "checkbox", in.Value == true || c.output("value") == true, "true", false
	case "ChoiceCallback":
		b.choice(c, f)
		return
	case "SelectIdPCallback":
		b.providers(c, f)
		return
	case "ConfirmationCallback":
		b.confirm(c)
		return
	case "TermsAndConditionsCallback":
		b.page.Parts = append(b.page.Parts, stepPart{Terms: &terms{fieldID(in.Name), in.Name, wireText(c.output("terms"))}})
		return
	case "KbaCreateCallback":
		b.questions(c)
		return
	case "HiddenValueCallback", "MetadataCallback", "DeviceProfileCallback":
		if c.Type == "DeviceProfileCallback" { // pages collect nothing of the device
			b.alert("", wireText(c.output("message")))
		}
		if b.page.Key != nil && wireText(c.output("id")) == "webAuthnOutcome" {
			b.page.Key.Field = in.Name
			return
		}
		if wireText(c.output("id")) == "mfaDeviceRegistration" {
			if d, ok := deviceOf(wireText(c.output("value"))); ok {
				b.page.Parts = append(b.page.Parts, stepPart{Device: d})
			}
		}
		b.page.Parts = append(b.page.Parts, stepPart{Hidden: &wireField{in.Name, wireText(in.Value)}})
		return
	default:
		b.alert("warn", b.lang.T("login.unsupported", "type", c.Type))
		return
	}
	b.field(f)
}

// show adds what is shown and not answered.
func (b *stepBuilder) show(c *wireCallback) {
	switch c.Type {
	case "TextOutputCallback", "SuspendedTextOutputCallback":
		kind := map[string]string{"1": "warn", "2": "bad"}[wireText(c.output("messageType"))]
		if wireText(c.output("messageType")) == "4" { // a script, for pages that would run one
			b.alert("warn", b.lang.T("login.script"))
			return
		}
		if b.codes {
			b.page.Parts = append(b.page.Parts, stepPart{Codes: wireText(c.output("message"))})
			return
		}
		text := wireText(c.output("message"))
		if key, ok := messageTexts[text]; ok {
			text = b.lang.T(key)
		}
		b.alert(kind, text)
	case "PollingWaitCallback":
		b.alert("", wireText(c.output("message")))
		b.page.After, _ = strconv.Atoi(wireText(c.output("waitTime")))
		b.page.After = min(max(b.page.After, 1000), 600_000)
	case "RedirectCallback":
		b.redirect(c)
	case "MetadataCallback":
		b.key(c)
	default:
		b.alert("warn", b.lang.T("login.unsupported", "type", c.Type))
	}
}

// redirect leads to somebody else's page, by a link or by a form.
func (b *stepBuilder) redirect(c *wireCallback) {
	u, err := url.Parse(wireText(c.output("redirectUrl")))
	method := wireText(c.output("redirectMethod"))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || method != "" && method != "GET" && method != "POST" {
		b.alert("warn", b.lang.T("login.unsupported", "type", c.Type))
		return
	}
	b.page.Away, b.page.AwayHost, b.page.Track = u.String(), u.Host, c.output("trackingCookie") == true
	if method != "POST" {
		return
	}
	b.page.AwayFields = []wireField{}
	data, _ := c.output("redirectData").(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(data)) {
		b.page.AwayFields = append(b.page.AwayFields, wireField{name, wireText(data[name])})
	}
}

// formTargets are the places that the page's form leads to. Browsers hold the form's policy against the redirects that
// follow too, and nobody here knows where those go: over TLS, anywhere over TLS.
func (p *stepPage) formTargets() []string {
	u, err := url.Parse(p.Away)
	switch {
	case err != nil || p.AwayFields == nil:
		return nil
	case u.Scheme == "https":
		return []string{"https:"}
	}
	return []string{u.Scheme + "://" + u.Host}
}

// key takes the data of a step that asks for a security key or passkey.
func (b *stepBuilder) key(c *wireCallback) {
	data, _ := c.output("data").(map[string]any)
	action := wireText(data["_action"])
	if action != "webauthn_registration" && action != "webauthn_authentication" {
		return
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return
	}
	b.page.Key = &keyPart{Data: string(raw), Adds: action == "webauthn_registration"}
}

func (b *stepBuilder) field(f *ui.Field) {
	if !b.focused && f.Type != "checkbox" && f.Value == "" {
		f.Focus, b.focused = true, true
	}
	b.page.Parts = append(b.page.Parts, stepPart{Field: f})
}

func (b *stepBuilder) alert(kind, message string) {
	if message != "" {
		b.page.Parts = append(b.page.Parts, stepPart{Alert: &ui.Alert{Kind: kind, Text: message}})
	}
}

// choice offers a few things at a glance, and many in a list.
func (b *stepBuilder) choice(c *wireCallback, f *ui.Field) {
	list := textsOf(c.output("choices"))
	chosen := wireText(c.Input[0].Value)
	if chosen == "" {
		chosen = wireText(c.output("defaultChoice"))
	}
	var options []ui.Option
	for i, t := range list {
		options = append(options, ui.Option{Value: strconv.Itoa(i), Text: t, Selected: strconv.Itoa(i) == chosen})
	}
	b.options(f, options)
}

// providers offers other places to sign in at.
func (b *stepBuilder) providers(c *wireCallback, f *ui.Field) {
	list, _ := c.output("providers").([]any)
	var options []ui.Option
	for _, v := range list {
		o, _ := v.(map[string]any)
		id := wireText(o["provider"])
		label := id
		if cfg, ok := o["uiConfig"].(map[string]any); ok && wireText(cfg["buttonDisplayName"]) != "" {
			label = wireText(cfg["buttonDisplayName"])
		}
		if id == "localAuthentication" {
			label = b.lang.T("login.provider.local")
		}
		options = append(options, ui.Option{Value: id, Text: label, Selected: len(options) == 0})
	}
	if f.Label == "" {
		f.Label = b.lang.T("login.provider")
	}
	b.options(f, options)
}

func (b *stepBuilder) options(f *ui.Field, options []ui.Option) {
	if len(options) > 6 {
		f.Type, f.Options = "select", options
		b.page.Parts = append(b.page.Parts, stepPart{Field: f})
		return
	}
	b.page.Parts = append(b.page.Parts, stepPart{Choices: &choices{f.ID, f.Name, f.Label, options}})
}

// confirm makes buttons.
func (b *stepBuilder) confirm(c *wireCallback) {
	if p := wireText(c.output("prompt")); p != "" {
		b.alert("", p)
	}
	preset := wireText(c.output("defaultOption"))
	options := textsOf(c.output("options"))
	if len(options) == 0 { // PingAM: optionType YES_NO 0, YES_NO_CANCEL 1, OK_CANCEL 2
		sets := map[string][]string{
			"0": {"login.yes", "login.no"}, "1": {"login.yes", "login.no", "login.cancel"}, "2": {"login.ok", "login.cancel"},
		}
		for _, key := range sets[wireText(c.output("optionType"))] {
			options = append(options, b.lang.T(key))
		}
	}
	for i, t := range options {
		if key, ok := buttonTexts[t]; ok {
			t = b.lang.T(key)
		}
		b.page.Buttons = append(b.page.Buttons, stepButton{Name: c.Input[0].Name, Value: strconv.Itoa(i), Text: t, Primary: strconv.Itoa(i) == preset})
	}
}

// ownQuestion ends the name of the field for a question of the user's own; fill makes one answer of both.
const ownQuestion = "own"

// questions asks for a question and its answer.
func (b *stepBuilder) questions(c *wireCallback) {
	if len(c.Input) < 2 {
		b.alert("warn", b.lang.T("login.unsupported", "type", c.Type))
		return
	}
	b.asked++
	number := ""
	if b.asked > 1 {
		number = " (" + strconv.Itoa(b.asked) + ")"
	}
	question, answer := c.Input[0].Name, c.Input[1].Name
	own := c.output("allowUserDefinedQuestions") != false
	list := textsOf(c.output("predefinedQuestions"))
	if len(list) > 0 {
		f := &ui.Field{ID: fieldID(question), Name: question, Label: b.prompt(c) + number, Type: "select", Required: !own, Options: []ui.Option{{Text: b.lang.T("login.question.choose")}}}
		for _, q := range list {
			f.Options = append(f.Options, ui.Option{Value: q, Text: q, Selected: q == wireText(c.Input[0].Value)})
		}
		b.field(f)
		question += ownQuestion
	}
	if own {
		f := &ui.Field{ID: fieldID(question), Name: question, Label: b.prompt(c) + number, Required: len(list) == 0, Autocomplete: "off"}
		if len(list) > 0 {
			f.Label, f.Optional = b.lang.T("login.question.own")+number, b.lang.T("optional")
		}
		b.field(f)
	}
	b.field(&ui.Field{ID: fieldID(answer), Name: answer, Label: b.lang.T("login.answer") + number, Required: true, Autocomplete: "off"})
}

func (b *stepBuilder) finish() {
	if b.page.Key != nil {
		b.page.Buttons = append(b.page.Buttons, stepButton{Text: b.lang.T("login.key.without")})
	}
	if len(b.page.Buttons) > 0 || b.page.Away != "" {
		return
	}
	label := b.lang.T("continue")
	if b.asks && !b.fresh {
		label = b.lang.T("login.submit")
	}
	b.page.Buttons = []stepButton{{Text: label, Primary: true}}
}

// prompt is the question's text. Those that every journey begins with are known in all languages.
func (b *stepBuilder) prompt(c *wireCallback) string {
	p := wireText(c.output("prompt"))
	switch p {
	case "User Name", "Username":
		return b.lang.T("login.name")
	case "Password":
		return b.lang.T("login.password")
	case "Old Password":
		return b.lang.T("login.password.old")
	case "New Password":
		return b.lang.T("login.password.new")
	case "Confirm Password":
		return b.lang.T("login.password.confirm")
	case nodes.EnterCode:
		return b.lang.T("login.code")
	case "Select an authentication service":
		return b.lang.T("login.service")
	case "Select a security question":
		return b.lang.T("login.question")
	case "":
		switch c.Type {
		case "NameCallback":
			return b.lang.T("login.name")
		case "PasswordCallback":
			return b.lang.T("login.password")
		}
		return wireText(c.output("message"))
	}
	return strings.TrimSuffix(p, ":")
}

// policies says which rules a value did not keep.
func (b *stepBuilder) policies(c *wireCallback) string {
	failed := textsOf(c.output("failedPolicies"))
	if len(failed) == 0 {
		return ""
	}
	for i, raw := range failed {
		var rule struct {
			Name string `json:"policyRequirement"`
		}
		if json.Unmarshal([]byte(raw), &rule) != nil || rule.Name == "" {
			continue // a text already
		}
		failed[i] = rule.Name
		if key, ok := ruleTexts[rule.Name]; ok {
			failed[i] = b.lang.T(key)
		}
	}
	return b.lang.T("login.policies", "rules", strings.Join(failed, ", "))
}

// ruleTexts are the texts of the rules of this server's own nodes.
var ruleTexts = map[string]string{
	"REQUIRED": "login.policy.REQUIRED", "UNIQUE": "login.policy.UNIQUE", "MIN_LENGTH": "login.policy.MIN_LENGTH",
	"VALID_EMAIL_ADDRESS_FORMAT": "login.policy.VALID_EMAIL_ADDRESS_FORMAT", "VALID_USERNAME": "login.policy.VALID_USERNAME",
}

// buttonTexts are those of buttons of this server's own nodes.
var buttonTexts = map[string]string{"Next": "continue", "Submit": "continue", "Use Recovery Code": "login.recovery"}

// messageTexts are the texts of messages of this server's own nodes.
var messageTexts = map[string]string{
	nodes.AskedAgain: "login.question.again", nodes.PasswordsDiffer: "login.password.differ", nodes.PasswordShort: "login.password.short",
	nodes.ScanDevice: "login.device.scan",
}

func (c *wireCallback) output(name string) any {
	for _, f := range c.Output {
		if f.Name == name {
			return f.Value
		}
	}
	return nil
}

func textsOf(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		} else if e != nil {
			out = append(out, fmt.Sprint(e))
		}
	}
	return out
}

// fieldID is the id of an input; "idToken1" is what scripts that drive the login page look for.
func fieldID(name string) string { return "idToken" + strings.TrimPrefix(name, "IDToken") }

// autofill maps attributes to what browsers fill in.
var autofill = map[string]string{
	"givenName": "given-name", "sn": "family-name", "mail": "email", "telephoneNumber": "tel", "cn": "name",
	"postalAddress": "street-address", "postalCode": "postal-code", "city": "address-level2", "country": "country-name",
}

// wireText is a value as it stands in a page.
func wireText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
