package console

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// tab is a group of settings as the product shows them.
type tab struct {
	// Group is the member of the object that holds the settings; "": the object itself.
	Group, Title string
	Fields       []*field
}

// ID is the anchor of the tab.
func (t *tab) ID() string { return "tab-" + cmp.Or(t.Group, "settings") }

// field is one setting: what the schema says of it, and its value.
type field struct {
	// Name is the address of the setting in the object and in the form: "coreOAuth2ClientConfig.scopes".
	Name, Group, Key string
	Title, Help      string
	// Label is another word for Title, where a page has one.
	Label string
	// Type is that of JSON: string, integer, boolean, array, object.
	Type string
	// Options are the values to choose from; Open lists may have others too.
	Options []option
	// Suggest are values that are often right.
	Suggest []string
	Default any
	Secret  bool
	// From is the group that the value may be taken from, "" for none; Inherited tells that it is.
	From      string
	Inherited bool
	// Long texts get several lines.
	Long bool
	// Value is in force; Text is what the person typed, where that is not a value.
	Value any
	Text  string
	Typed bool
	Error string
}

// option is a value to choose; Note stands behind its label.
type option struct{ Value, Label, Note string }

// ID is the field's anchor.
func (f *field) ID() string { return "f-" + strings.ReplaceAll(f.Name, ".", "-") }

// Words are what the search looks in.
func (f *field) Words() string {
	return strings.ToLower(f.Title + " " + f.Label + " " + f.Key + " " + f.Help)
}

// Placeholder tells the default.
func (f *field) Placeholder() string {
	switch d := f.Default.(type) {
	case nil, []any, object, bool:
		return ""
	default:
		if s := fmt.Sprint(d); s != "" {
			return s
		}
	}
	return ""
}

// Lines is the value as text: a line for each element of lists and maps.
func (f *field) Lines() string {
	if f.Typed {
		return f.Text
	}
	switch v := f.Value.(type) {
	case nil:
		return ""
	case []any:
		lines := make([]string, len(v))
		for i, e := range v {
			lines[i] = fmt.Sprint(e)
		}
		return strings.Join(lines, "\n")
	case object:
		lines := make([]string, 0, len(v))
		for name, e := range v {
			lines = append(lines, fmt.Sprint(name, "=", e))
		}
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	return fmt.Sprint(f.Value)
}

// Rows is how many lines the text gets.
func (f *field) Rows() int { return min(12, max(2, 1+strings.Count(f.Lines(), "\n")+1)) }

// Wide fields need the whole width.
func (f *field) Wide() bool { return f.Type == "array" && f.Options != nil || f.Long }

// On tells whether a switch is on.
func (f *field) On() bool { return f.Value == true }

// Has tells whether a list, or a single choice, holds the value.
func (f *field) Has(value string) bool {
	switch v := f.Value.(type) {
	case []any:
		return slices.Contains(v, any(value))
	case nil:
		return value == ""
	}
	return strings.EqualFold(fmt.Sprint(f.Value), value)
}

// Others are the values of a list that are none of the options.
func (f *field) Others() string {
	var out []string
	list, _ := f.Value.([]any)
	for _, e := range list {
		s := fmt.Sprint(e)
		if !slices.ContainsFunc(f.Options, func(o option) bool { return o.Value == s }) {
			out = append(out, s)
		}
	}
	return strings.Join(out, "\n")
}

// tabsOf reads a schema of the administration interface (PingAM: schema action).
func tabsOf(schema object) []*tab {
	var tabs []*tab
	own := &tab{Title: text(schema["title"])}
	properties, _ := schema["properties"].(object)
	for _, name := range inOrder(properties) {
		p, _ := properties[name].(object)
		inner, isGroup := p["properties"].(object)
		if !isGroup {
			own.Fields = append(own.Fields, fieldOf("", name, p))
			continue
		}
		t := &tab{Group: name, Title: text(p["title"])}
		for _, key := range inOrder(inner) {
			q, _ := inner[key].(object)
			t.Fields = append(t.Fields, fieldOf(name, key, q))
		}
		tabs = append(tabs, t)
	}
	if own.Fields != nil {
		tabs = append([]*tab{own}, tabs...)
	}
	return tabs
}

// inOrder are the names of properties by their propertyOrder.
func inOrder(properties object) []string {
	order := func(name string) int {
		p, _ := properties[name].(object)
		n, _ := strconv.Atoi(fmt.Sprint(p["propertyOrder"]))
		return n
	}
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a, b)) })
	return names
}

func fieldOf(group, key string, p object) *field {
	f := &field{
		Name: key, Group: group, Key: key, Title: text(p["title"]), Help: text(p["description"]), Type: text(p["type"]),
		Default: p["default"], Secret: p["format"] == "password",
	}
	if group != "" {
		f.Name = group + "." + key
	}
	list := p
	if f.Type == "array" {
		list, _ = p["items"].(object)
	}
	values, _ := list["enum"].([]any)
	for _, v := range values {
		f.Options = append(f.Options, option{Value: text(v), Label: text(v)})
	}
	f.Long = slices.Contains([]string{"jwkSet", "clientJwtPublicKey", "idTokenPublicEncryptionKey", "mTLSTrustedCert"}, key)
	return f
}

// fill takes the values of o, bare or in {"inherited":…,"value":…}.
func fill(tabs []*tab, o object) {
	for _, t := range tabs {
		for _, f := range t.Fields {
			v := f.in(o)[f.Key]
			f.Value, f.Inherited = bare(v), inherits(v)
		}
	}
}

// in is the part of o that holds the setting.
func (f *field) in(o object) object {
	if f.Group == "" {
		return o
	}
	inner, _ := o[f.Group].(object)
	return inner
}

// bare returns the value of {"inherited":…,"value":…}, and anything else as it is.
func bare(v any) any {
	if o, ok := v.(object); ok {
		if _, wrapped := o["inherited"]; wrapped {
			return o["value"]
		}
	}
	return v
}

// inherits tells whether a value is that of the profile's group.
func inherits(v any) bool {
	o, ok := v.(object)
	return ok && o["inherited"] == true
}

// unwrapped is an object with bare values, and without what the server adds and what others have set: the values of a group.
func unwrapped(o object) object {
	out := object{}
	for name, v := range o {
		if name == "_id" || name == "_rev" || name == "_type" {
			continue
		}
		if inherits(v) {
			out[name] = object{"inherited": true}
			continue
		}
		v = bare(v)
		if inner, ok := v.(object); ok {
			v = unwrapped(inner)
		}
		if v != nil {
			out[name] = v
		}
	}
	return out
}

// allFields are those of all tabs.
func allFields(tabs []*tab) []*field {
	var list []*field
	for _, t := range tabs {
		list = append(list, t.Fields...)
	}
	return list
}

// read takes what a form says of the fields it shows over into o. It gives how many are wrong.
func read(fields []*field, form url.Values, o object) int {
	wrong := 0
	for _, f := range fields {
		if !form.Has(f.Name) && !form.Has(f.Name+".shown") {
			continue
		}
		before := f.Lines()
		f.readOne(form)
		f.check(before)
		f.Inherited = f.From != "" && form.Get(f.Name+".inherited") != ""
		if f.Error != "" && !f.Inherited {
			wrong++
			continue
		}
		to := o
		if f.Group != "" {
			inner, ok := o[f.Group].(object)
			if !ok {
				inner = object{}
				o[f.Group] = inner
			}
			to = inner
		}
		switch {
		case f.Inherited:
			f.Error = ""
			to[f.Key] = object{"inherited": true}
		case f.Key == agentGroup:
			to[f.Key] = text(f.Value) // leaving it out is staying
		case f.Value == nil:
			delete(to, f.Key)
		default:
			to[f.Key] = f.Value
		}
	}
	return wrong
}

func (f *field) readOne(form url.Values) {
	f.Text, f.Typed = strings.ReplaceAll(form.Get(f.Name), "\r\n", "\n"), true
	typed := strings.TrimSpace(f.Text)
	switch f.Type {
	case "boolean":
		f.Value = form.Get(f.Name) != ""
	case "integer":
		f.Value = nil
		if typed == "" {
			return
		}
		n, err := strconv.Atoi(typed)
		if err != nil {
			f.Error = "A whole number is needed here."
			return
		}
		f.Value = json.Number(strconv.Itoa(n))
	case "array":
		list := []any{}
		for _, text := range form[f.Name] {
			for line := range strings.Lines(text) {
				if line = strings.TrimSpace(line); line != "" && !slices.Contains(list, any(line)) {
					list = append(list, line)
				}
			}
		}
		f.Value, f.Typed = list, false
	case "object":
		m := object{}
		for line := range strings.Lines(f.Text) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			name, value, ok := strings.Cut(line, "=")
			if !ok {
				f.Error = "Each line is a name, an equals sign and a value."
				return
			}
			m[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
		f.Value = m
	default:
		f.Value = nil
		if typed != "" {
			f.Value = typed
		}
	}
}

// blame puts an answer of the server, which names a setting by its title, to the field it is about.
func blame(fields []*field, message string) bool {
	const prefix = "Data validation failed for the attribute, "
	title, ok := strings.CutPrefix(message, prefix)
	if !ok {
		return false
	}
	for _, f := range fields {
		if f.Title == title && f.Typed || f.Title == title && f.Type == "array" {
			f.Error = "The server does not take this value."
			return true
		}
	}
	return false
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(v)
}

// first is the first text of a list, or a text.
func first(v any) string {
	if list, ok := v.([]any); ok {
		if len(list) == 0 {
			return ""
		}
		return text(list[0])
	}
	return text(v)
}
