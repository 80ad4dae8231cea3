package gateway

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/text/encoding/ianaindex"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/heap"
)

// bindProperties evaluates the document's properties from top to bottom, each with
// those before it in force.
func (i *instance) bindProperties(d *document, errs *conf.Errors) {
	props := d.node.Get("properties")
	if props == nil {
		return
	}
	if props.Kind != conf.Object {
		errs.Add(props, "expected an object, found %s", props.Kind)
		return
	}
	for _, f := range props.Fields {
		i.property(d, f, errs)
	}
}

// property binds one property, or those of a file that stands in its place.
func (i *instance) property(d *document, f conf.Field, errs *conf.Errors) {
	before := errs.Count()
	conf.Substitute(f.Value, func(name string) (string, bool) { return i.token(d.bindings, name) }, errs)
	if errs.Count() > before {
		return
	}
	h := heap.New(heap.Options{Services: i.services, Bindings: d.bindings, Errs: errs, Catalog: i.catalog})
	p := &propertyReader{i, h.Decoder(), errs, nil}
	values := map[string]any{}
	if _, isFile := locationID(f.Name); isFile {
		values = p.file(f)
	} else if v := p.value(f.Value); errs.Count() == before {
		values[f.Name] = v
	}
	p.watched = append(p.watched, d.bindings.Forget()...)
	for name, v := range values {
		d.bindings.Set(name, v, p.watched...)
	}
}

// propertyReader reads the value of one property and notes the files to be watched.
type propertyReader struct {
	*instance
	dec     *conf.Decoder
	errs    *conf.Errors
	watched []string
}

// locationID says whether a key stands for a file: $location, or $location:id for one
// that is watched.
func locationID(key string) (id string, isFile bool) {
	if key == "$location" {
		return "", true
	}
	return strings.CutPrefix(key, "$location:")
}

// value is what a property is bound to. An object may have files among its members,
// whose properties join it.
func (p *propertyReader) value(n *conf.Node) any {
	hasFile := false
	for _, f := range n.Fields {
		if _, is := locationID(f.Name); is {
			hasFile = true
		}
	}
	if !hasFile {
		var v any
		p.dec.Decode(n, &v)
		return v
	}
	m := map[string]any{}
	for _, f := range n.Fields {
		if _, is := locationID(f.Name); !is {
			m[f.Name] = p.value(f.Value)
			continue
		}
		for name, v := range p.file(f) {
			m[name] = v
		}
	}
	return m
}

func (p *propertyReader) file(f conf.Field) map[string]any {
	var at string
	if !p.dec.Decode(f.Value, &at) {
		return nil
	}
	path := strings.TrimPrefix(strings.TrimPrefix(at, "file://"), "file:")
	if path != at {
		p.errs.Warn(f.Value, "a URL for a file is the older way: write the path alone")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.services.Dirs.Instance, path)
	}
	if id, _ := locationID(f.Name); id != "" {
		p.watched = append(p.watched, path)
		p.locations.note(path)
	}
	return p.propertiesFile(path, f.Value, p.errs)
}

// propertiesFile reads the properties of a .json or .properties file.
func (i *instance) propertiesFile(path string, n *conf.Node, errs *conf.Errors) map[string]any {
	text, err := os.ReadFile(path)
	if err != nil {
		errs.Add(n, "read %s: %s", i.relative(path), plainError(err))
		return nil
	}
	if strings.HasSuffix(path, ".properties") {
		m, err := i.javaProperties(text)
		if err != nil {
			errs.Add(n, "read %s: %s", i.relative(path), err)
		}
		return m
	}
	parsed, err := conf.Parse(i.relative(path), text)
	if err != nil {
		errs.AddErr(n, err)
		return nil
	}
	m, ok := parsed.Plain().(map[string]any)
	if !ok {
		errs.Add(parsed, "expected an object of properties, found %s", parsed.Kind)
	}
	return m
}

// encodingProperty is the system property for the charset of .properties files, which
// was ISO-8859-1 once and is UTF-8 today.
const encodingProperty = "org.forgerock.config.resolvers.properties.encoding"

func (i *instance) javaProperties(text []byte) (map[string]any, error) {
	if name, ok := i.services.System(encodingProperty); ok {
		enc, err := ianaindex.IANA.Encoding(name)
		if err == nil && enc != nil {
			text, err = enc.NewDecoder().Bytes(text)
		}
		if err != nil {
			return nil, err
		}
	}
	return expr.ParseProperties(string(text))
}
