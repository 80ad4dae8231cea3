package conf

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// Resolve gives the value of a configuration token, ok=false when there is none.
type Resolve func(name string) (value string, ok bool)

const maxTokenDepth = 20

// Substitute replaces configuration tokens &{name|default} in every string of n and
// then evaluates transformations such as {"$int": …}, inner ones first. It changes
// n and reports to errs what cannot be resolved.
func Substitute(n *Node, resolve Resolve, errs *Errors) {
	switch n.Kind {
	case String:
		text, err := Expand(n.Text, resolve)
		if err != nil {
			errs.Add(n, "%s", err)
			return
		}
		n.Text = text
	case List:
		for _, e := range n.List {
			Substitute(e, resolve, errs)
		}
	case Object:
		before := errs.Count()
		for _, f := range n.Fields {
			Substitute(f.Value, resolve, errs)
		}
		if errs.Count() == before {
			transform(n, errs)
		}
	}
}

// Expand replaces the tokens of one string. \&{ is a literal &{.
func Expand(s string, resolve Resolve) (string, error) { return expand(s, resolve, 0) }

func expand(s string, resolve Resolve, depth int) (string, error) {
	if !strings.Contains(s, "&{") {
		return s, nil
	}
	if depth > maxTokenDepth {
		return "", fmt.Errorf("tokens are nested deeper than %d levels", maxTokenDepth)
	}
	var b strings.Builder
	for {
		i := strings.Index(s, "&{")
		if i < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		if i > 0 && s[i-1] == '\\' {
			b.WriteString(s[:i-1])
			b.WriteString("&{")
			s = s[i+2:]
			continue
		}
		b.WriteString(s[:i])
		end := closing(s[i+2:])
		if end < 0 {
			return "", fmt.Errorf("the token that begins with %q has no closing brace", clip(s[i:]))
		}
		body := s[i+2 : i+2+end]
		s = s[i+2+end+1:]
		name, def, hasDef := strings.Cut(body, "|")
		if v, ok := resolve(name); ok {
			b.WriteString(v)
			continue
		}
		if !hasDef {
			return "", fmt.Errorf("the token &{%s} has no value: expected a property, an environment variable %s or a default (&{%s|…})",
				name, EnvName(name), name)
		}
		v, err := expand(def, resolve, depth+1)
		if err != nil {
			return "", err
		}
		b.WriteString(v)
	}
}

// closing finds the brace that ends a token body, past nested tokens.
func closing(s string) int {
	depth := 0
	for i := range len(s) {
		switch {
		case s[i] == '{' && i > 0 && (s[i-1] == '&' || s[i-1] == '$' || s[i-1] == '#'):
			depth++
		case s[i] == '}':
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}

func clip(s string) string {
	if len(s) > 30 {
		return s[:30] + "…"
	}
	return s
}

// EnvName is the environment variable that a token or a secret id is read from.
func EnvName(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, ".", "_"))
}

// transform evaluates n if it is a transformation.
func transform(n *Node, errs *Errors) {
	if len(n.Fields) == 0 || len(n.Fields) > 2 || !strings.HasPrefix(n.Fields[0].Name, "$") {
		return
	}
	op, arg := n.Fields[0].Name, n.Fields[0].Value
	charset := ""
	if len(n.Fields) == 2 {
		if n.Fields[1].Name != "$charset" {
			return
		}
		charset = n.Fields[1].Value.Text
	}
	out, err := applyTransform(op, arg, charset)
	switch {
	case err != nil:
		errs.Add(n, "%s: %s", op, err)
	case out != nil:
		n.replace(out)
	}
}

func applyTransform(op string, arg *Node, charset string) (*Node, error) {
	text, scalar := scalarText(arg)
	made := func(v any) (*Node, error) {
		out, ok := arg.At(v)
		if !ok {
			return nil, fmt.Errorf("the value cannot be used")
		}
		return out, nil
	}
	need := func(what string) error { return fmt.Errorf("expected %s, found %s", what, arg.describe()) }
	switch op {
	case "$int":
		i, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if !scalar || err != nil {
			return nil, need("a whole number")
		}
		return made(i)
	case "$number":
		v := plainNumber(strings.TrimSpace(text))
		if !scalar || v == nil {
			return nil, need("a number")
		}
		return made(v)
	case "$bool":
		if !scalar {
			return nil, need("a string")
		}
		return made(strings.EqualFold(strings.TrimSpace(text), "true"))
	case "$string":
		if !scalar {
			return nil, need("a string")
		}
		return made(text)
	case "$list":
		if !scalar {
			return nil, need("a string")
		}
		return made(splitList(text))
	case "$array", "$object":
		return parseTransform(op, text, scalar, arg)
	case "$base64:decode", "$base64:encode":
		if !scalar {
			return nil, need("a string")
		}
		s, err := base64Transform(op, text, charset)
		if err != nil {
			return nil, err
		}
		return made(s)
	}
	return nil, nil
}

func parseTransform(op, text string, scalar bool, arg *Node) (*Node, error) {
	want := Object
	if op == "$array" {
		want = List
	}
	if arg.Kind == want {
		return arg, nil
	}
	if !scalar {
		return nil, fmt.Errorf("expected a string, found %s", arg.describe())
	}
	parsed, err := Parse(arg.File(), []byte(text))
	if err != nil || parsed.Kind != want {
		return nil, fmt.Errorf("expected the text of %s", want)
	}
	out, _ := arg.At(parsed.Plain())
	return out, nil
}

func splitList(s string) []any {
	list := []any{}
	if strings.TrimSpace(s) == "" {
		return list
	}
	for e := range strings.SplitSeq(s, ",") {
		list = append(list, strings.TrimSpace(e))
	}
	return list
}

func base64Transform(op, text, charset string) (string, error) {
	if charset == "" {
		charset = "utf-8"
	}
	enc, err := htmlindex.Get(charset)
	if err != nil {
		return "", fmt.Errorf("unknown charset %q", charset)
	}
	if op == "$base64:encode" {
		b, err := enc.NewEncoder().Bytes([]byte(text))
		return base64.StdEncoding.EncodeToString(b), err
	}
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return "", fmt.Errorf("the value is not base64")
	}
	b, err = enc.NewDecoder().Bytes(b)
	return string(b), err
}

func scalarText(n *Node) (string, bool) {
	switch n.Kind {
	case String, Number:
		return n.Text, true
	case Bool:
		return strconv.FormatBool(n.Bool), true
	}
	return "", false
}
