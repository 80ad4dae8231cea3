package secrets

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
)

// PropertyFormat reads secrets from the text of a variable or file.
type PropertyFormat interface {
	// Read returns at least one secret; the first is the active one. name becomes the
	// stable id of secrets that do not bring their own.
	Read(ctx context.Context, name string, raw []byte) ([]Secret, error)
}

// plain takes the bytes as they are.
type plain struct{}

func (plain) Read(_ context.Context, name string, raw []byte) ([]Secret, error) {
	return []Secret{{StableID: name, Bytes: raw}}, nil
}

// encoded takes standard base64 of the bytes (RFC 4648 §4).
type encoded struct{}

func (encoded) Read(_ context.Context, name string, raw []byte) ([]Secret, error) {
	b, err := decodeBase64(string(raw))
	if err != nil {
		return nil, err
	}
	return []Secret{{StableID: name, Bytes: b}}, nil
}

var errNotBase64 = errors.New("the value is not base64; encode it, or set the format PLAIN")

// decodeBase64 also takes text without padding and with white space around it, as the
// tools that write such values leave it.
func decodeBase64(s string) ([]byte, error) {
	s = strings.TrimRight(strings.TrimSpace(s), "=")
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return nil, errNotBase64
	}
	return b, nil
}

// formatField is a field that holds BASE64, PLAIN, or a format object by name or in
// place.
type formatField struct {
	format PropertyFormat
}

// UnmarshalConf reads the field.
func (f *formatField) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	if n.Kind == conf.String {
		switch strings.ToUpper(n.Text) {
		case "BASE64":
			f.format = encoded{}
			return
		case "PLAIN":
			f.format = plain{}
			return
		}
	}
	if n.Kind == conf.String && !strings.Contains(n.Text, "${") && heap.From(d).Place(n.Text) == nil {
		hint := ""
		if strings.EqualFold(n.Text, "PEM") || strings.EqualFold(n.Text, "JWK") {
			hint = fmt.Sprintf("; it would be {\"type\": \"%s%sPropertyFormat\"}", strings.ToUpper(n.Text[:1]), strings.ToLower(n.Text[1:]))
		}
		d.Errs.Add(n, "expected BASE64, PLAIN, or a format object by its name or in place, found %q%s", n.Text, hint)
		return
	}
	var ref heap.Ref[PropertyFormat]
	ref.UnmarshalConf(d, n)
	f.format = ref.Get()
}

// DescribeConf names the kind of value.
func (*formatField) DescribeConf() string { return "a format (BASE64, PLAIN or a format object)" }

// mapping gives one label a format of its own.
type mapping struct {
	SecretID ID          `conf:"secretId,required"`
	Format   formatField `conf:"format,default=BASE64"`
}

// formats chooses the format for a label.
type formats struct {
	byID  map[ID]PropertyFormat
	other PropertyFormat
}

func newFormats(other formatField, list []mapping, env *heap.Env) formats {
	f := formats{map[ID]PropertyFormat{}, other.format}
	for _, m := range list {
		if f.byID[m.SecretID] != nil {
			env.Fail("mappings", "the secret id %q is mapped twice", m.SecretID)
		}
		f.byID[m.SecretID] = m.Format.format
	}
	return f
}

func (f formats) of(id ID) PropertyFormat {
	if own := f.byID[id]; own != nil {
		return own
	}
	return f.other
}
