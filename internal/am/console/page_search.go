package console

import (
	"net/url"
	"strconv"
	"strings"
)

func searchPage() page {
	return page{Name: "search", Handlers: map[string]func(*visit) error{"GET search": search}}
}

// hit is something that the search found.
type hit struct{ Title, Text, URL string }

// hits are those of one kind.
type hits struct {
	Title string
	Hits  []hit
}

// maxHits bounds what the search shows of one kind.
const maxHits = 12

func (h *hits) add(title, text, to string) {
	if len(h.Hits) < maxHits {
		h.Hits = append(h.Hits, hit{title, text, to})
	}
}

// search looks for pages, settings, applications, people and scripts whose names have what was typed.
func search(v *visit) error {
	q := strings.ToLower(strings.TrimSpace(v.query("q")))
	if q == "" {
		return v.show("search", v.Say("Search"), []hits(nil))
	}
	has := func(texts ...string) bool { return strings.Contains(strings.ToLower(strings.Join(texts, " ")), q) }
	pages := hits{Title: v.Say("Pages")}
	for _, section := range v.sections() {
		for _, n := range section.Links {
			if has(n.Text) {
				pages.add(n.Text, section.Title, n.URL)
			}
		}
	}
	found := []hits{pages}
	for _, look := range []func(*visit, func(...string) bool) (hits, error){searchClients, searchUsers, searchScripts, searchSettings} {
		h, err := look(v, has)
		if err != nil && statusOf(err) == 0 {
			return err
		}
		found = append(found, h)
	}
	var some []hits
	for _, h := range found {
		if len(h.Hits) > 0 {
			some = append(some, h)
		}
	}
	return v.show("search", v.Say("Search"), some)
}

func searchClients(v *visit, has func(...string) bool) (hits, error) {
	h := hits{Title: v.Say("Applications")}
	found, err := v.api.all(v.in(clients), url.Values{})
	for _, o := range found {
		if r := rowOf(o); has(r.ID, r.Name) {
			h.add(r.Name, r.ID, v.Link("applications", r.ID))
		}
	}
	return h, err
}

func searchUsers(v *visit, _ func(...string) bool) (hits, error) {
	h := hits{Title: v.Say("Identities")}
	found, err := v.api.all(v.in("users"), url.Values{
		"_queryFilter": {containing(v.query("q"), "_id", "cn", "mail")}, "_fields": {"_id,cn"}, "_pageSize": {strconv.Itoa(maxHits)},
	})
	for _, o := range found {
		id := text(o["_id"])
		h.add(id, first(o["cn"]), v.Link("identities", id))
	}
	return h, err
}

func searchScripts(v *visit, has func(...string) bool) (hits, error) {
	h := hits{Title: v.Say("Scripts")}
	found, err := v.api.all(v.in("scripts"), url.Values{"_fields": {"_id,name,context"}})
	for _, o := range found {
		if has(text(o["name"]), text(o["_id"])) {
			h.add(text(o["name"]), text(o["context"]), v.Link("scripts", text(o["_id"])))
		}
	}
	return h, err
}

// searchSettings looks through the settings of the provider, where the realm has one.
func searchSettings(v *visit, has func(...string) bool) (hits, error) {
	h := hits{Title: v.Say("Settings")}
	added, err := v.api.all(v.in(services), url.Values{})
	for _, o := range added {
		id := text(o["_id"])
		schema, err := v.api.post(v.in(services, id)+"?_action=schema", nil)
		if err != nil {
			return h, err
		}
		for _, t := range tabsOf(schema) {
			for _, f := range t.Fields {
				if has(f.Title, f.Key) {
					h.add(f.Title, text(o["name"])+" › "+t.Title+" › "+f.Key, v.Link("services", id)+"#"+f.ID())
				}
			}
		}
	}
	return h, err
}
