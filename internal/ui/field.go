package ui

// Field is a row of a form; the component "field" shows it. Texts are translated already.
type Field struct {
	ID, Name, Label, Help, Error string
	// Type is the input's ("text" when empty), or "textarea", "select", "checkbox".
	Type, Value, Placeholder string
	// Autocomplete is the token of HTML's autofill; "": none.
	Autocomplete string
	// Options are those of a select.
	Options []Option
	Checked bool
	// Required, Focus, ReadOnly, Mono: has to be filled, has the cursor first, cannot be changed, is code.
	Required, Focus, ReadOnly, Mono bool
	Optional                        string // the word behind the label, "optional"
	Rows                            int
	InputMode                       string
}

// Option is a choice of a select.
type Option struct {
	Value, Text string
	Selected    bool
}

// Described is the value of aria-describedby.
func (f Field) Described() string {
	switch {
	case f.Help != "" && f.Error != "":
		return f.ID + "-help " + f.ID + "-error"
	case f.Help != "":
		return f.ID + "-help"
	case f.Error != "":
		return f.ID + "-error"
	}
	return ""
}

// Kind is the type of the input.
func (f Field) Kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}
