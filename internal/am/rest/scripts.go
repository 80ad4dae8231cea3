package rest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// ScriptError is a mistake in a script.
type ScriptError struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

// ScriptChecker finds mistakes without running a script. language is "GROOVY" or "JAVASCRIPT", version "1.0" or "2.0".
type ScriptChecker interface {
	Validate(language, version, source string) []ScriptError
}

func (s *Server) scripts() []*Resource {
	return []*Resource{
		{
			Path: "scripts", Version: "1.1", Unversioned: true, Complete: true,
			Query: func(c *Call) ([]Object, error) {
				found, err := s.scriptsOf(c)
				list := []Object{}
				for _, sc := range found {
					o, err := scriptObject(sc)
					if err != nil {
						return nil, err
					}
					list = append(list, o)
				}
				return list, err
			},
			Read: func(c *Call, id string) (Object, error) {
				sc, err := s.findScript(c, id)
				if err != nil {
					return nil, err
				}
				return scriptObject(sc)
			},
			Create:  func(c *Call, id string, body Object) (Object, error) { return s.storeScript(c, id, body, nil) },
			Update:  s.updateScript,
			Delete:  s.deleteScript,
			Actions: map[string]Action{"validate": {Do: s.validateScript}, "try": {Do: s.tryScript}, actionCreateGlobal: {Do: s.createGlobalScript}},
		},
		{
			Path: "global-config/services/scripting/contexts", Global: true,
			Query: func(*Call) ([]Object, error) {
				list := []Object{}
				for _, k := range realm.ScriptContexts() {
					list = append(list, contextObject(k))
				}
				return list, nil
			},
			Read: readContext, Update: unchanged(readContext),
		},
		{
			Path: "global-config/services/scripting/contexts/{context}/engineConfiguration", Global: true,
			Check: func(c *Call) error {
				if _, ok := scriptContext(c.Vars["context"]); !ok && c.Caller.Admin {
					return notFound()
				}
				return nil
			},
			Read: engineConfiguration, Update: unchanged(engineConfiguration),
		},
		{
			Path: "contexts",
			Query: func(*Call) ([]Object, error) {
				list := []Object{}
				for _, k := range realm.ScriptContexts() {
					list = append(list, Object{"_id": k.ID})
				}
				return list, nil
			},
			Read: readBindings,
		},
	}
}

// readBindings tells what an editor wants to know of a context: the variables of its scripts of version 2.0. There is no list
// of classes that they may use: all that the server has they may.
func readBindings(_ *Call, id string) (Object, error) {
	k, ok := scriptContext(id)
	if !ok {
		return nil, notFound()
	}
	versions, bindings := Object{}, []Object{}
	for _, l := range k.Languages {
		versions[l] = k.Evaluators
	}
	if slices.Contains(k.Evaluators, "2.0") {
		for _, b := range script.Bindings(id) {
			bindings = append(bindings, Object{"name": b.Name, "javaScriptType": b.Type})
		}
	}
	return Object{"_id": k.ID, "allowLists": []string{}, "bindings": bindings, "evaluatorVersions": versions}, nil
}

// engineConfiguration is empty: scripts reach what the server gives them, within limits that are the same for all.
func engineConfiguration(*Call, string) (Object, error) {
	const id = "engineConfiguration"
	return Object{"_id": id, "_type": Object{"_id": id, "name": "Scripting engine configuration", "collection": false}}, nil
}

func scriptContext(id string) (realm.ScriptContext, bool) {
	list := realm.ScriptContexts()
	i := slices.IndexFunc(list, func(k realm.ScriptContext) bool { return k.ID == id })
	if i < 0 {
		return realm.ScriptContext{}, false
	}
	return list[i], true
}

func readContext(_ *Call, id string) (Object, error) {
	k, ok := scriptContext(id)
	if !ok {
		return nil, notFound()
	}
	return contextObject(k), nil
}

func contextObject(k realm.ScriptContext) Object {
	return Object{
		"_id": k.ID, "languages": k.Languages, "defaultScript": string(k.DefaultScript), "isHidden": false,
		"_type": Object{"_id": "contexts", "name": "scriptContext", "collection": true},
	}
}

// scriptsOf lists the scripts of the realm. Global ones are listed in the root realm, where they are changed.
func (s *Server) scriptsOf(c *Call) ([]*realm.Script, error) {
	list, err := c.Realm.Scripts(c.Context())
	if err != nil || c.realmPath() != "/" {
		return list, err
	}
	global, err := s.Realms.GlobalScripts(c.Context())
	return append(list, global...), err
}

const actionCreateGlobal = "createGlobal"

// createGlobalScript makes a library script for all realms (PingAM: scripts, createGlobal).
func (s *Server) createGlobalScript(c *Call) (any, error) {
	c.Body["global"] = true
	id, _ := c.Body["_id"].(string)
	o, err := s.storeScript(c, id, c.Body, nil)
	if errors.Is(err, store.ErrConflict) {
		return nil, refuse(http.StatusConflict, "Script already exists")
	}
	return created(o), err
}

// scriptPlace is where a script is kept: of a global one the realm "".
func (s *Server) scriptPlace(c *Call, sc *realm.Script) (string, error) {
	switch {
	case !sc.Global:
		return c.realmPath(), nil
	case c.realmPath() != "/":
		return "", refuse(http.StatusForbidden, "Global scripts are changed in the top level realm")
	case sc.Context != realm.ContextLibrary:
		return "", badRequest("Global scripts are of the context %s", realm.ContextLibrary)
	}
	return "", nil
}

func scriptObject(sc *realm.Script) (Object, error) { return plainObject(sc) }

func (s *Server) findScript(c *Call, id string) (*realm.Script, error) {
	d, err := c.get(store.KindScript, id)
	if errors.Is(err, store.ErrNotFound) {
		if sc, ok := realm.ShippedScript(id); ok {
			return sc, nil
		}
		d, err = c.getIn("", store.KindScript, id)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, refuse(http.StatusNotFound, "Script with UUID %s could not be found in realm %s", id, c.realmPath())
	}
	if err != nil {
		return nil, err
	}
	return realm.ParseScript(id, d.Body)
}

func (s *Server) updateScript(c *Call, id string, body Object) (Object, error) {
	old, err := s.findScript(c, id)
	if err != nil {
		return nil, err
	}
	return s.storeScript(c, id, body, old)
}

// storeScript checks and writes a script of the realm. A shipped one that is changed becomes the realm's own.
func (s *Server) storeScript(c *Call, id string, body Object, old *realm.Script) (Object, error) {
	if id == "" {
		id = uuid.NewString()
	}
	if err := checkID(id); err != nil {
		return nil, err
	}
	sc, err := readScript(body, old)
	if err != nil {
		return nil, err
	}
	c.warnOfUnknown(body, append(memberNames(reflect.TypeFor[realm.Script]()), "exports")...)
	if global, _ := body["global"].(bool); old == nil {
		sc.Global = global && (c.realmPath() == "/" || c.Action == actionCreateGlobal) // elsewhere it is a copy, of an export
	}
	place, err := s.scriptPlace(c, sc)
	if err != nil {
		return nil, err
	}
	if err := s.nameFree(c, id, sc.Name); err != nil {
		return nil, err
	}
	if s.Scripts != nil {
		if found := s.Scripts.Validate(sc.Language, sc.Evaluator, sc.Source); len(found) > 0 {
			return nil, badRequest("Script validation failed: line %d, column %d: %s", found[0].Line, found[0].Column, found[0].Message).with(Object{"errors": found})
		}
	}
	now, who := s.Now().UnixMilli(), s.callerID(c)
	sc.ID, sc.LastModified, sc.LastModifiedBy = id, now, who
	if old == nil {
		sc.Created, sc.CreatedBy = now, who
	}
	raw, err := json.Marshal(sc)
	if err != nil {
		return nil, err
	}
	d := store.Doc{ID: id, Body: raw}
	if old == nil {
		_, err = s.docs.Create(c.Context(), place, store.KindScript, d)
	} else {
		err = c.over(place, store.KindScript, d)
	}
	if err != nil {
		return nil, err
	}
	return scriptObject(sc)
}

func (s *Server) callerID(c *Call) string {
	if c.Caller.Session != nil {
		return c.Caller.Session.UniversalID
	}
	return login.UniversalID(c.Caller.Realm, c.Caller.Subject)
}

// readScript makes a script of what a client wrote; what an update leaves out stays.
func readScript(body Object, old *realm.Script) (*realm.Script, error) {
	sc := &realm.Script{Evaluator: "1.0"}
	if old != nil {
		copied := *old
		sc = &copied
	}
	for name, to := range map[string]*string{
		"name": &sc.Name, "description": &sc.Description, "language": &sc.Language, "context": &sc.Context, "evaluatorVersion": &sc.Evaluator,
	} {
		v, ok := body[name]
		if s, isText := v.(string); isText {
			*to = s
		} else if ok && v != nil {
			return nil, invalid(name)
		}
	}
	switch {
	case sc.Name == "":
		return nil, badRequest("Script name must be specified")
	case sc.Context == "":
		return nil, badRequest("Script type must be specified")
	case sc.Language == "":
		return nil, badRequest("Scripting language must be specified")
	}
	if sc.Context == realm.ContextScriptedDecision { // another name for decisions of the newer dialect
		sc.Context, sc.Evaluator = realm.ContextTreeDecision, "2.0"
		if sc.Language != "JAVASCRIPT" {
			return nil, badRequest("Scripting language %s is not supported for context %s", sc.Language, realm.ContextScriptedDecision)
		}
	}
	if err := scriptSource(body, sc); err != nil {
		return nil, err
	}
	k, ok := scriptContext(sc.Context)
	switch {
	case strings.TrimSpace(sc.Name) == "" || strings.ContainsAny(sc.Name, "<>&\"'"):
		return nil, badRequest("Script name is not valid")
	case ok && !slices.Contains(k.Languages, sc.Language):
		return nil, badRequest("Scripting language %s is not supported for context %s", sc.Language, sc.Context)
	case sc.Language != "GROOVY" && sc.Language != "JAVASCRIPT":
		return nil, badRequest("Scripting language is not supported: %s", sc.Language)
	}
	if ok && !slices.Contains(k.Evaluators, sc.Evaluator) {
		sc.Evaluator = k.Evaluators[0] // the context decides
	}
	return sc, nil
}

// scriptSource reads the base64 of the text; a list of lines, as some exports have it, is joined.
func scriptSource(body Object, sc *realm.Script) error {
	switch v := body["script"].(type) {
	case string:
		raw, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			return badRequest("The script must be encoded in base64")
		}
		sc.Text, sc.Source = v, string(raw)
	case []any:
		sc.Source = strings.Join(textList(v), "\n")
		sc.Text = base64.StdEncoding.EncodeToString([]byte(sc.Source))
	case nil:
		if sc.Text == "" {
			return badRequest("A script must be specified")
		}
	default:
		return invalid("script")
	}
	if len(sc.Source) > script.MaxSource {
		return refuse(http.StatusRequestEntityTooLarge, "The script is too large").because(observe.OverLimit("script_source"))
	}
	return nil
}

func (s *Server) nameFree(c *Call, id, name string) error {
	list, err := s.scriptsOf(c)
	if err != nil {
		return err
	}
	for _, other := range list {
		if other.ID != id && other.Name == name {
			return refuse(http.StatusConflict, "Script with name %s already exist in realm %s", name, c.realmPath())
		}
	}
	return nil
}

// deleteScript removes the realm's script; a shipped one that was changed is then as it was shipped.
func (s *Server) deleteScript(c *Call, id string) (Object, error) {
	sc, err := s.findScript(c, id)
	if err != nil {
		return nil, err
	}
	place, err := s.scriptPlace(c, sc)
	if err != nil {
		return nil, err
	}
	_, shipped := realm.ShippedScript(id)
	if !shipped {
		used, err := s.scriptUsed(c, id)
		if err != nil {
			return nil, err
		}
		if used != "" {
			return nil, refuse(http.StatusConflict, "The script is in use by %s", used)
		}
		if err := s.warnOfReaders(c, sc); err != nil {
			return nil, err
		}
	}
	err = c.remove(place, store.KindScript, id)
	if errors.Is(err, store.ErrNotFound) && shipped {
		return nil, refuse(http.StatusForbidden, "Default script %s cannot be deleted", sc.Name)
	}
	return Object{"_id": id}, err
}

// scriptUsed names what of the realm names the script: a service, or a part of one, a client or a group of clients, a node of
// a journey, a policy.
func (s *Server) scriptUsed(c *Call, id string) (string, error) {
	for _, kind := range []string{store.KindService, store.KindAgent, store.KindAgentGroup, journey.KindNode, KindPolicy} {
		docs, err := s.docs.List(c.Context(), c.realmPath(), kind)
		if err != nil {
			return "", err
		}
		for _, d := range docs {
			o, err := decodeObject(d.Body)
			if err != nil {
				return "", err
			}
			if mentions(o, id) {
				return d.ID, nil
			}
		}
	}
	return "", nil
}

// warnOfReaders tells which scripts require a library script that goes: they fail from now on. PingAM does not say that it
// refuses this, and a name in a text is not always one that is required.
func (s *Server) warnOfReaders(c *Call, sc *realm.Script) error {
	if sc.Context != realm.ContextLibrary {
		return nil
	}
	realms := []*realm.Realm{c.Realm}
	if sc.Global {
		realms = s.Realms.List()
	}
	required := regexp.MustCompile(`\brequire\s*\(\s*["']` + regexp.QuoteMeta(sc.Name) + `["']\s*\)`)
	for _, rl := range realms {
		list, err := rl.Scripts(c.Context())
		if err != nil {
			return err
		}
		if rl.Path == "/" {
			global, err := s.Realms.GlobalScripts(c.Context())
			if err != nil {
				return err
			}
			list = append(list, global...)
		}
		for _, reader := range list {
			if reader.ID != sc.ID && required.MatchString(reader.Source) {
				s.Log.WarnContext(c.Context(), "a library script is deleted that another script requires", "realm", rl.Path, "library", sc.Name, "script", reader.Name)
			}
		}
	}
	return nil
}

func mentions(v any, text string) bool {
	switch v := v.(type) {
	case string:
		return v == text
	case Object:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), func(e any) bool { return mentions(e, text) })
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return mentions(e, text) })
	}
	return false
}

// validateScript tells the mistakes in a text (PingAM: scripts, validate).
func (s *Server) validateScript(c *Call) (any, error) {
	sc := &realm.Script{}
	if err := scriptSource(c.Body, sc); err != nil {
		return nil, err
	}
	language, _ := c.Body["language"].(string)
	version, _ := c.Body["evaluatorVersion"].(string)
	if version == "" {
		version = "1.0"
	}
	if language != "GROOVY" && language != "JAVASCRIPT" {
		return nil, badRequest("Scripting language is not supported: %s", language)
	}
	if s.Scripts == nil {
		return nil, unsupported("Validating scripts")
	}
	if found := s.Scripts.Validate(language, version, sc.Source); len(found) > 0 {
		return Object{"success": false, "errors": found}, nil
	}
	return Object{"success": true}, nil
}
