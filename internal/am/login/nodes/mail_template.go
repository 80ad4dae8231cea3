package nodes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"maps"
	"regexp"
	"slices"
	"strings"
	texttemplate "text/template"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// KindEmailTemplate is the kind of documents, of the whole server, that hold the templates of mails, by their names
// (identity management: emailTemplate).
const KindEmailTemplate = "emailtemplate"

// serviceEmail is the realm's service with the server that takes mails (PingAM: Email Service).
const serviceEmail = "email"

// emailTemplate is a template, with the members that identity management has for it.
type emailTemplate struct {
	Enabled *bool             `json:"enabled"` // nil: true
	From    string            `json:"from"`
	Subject map[string]string `json:"subject"`
	// Message is the whole text; HTML is for those that have no other.
	Message  map[string]string `json:"message"`
	HTML     map[string]string `json:"html"`
	Default  string            `json:"defaultLocale"`
	MimeType string            `json:"mimeType"` // "text/html" or "text/plain"
}

var errNoMailServer = errors.New("the realm has no Email Service, which says what server takes mails")

// CheckEmailTemplate finds what is wrong with a template: parts of the language that are not known here.
func CheckEmailTemplate(body []byte) error {
	t := &emailTemplate{}
	if err := json.Unmarshal(body, t); err != nil {
		return err
	}
	for member, texts := range map[string]map[string]string{"subject": t.Subject, "message": t.Message, "html": t.HTML} {
		for _, locale := range slices.Sorted(maps.Keys(texts)) {
			if _, err := fillTemplate(texts[locale], t.html() && member != "subject", map[string]string{}); err != nil {
				return fmt.Errorf("%s: %s: %w", member, locale, err)
			}
		}
	}
	return nil
}

func (t *emailTemplate) html() bool { return t.MimeType != "text/plain" }

// mailTo sends a template to an address. object are the values that it may show.
func mailTo(s *journey.Step, name, to string, object map[string]string) error {
	t, err := templateOf(s.Context(), s.Source.Docs, name)
	if err != nil {
		return err
	}
	texts := t.Message
	if len(texts) == 0 {
		texts = t.HTML
	}
	languages := s.Languages
	if t.Default != "" {
		languages = append(slices.Clone(languages), t.Default)
	}
	subject, err := fillTemplate(journey.Text(t.Subject, languages), false, object)
	if err != nil {
		return fmt.Errorf("email template %s: subject: %w", name, err)
	}
	text, err := fillTemplate(journey.Text(texts, languages), t.html(), object)
	if err != nil {
		return fmt.Errorf("email template %s: %w", name, err)
	}
	server, password, err := mailServerOf(s.Context(), s.Realm, s.Host.OpenSecret)
	if err != nil {
		return err
	}
	if t.From != "" {
		server.From = t.From
	}
	kind := "text/html"
	if !t.html() {
		kind = "text/plain"
	}
	return server.sendKind(to, oneLine(subject), kind, text, password)
}

// SendMail sends a text of a media type through the server of the realm's Email Service, whose password open opens.
func SendMail(ctx context.Context, rl *realm.Realm, open func(sealed string) (string, error), to, subject, kind, text string) error {
	server, password, err := mailServerOf(ctx, rl, open)
	if err != nil {
		return err
	}
	return server.sendKind(to, oneLine(subject), kind, text, password)
}

// oneLine keeps a header in its line.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func templateOf(ctx context.Context, docs store.Docs, name string) (*emailTemplate, error) {
	d, err := docs.Get(ctx, "", KindEmailTemplate, name)
	if err != nil {
		return nil, fmt.Errorf("email template %s: %w", name, err)
	}
	t := &emailTemplate{}
	if err := json.Unmarshal(d.Body, t); err != nil {
		return nil, fmt.Errorf("email template %s: %w", name, err)
	}
	if t.Enabled != nil && !*t.Enabled {
		return nil, fmt.Errorf("email template %s: it is not enabled", name)
	}
	return t, nil
}

// mailServerOf is the server of the realm's Email Service, and its password.
func mailServerOf(ctx context.Context, rl *realm.Realm, open func(sealed string) (string, error)) (*mailServer, string, error) {
	d, err := rl.Service(ctx, serviceEmail)
	if errors.Is(err, store.ErrNotFound) {
		return nil, "", errNoMailServer
	}
	if err != nil {
		return nil, "", err
	}
	var set struct {
		Host     string      `json:"hostname"`
		Port     json.Number `json:"port"`
		Username string      `json:"username"`
		Password string      `json:"password"` // sealed
		From     string      `json:"from"`
		SSL      string      `json:"sslState"`
	}
	if err := json.Unmarshal(d.Body, &set); err != nil {
		return nil, "", fmt.Errorf("the Email Service of the realm: %w", err)
	}
	port, err := set.Port.Int64()
	if err != nil || set.Host == "" {
		return nil, "", fmt.Errorf("the Email Service of the realm: hostname and port are needed")
	}
	modes := map[string]string{"": "SSL", "SSL": "SSL", "Start TLS": "START_TLS", "No SSL": "NON_SSL"}
	mode, ok := modes[set.SSL]
	if !ok {
		return nil, "", fmt.Errorf("the Email Service of the realm: sslState: expected SSL, Start TLS or No SSL, found %q", set.SSL)
	}
	password, err := open(set.Password)
	return &mailServer{Host: set.Host, Port: int(port), Username: set.Username, From: set.From, SSL: mode}, password, err
}

// The parts of Handlebars that templates are made of: values, and texts that depend on whether there is one.
var (
	handlebars = regexp.MustCompile(`\{\{\{?[^{}]*\}?\}\}`)
	valueTag   = regexp.MustCompile(`^\s*object\.([A-Za-z0-9_-]+)\s*$`)
	ifTag      = regexp.MustCompile(`^\s*#(if|unless)\s+object\.([A-Za-z0-9_-]+)\s*$`)
	endTag     = regexp.MustCompile(`^\s*/(if|unless)\s*$`)
)

// fillTemplate makes a text of a template. In HTML, values are what they are and no markup.
func fillTemplate(text string, html bool, object map[string]string) (string, error) {
	var bad error
	source := handlebars.ReplaceAllStringFunc(text, func(tag string) string {
		inner := strings.TrimRight(strings.TrimLeft(tag, "{"), "}")
		if m := valueTag.FindStringSubmatch(inner); m != nil {
			return fmt.Sprintf("{{index . %q}}", m[1])
		}
		if m := ifTag.FindStringSubmatch(inner); m != nil {
			if m[1] == "unless" {
				return fmt.Sprintf("{{if not (index . %q)}}", m[2])
			}
			return fmt.Sprintf("{{if index . %q}}", m[2])
		}
		switch {
		case endTag.MatchString(inner):
			return "{{end}}"
		case strings.TrimSpace(inner) == "else":
			return "{{else}}"
		case strings.HasPrefix(inner, "!"):
			return ""
		}
		if bad == nil {
			bad = fmt.Errorf("%s is no part of templates here: expected {{object.NAME}}, {{#if object.NAME}}, {{#unless object.NAME}}, {{else}} or {{/if}}", tag)
		}
		return ""
	})
	if bad != nil {
		return "", bad
	}
	var out bytes.Buffer
	var err error
	if html {
		var t *htmltemplate.Template
		if t, err = htmltemplate.New("").Parse(source); err == nil {
			err = t.Execute(&out, object)
		}
	} else {
		var t *texttemplate.Template
		if t, err = texttemplate.New("").Parse(source); err == nil {
			err = t.Execute(&out, object)
		}
	}
	return out.String(), err
}

// objectOf is what templates may show of a user: every attribute but the secret ones.
func objectOf(u *realm.User) map[string]string {
	out := map[string]string{"userName": u.Name, "_id": u.Name}
	for name, values := range u.Attributes {
		if len(values) > 0 && !strings.HasPrefix(name, "_") {
			out[name] = values[0]
		}
	}
	return out
}
