package transfer

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Report tells what an import did, a line for each object.
type Report struct {
	Created, Updated []string
	// Failed are objects that were refused, with the reason.
	Failed []string
	// Unknown is what was read and not understood.
	Unknown []string
	// Notes are things to look after: secrets that an export does not have.
	Notes []string
}

// Problems tells whether something was left out.
func (r *Report) Problems() bool { return len(r.Failed)+len(r.Unknown) > 0 }

// API calls the administration interface. path is below a realm, whose path "" is the whole server.
type API interface {
	Call(ctx context.Context, method, realm, path string, body any) (Answer, error)
}

// Answer is an answer of the interface.
type Answer struct {
	Status int
	Body   []byte
	// Warnings are what the server has to say besides.
	Warnings []string
}

// ImportPath reads a file or folder, see Read, and writes what is in it.
func ImportPath(ctx context.Context, api API, path, realm string) (*Report, error) {
	entities, unknown, err := Read(path, realm)
	if err != nil {
		return nil, err
	}
	made, err := missingRealms(ctx, api, entities, realm)
	if err != nil {
		return nil, err
	}
	r, err := Import(ctx, api, append(made, entities...))
	r.Unknown = append(r.Unknown, unknown...)
	return r, err
}

// missingRealms are realms that entities belong to and that neither these nor the server have: exports of single realms do
// not tell of them. given is the realm of those that do not say where they belong, which must be there.
func missingRealms(ctx context.Context, api API, entities []Entity, given string) ([]Entity, error) {
	seen := map[string]bool{"": true, "/": true, given: true}
	for i := range entities {
		if entities[i].Kind == Realm {
			seen[realmPath(entities[i].ID)] = true
		}
	}
	var made []Entity
	for i := range entities {
		var list []Entity
		for path := entities[i].Realm; !seen[path]; {
			seen[path] = true
			id := realmID(path)
			got, err := api.Call(ctx, http.MethodGet, "", "global-config/realms/"+id, nil)
			if err != nil {
				return nil, err
			}
			if got.Status != http.StatusOK && got.Status != http.StatusNotFound {
				return nil, fmt.Errorf("read the realm %s: %s", path, message(got.Status, got.Body))
			}
			at := strings.LastIndex(path, "/")
			parent, name := cmp.Or(path[:at], "/"), path[at+1:]
			if got.Status == http.StatusNotFound {
				list = append(list, Entity{Kind: Realm, ID: id, Source: entities[i].Source, Body: Object{"name": name, "parentPath": parent, "active": true, "aliases": []any{}}})
			}
			path = parent
		}
		slices.Reverse(list)
		made = append(made, list...)
	}
	return made, nil
}

// Print writes the report as text.
func (r *Report) Print(w io.Writer) {
	for _, part := range []struct {
		title string
		lines []string
	}{{"created", r.Created}, {"updated", r.Updated}, {"to look after", r.Notes}, {"not understood, left out", r.Unknown}, {"refused", r.Failed}} {
		if len(part.lines) == 0 {
			continue
		}
		fmt.Fprintf(w, "%s: %d\n", part.title, len(part.lines))
		for _, l := range part.lines {
			fmt.Fprintf(w, "  %s\n", l)
		}
	}
}

// Import writes entities. Objects that exist are written over. The error is for an interface that cannot be called;
// refusals are in the report.
func Import(ctx context.Context, api API, entities []Entity) (*Report, error) {
	r := &Report{}
	for i := range entities {
		if err := r.put(ctx, api, &entities[i]); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *Report) put(ctx context.Context, api API, e *Entity) error {
	path, collection, ok := e.path()
	switch {
	case !ok:
		r.Unknown = append(r.Unknown, fmt.Sprintf("%s: %s has no _id", e.Source, e))
		return nil
	case e.Kind == SecretMapping && e.Parent == "":
		r.Unknown = append(r.Unknown, fmt.Sprintf("%s: %s does not say which secret store it is of", e.Source, e))
		return nil
	}
	if e.Kind == SecretStore && e.ID == ownKeystore || e.Kind == SecretMapping && e.Parent == ownKeystore {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: the keys of %s stay where they were made; this server has its own", e, ownKeystore))
		return nil
	}
	body := e.Body
	send := func() (Answer, error) {
		got, err := api.Call(ctx, http.MethodPut, e.Realm, path, body)
		if err == nil && (got.Status == http.StatusNotFound || got.Status == http.StatusNotImplemented) && collection != "" {
			body := maps.Clone(body)
			if e.Kind != Service {
				body["_id"] = e.ID
			}
			got, err = api.Call(ctx, http.MethodPost, e.Realm, collection+"?_action=create", body)
		}
		return got, err
	}
	got, err := send()
	if err == nil && got.Status == http.StatusNotFound && e.Kind == ServicePart && e.Parent == socialProviders {
		// Exports of single providers do not have the service that they are of.
		service := Entity{Kind: Service, ID: e.Parent, Realm: e.Realm, Source: e.Source, Body: Object{"enabled": true}}
		if err := r.put(ctx, api, &service); err != nil {
			return err
		}
		got, err = send()
	}
	for range maxUnknown {
		valid := validAttributes(got.Status, got.Body)
		if err != nil || valid == nil {
			break
		}
		body = ownCopy(body)
		names := without(body, valid)
		if len(names) == 0 {
			break
		}
		r.Unknown = append(r.Unknown, fmt.Sprintf("%s: %s: %s: settings that this server does not have", e.Source, e, strings.Join(names, ", ")))
		got, err = send()
	}
	switch {
	case err != nil:
		return fmt.Errorf("import %s: %w", e, err)
	case got.Status == http.StatusCreated:
		r.Created = append(r.Created, e.String())
	case got.Status < 300:
		r.Updated = append(r.Updated, e.String())
	default:
		r.Failed = append(r.Failed, fmt.Sprintf("%s: %s: %s", e.Source, e, message(got.Status, got.Body)))
		return nil
	}
	for _, w := range got.Warnings {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: %s", e, w))
	}
	r.note(e, got.Status == http.StatusCreated)
	return nil
}

// maxUnknown bounds how often an object is sent again without what the server does not know of one of its tabs.
const maxUnknown = 10

// validAttributes are the settings that a refusal says there are, nil for other answers.
func validAttributes(status int, reply []byte) []string {
	var body struct {
		Detail struct {
			Valid []string `json:"validAttributes"`
		} `json:"detail"`
	}
	if status != http.StatusBadRequest || json.Unmarshal(reply, &body) != nil {
		return nil
	}
	return body.Detail.Valid
}

func message(status int, reply []byte) string {
	var body struct {
		Message string `json:"message"`
		Detail  any    `json:"detail"`
	}
	if json.Unmarshal(reply, &body) != nil || body.Message == "" {
		return fmt.Sprintf("status %d", status)
	}
	if d, _ := json.Marshal(body.Detail); body.Detail != nil {
		return body.Message + " " + string(d)
	}
	return body.Message
}

// note says which secrets an export had only encrypted under the key of another server, or not at all.
func (r *Report) note(e *Entity, created bool) {
	names := secretMembers(e.Body, "")
	if len(names) > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: %s is encrypted for another server and was left out: set it", e, strings.Join(names, ", ")))
		return
	}
	if !created || e.Kind != Agent || e.Type != "OAuth2Client" && e.Type != "IdentityGatewayAgent" {
		return
	}
	body := e.Body
	if core, ok := body["coreOAuth2ClientConfig"].(Object); ok {
		body = core
	}
	if value(body["userpassword"]) == nil && value(body["clientType"]) != "Public" {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: the export has no secret of it: set one", e))
	}
}

func value(v any) any {
	if o, ok := v.(Object); ok {
		return o["value"]
	}
	return v
}

// secretMembers are the members "x-encrypted" that have a value.
func secretMembers(o Object, at string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if inner, ok := o[name].(Object); ok {
			if _, wrapped := inner["inherited"]; !wrapped {
				list = append(list, secretMembers(inner, at+name+"/")...)
				continue
			}
		}
		if strings.HasSuffix(name, "-encrypted") && value(o[name]) != nil && value(o[name]) != "" {
			list = append(list, at+strings.TrimSuffix(name, "-encrypted"))
		}
	}
	return list
}
