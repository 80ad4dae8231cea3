package transfer

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxFile bounds a file that is read.
const maxFile = 256 << 20

// Read reads a file, or all JSON files of a folder. realm is where objects go whose file does not say where they
// belong. What is not understood is in unknown, one line each; err is for files that cannot be read at all.
func Read(path, realm string) (entities []Entity, unknown []string, err error) {
	r := &reader{realm: realm, used: map[string]bool{}}
	var others []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if p != path && !strings.EqualFold(filepath.Ext(p), ".json") {
			others = append(others, p)
			return nil
		}
		r.realm = cmp.Or(realmOfFolder(path, p), realm)
		return r.file(p)
	})
	for _, p := range others {
		if !r.used[p] {
			r.unknown = append(r.unknown, p+": not a JSON file")
		}
	}
	return sorted(r.entities), r.unknown, err
}

type reader struct {
	realm string
	// path is the present file.
	path string
	// used are files that others name.
	used     map[string]bool
	entities []Entity
	unknown  []string
}

func (r *reader) file(path string) error {
	raw, err := readFile(path)
	if err != nil {
		return err
	}
	r.path = path
	if err := r.parse(path, raw); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func (r *reader) parse(path string, raw []byte) error {
	v, err := decode(raw)
	if err != nil {
		return err
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for i, v := range list {
		o, ok := v.(Object)
		if !ok {
			return errors.New("expected a JSON object, or a list of objects")
		}
		at := path
		if len(list) > 1 {
			at = fmt.Sprintf("%s[%d]", path, i)
		}
		r.document(at, o)
	}
	return nil
}

// document takes one document apart.
func (r *reader) document(at string, o Object) {
	r.putTogether(at, o)
	meta, isFrodo := o["meta"].(Object)
	metadata, hasMetadata := o["metadata"].(Object)
	data, hasData := o["data"].(Object)
	result, isResult := o["result"].([]any)
	cors, isCORS := o["corsServices"].([]any) // fr-config-manager
	switch {
	case hasMetadata && hasData && metadata["uid"] != nil:
		r.fileBased(at, metadata, data)
	case hasMetadata && hasData:
		r.amster(at, metadata, data)
	case isFrodo || isFrodoFile(o):
		r.frodo(at, meta, o)
	case isResult:
		r.list(at+": result", result)
	case isCORS:
		if service, ok := o["corsServiceGlobal"].(Object); ok {
			r.object(at+": corsServiceGlobal", service, "", "")
		}
		r.list(at+": corsServices", cors)
	default:
		r.object(at, o, "", r.realm)
	}
}

func (r *reader) list(at string, list []any) {
	for i, v := range list {
		where := fmt.Sprintf("%s[%d]", at, i)
		if item, ok := v.(Object); ok {
			r.object(where, item, "", r.realm)
		} else {
			r.unknown = append(r.unknown, where+": not an object")
		}
	}
}

// object takes an object of the administration interface.
func (r *reader) object(at string, o Object, id, realm string) {
	e, ok := classify(o, id, realm, at)
	if !ok {
		kind, _ := o["_type"].(Object)
		what := "an object of no known kind"
		if t := text(kind["_id"]); t != "" {
			what = "a " + t + ", which this server does not have"
		}
		if e.ID != "" {
			what += " (" + e.ID + ")"
		}
		r.unknown = append(r.unknown, at+": "+what)
		return
	}
	r.add(e)
}

// agentGroup takes a group of agents, which says of itself what its members do.
func (r *reader) agentGroup(at, id string, o Object, realm string) {
	e, ok := classify(o, id, realm, at)
	if !ok || e.Kind != Agent {
		r.unknown = append(r.unknown, at+": a group of agents of a type that this server does not have")
		return
	}
	e.Kind = AgentGroup
	r.add(e)
}

func (r *reader) add(e Entity) {
	e.Body = maps.Clone(e.Body)
	delete(e.Body, "_rev")
	delete(e.Body, "_provider") // frodo's copy of the realm's provider
	x := expressions{lookup: os.LookupEnv}
	x.object(e.Body, "")
	for _, line := range x.missing {
		r.unknown = append(r.unknown, fmt.Sprintf("%s: %s: %s", e.Source, &e, line))
	}
	if e.Realm == "" && !wholeServerKind(e.Kind) && e.Type != environmentStore {
		e.Realm = "/" // what PingAM has for all realms is the root realm's here
	}
	e.older()
	if e.Kind == Script {
		e.Body["script"] = scriptText(e.Body["script"])
	}
	r.entities = append(r.entities, e)
}

// scriptText is the base64 that the interface wants of what exports have: that, the text, or its lines.
func scriptText(v any) any {
	var source string
	switch v := v.(type) {
	case []any:
		lines := make([]string, 0, len(v))
		for _, l := range v {
			lines = append(lines, text(l))
		}
		source = strings.Join(lines, "\n")
	case string:
		if raw, err := base64.StdEncoding.DecodeString(v); err == nil && utf8.Valid(raw) && !bytes.ContainsRune(raw, 0) && v != "" {
			return v
		}
		source = v
		if strings.HasPrefix(v, `"`) { // a JSON text within a text
			var inner string
			if json.Unmarshal([]byte(v), &inner) == nil {
				source = inner
			}
		}
	default:
		return v
	}
	return base64.StdEncoding.EncodeToString([]byte(source))
}

// amster takes one file of an Amster export: {"metadata":{"realm","entityType","entityId","pathParams"},"data":{…}}.
func (r *reader) amster(at string, metadata, data Object) {
	realm := rooted(text(metadata["realm"]))
	id := text(metadata["entityId"])
	if data["_id"] == "" || id == "" {
		id = text(data["_id"])
	}
	kind := text(metadata["entityType"])
	if kind == "Realms" {
		realm = ""
	}
	e, ok := classify(data, id, realm, at)
	if params, _ := metadata["pathParams"].(Object); text(params["service"]) != "" && realm != "" {
		of, _ := data["_type"].(Object)
		e.Kind, e.Type, e.Parent, ok = ServicePart, text(of["_id"]), text(params["service"]), true
	}
	if !ok {
		r.unknown = append(r.unknown, fmt.Sprintf("%s: %s %s, which this server does not have", at, kind, id))
		return
	}
	if e.Kind == Agent && strings.HasSuffix(kind, "AgentGroups") {
		e.Kind = AgentGroup
	}
	if params, _ := metadata["pathParams"].(Object); e.Kind == SecretMapping {
		for _, t := range storeTypes {
			if parent := text(params[t]); parent != "" {
				e.Type, e.Parent = t, parent
			}
		}
		if e.Parent == "" { // older exports: in the name of the entity's type
			for _, t := range storeTypes {
				if strings.HasPrefix(kind, strings.TrimSuffix(t, "SecretStore")) {
					e.Type = t
				}
			}
			for _, name := range slices.Sorted(maps.Keys(params)) {
				e.Parent = text(params[name])
			}
		}
	}
	r.add(e)
}

// decode reads one JSON value, numbers as they are written.
func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff"))))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("not valid JSON: text after the value")
	}
	return v, nil
}
