package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

func keysPage() page {
	return page{
		Name: "keys", Title: "Keys and secrets", Icon: "key", Section: "Operation",
		Handlers: map[string]func(*visit) error{
			"GET keys":                      listKeys,
			"POST keys/rotate":              rotateKey,
			"POST keys/stores":              addStore,
			"GET keys/stores/{id}":          showStore,
			"POST keys/stores/{id}":         saveMapping,
			"POST keys/stores/{id}/unmap":   deleteMapping,
			"POST keys/stores/{id}/delete":  deleteStore,
			"POST keys/folders/{id}/delete": deleteFolder,
		},
	}
}

// keyLabel is a secret label with its keys.
type keyLabel struct {
	Label   string
	Outside bool
	Keys    []keyRow
}

// keyRow is a key of a label.
type keyRow struct {
	ID, Sort       string
	Created, Until time.Time
	Active         bool
	// Left is how much of a former key's time is left, in hundredths; -1 when no end is set.
	Left int
}

// keysView is what the page of keys shows.
type keysView struct {
	problem
	Labels  []keyLabel
	Stores  []object
	Folders []object
	Form    map[string]string
}

func readKeys(v *visit) (keysView, error) {
	out := keysView{Form: map[string]string{"kind": "KeyStoreSecretStore", "storetype": "PKCS12"}}
	found, err := v.api.all(v.in("gatehouse/keys"), url.Values{})
	if err != nil {
		return out, err
	}
	now := v.console.Now()
	for _, o := range found {
		l := keyLabel{Label: text(o["_id"]), Outside: o["outside"] == true}
		for _, k := range objects(o["keys"]) {
			row := keyRow{ID: text(k["kid"]), Sort: text(k["alg"]), Created: moment(k["created"]), Until: moment(k["until"]), Active: k["active"] == true, Left: -1}
			if !row.Until.IsZero() && row.Until.After(row.Created) {
				row.Left = int(100 * row.Until.Sub(now) / row.Until.Sub(row.Created))
			}
			l.Keys = append(l.Keys, row)
		}
		out.Labels = append(out.Labels, l)
	}
	if out.Stores, err = v.api.all(v.in("realm-config/secrets/stores/KeyStoreSecretStore"), url.Values{}); err != nil {
		return out, err
	}
	out.Folders, err = v.api.all(v.in("realm-config/secrets/stores/FileSystemSecretStore"), url.Values{})
	return out, err
}

func listKeys(v *visit) error {
	k, err := readKeys(v)
	if err != nil {
		return err
	}
	return v.show("keys", v.Say("Keys and secrets"), k)
}

// rotateKey makes a new key; the old one stays published for as long as tokens may live that it signed.
func rotateKey(v *visit) error {
	label := v.form("label")
	at := v.in("realm-config/secrets/stores/KeyStoreSecretStore/default-keystore/mappings", label)
	if _, err := v.api.post(at+"?_action=rotate", nil); err != nil {
		return err
	}
	o, err := v.api.get(v.in("gatehouse/keys", label))
	if err != nil {
		return err
	}
	until := ""
	for _, k := range objects(o["keys"]) {
		if t := moment(k["until"]); k["active"] != true && !t.IsZero() {
			until = t.Format("2006-01-02 15:04 UTC")
			break
		}
	}
	return v.goTo("keys", v.Say("The key of %s was rotated. The old one is published until %s.", label, until))
}

// addStore makes a key store or a folder of passwords known to the realm.
func addStore(v *visit) error {
	kind, name := v.form("kind"), v.form("name")
	var wrong problem
	body := object{}
	if kind == "FileSystemSecretStore" {
		body["directory"], body["format"] = v.form("place"), "PLAIN"
	} else {
		kind = "KeyStoreSecretStore"
		body["file"], body["storetype"] = v.form("place"), v.form("storetype")
		for _, field := range []string{"storePassword", "keyEntryPassword"} {
			if label := v.form(field); label != "" {
				body[field] = label
			}
		}
	}
	var err error
	if !wrong.missing(v, "name", "Name", "place", "File or directory") {
		_, err = v.api.put(v.in("realm-config/secrets/stores/"+kind, name), body, "new")
		wrong.refused(v, err, storeFault(refusal(err)))
		if statusOf(err) == http.StatusPreconditionFailed {
			wrong.Problem, wrong.At = v.Say("There is a store %s already.", name), "name"
		}
	}
	if wrong.Problem != "" {
		k, err := readKeys(v)
		if err != nil {
			return err
		}
		k.problem = wrong
		for _, field := range []string{"kind", "name", "place", "storetype", "storePassword", "keyEntryPassword"} {
			k.Form[field] = v.form(field)
		}
		return v.show("keys", v.Say("Keys and secrets"), k)
	}
	if err != nil {
		return err
	}
	if kind == "FileSystemSecretStore" {
		return v.goTo("keys", v.Say("The store %s was added.", name))
	}
	return v.goTo(address("keys/stores", name), v.Say("The store %s was added.", name))
}

// storeFault is the field that a refused store is about.
func storeFault(refusal string) string {
	refusal = strings.ToLower(refusal)
	switch {
	case strings.Contains(refusal, "entry password"):
		return "keyEntryPassword"
	case strings.Contains(refusal, "password"):
		return "storePassword"
	case strings.Contains(refusal, "resource id"):
		return "name"
	}
	return "place"
}

// storeView is a key store with what is mapped to it.
type storeView struct {
	problem
	ID       string
	Store    object
	Mappings []object
	Labels   []string
	// Own tells that the keys are made by the server and nothing can be mapped.
	Own bool
	// Label and Aliases are what was typed.
	Label, Aliases string
}

func readStore(v *visit) (storeView, error) {
	out := storeView{ID: v.vars["id"]}
	at := v.in("realm-config/secrets/stores/KeyStoreSecretStore", out.ID)
	var err error
	if out.Store, err = v.api.get(at); err != nil {
		return out, err
	}
	out.Own = out.Store["storetype"] == "SEALED"
	if out.Mappings, err = v.api.all(at+"/mappings", url.Values{}); err != nil {
		return out, err
	}
	// The store of the server's own making maps every label.
	all, err := v.api.all(v.in("realm-config/secrets/stores/KeyStoreSecretStore/default-keystore/mappings"), url.Values{})
	for _, m := range all {
		out.Labels = append(out.Labels, text(m["_id"]))
	}
	return out, err
}

func showStore(v *visit) error {
	s, err := readStore(v)
	if err != nil {
		return err
	}
	return v.show("keystore", s.ID, s)
}

func saveMapping(v *visit) error {
	id, label := v.vars["id"], v.form("label")
	at := v.in("realm-config/secrets/stores/KeyStoreSecretStore", id, "mappings", label)
	_, err := v.api.put(at, object{"secretId": label, "aliases": lines(v.form("aliases"))}, "")
	if problem := refusal(err); problem != "" {
		s, err := readStore(v)
		if err != nil {
			return err
		}
		s.Problem, s.At = problem, "aliases"
		s.Label, s.Aliases = label, v.form("aliases")
		return v.show("keystore", s.ID, s)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("keys/stores", id), v.Say("%s is mapped.", label))
}

func deleteMapping(v *visit) error {
	id, label := v.vars["id"], v.form("label")
	if err := v.api.delete(v.in("realm-config/secrets/stores/KeyStoreSecretStore", id, "mappings", label)); err != nil {
		return err
	}
	return v.goTo(address("keys/stores", id), v.Say("%s is not mapped any more: the server's own key is used.", label))
}

func deleteStore(v *visit) error { return dropStore(v, "KeyStoreSecretStore") }

func deleteFolder(v *visit) error { return dropStore(v, "FileSystemSecretStore") }

func dropStore(v *visit, kind string) error {
	id := v.vars["id"]
	if v.form("confirm") != id {
		return &apiError{Status: http.StatusBadRequest, Message: fmt.Sprintf(v.Say("Nothing was deleted: the name that was typed is not %s."), id)}
	}
	if err := v.api.delete(v.in("realm-config/secrets/stores/"+kind, id)); err != nil {
		return err
	}
	return v.goTo("keys", v.Say("The store %s is not used any more. Its file is untouched.", id))
}
