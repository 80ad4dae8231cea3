package login

import (
	"encoding/xml"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxAdvice bounds the text of an advice.
const maxAdvice = 4 << 10

// advices is what a gateway sends along when a policy wants another sign-in (PingAM: composite advice).
type advices struct {
	XMLName xml.Name `xml:"Advices"`
	Pairs   []struct {
		Attribute struct {
			Name string `xml:"name,attr"`
		} `xml:"Attribute"`
		Values []string `xml:"Value"`
	} `xml:"AttributeValuePair"`
}

// advised wants what an advice asks for.
func (x *exchange) advised(w *wanted, text string) error {
	bad := &Refusal{Status: http.StatusBadRequest, Message: "The advice is not valid"}
	var in advices
	if len(text) > maxAdvice || xml.Unmarshal([]byte(text), &in) != nil || len(in.Pairs) == 0 {
		return bad
	}
	list := map[string][]string{}
	for _, pair := range in.Pairs {
		list[pair.Attribute.Name] = append(list[pair.Attribute.Name], pair.Values...)
	}
	return x.follow(w, list)
}

// Advices that policies give and journeys follow.
const (
	adviseService     = "AuthenticateToServiceConditionAdvice"
	adviseTree        = "AuthenticateToTreeConditionAdvice"
	adviseScheme      = "AuthSchemeConditionAdvice"
	adviseLevel       = "AuthLevelConditionAdvice"
	adviseRealm       = "AuthenticateToRealmConditionAdvice"
	adviseSession     = "SessionConditionAdvice"
	adviseTransaction = "TransactionConditionAdvice"
)

// follow wants what all of these advices ask for. Of several services one does, which the client chooses; of several
// schemes all are needed, and the others are advised when the first is done.
func (x *exchange) follow(w *wanted, advices map[string][]string) error {
	var services []string
	for name, values := range advices {
		switch name {
		case adviseService, adviseTree, adviseScheme, adviseLevel, adviseRealm, adviseSession, adviseTransaction:
		default:
			return &Refusal{Status: http.StatusNotImplemented, Message: "The advice " + name + " is not supported by this server"}
		}
		for i, value := range values {
			path, rest, qualified := strings.Cut(value, ":")
			switch {
			case name == adviseSession, name == adviseTransaction:
				continue
			case name == adviseRealm:
				path = value
			case !qualified:
				path, rest = x.place.Realm.Path, value
			}
			if !x.isHere(path) {
				return errNoTree
			}
			switch name {
			case adviseLevel:
				level, err := strconv.Atoi(rest)
				if err != nil {
					return errNoTree.because(err)
				}
				w.level = max(w.level, level)
			case adviseService, adviseTree, adviseScheme:
				if rest == "" {
					return errNoTree
				}
				if name != adviseScheme || i == 0 {
					services = append(services, rest)
				}
			}
		}
	}
	w.anew = w.anew || len(advices[adviseSession]) > 0
	if list := advices[adviseTransaction]; len(list) > 0 {
		// One at a time; what else is advised is advised again.
		return x.transact(w, list[0])
	}
	return x.choose(w, services)
}

// choose wants one of the services, at the level that is wanted besides.
func (x *exchange) choose(w *wanted, services []string) error {
	switch {
	case len(services) == 1:
		w.named = true
		return x.tree(w, services[0])
	case len(services) == 0 && w.level > 0:
		return x.reaching(w)
	case len(services) == 0:
		return x.tree(w, "")
	}
	slices.Sort(services)
	w.named = true
	for _, name := range slices.Compact(services) {
		ok, err := x.s.isTree(x.r.Context(), x.place.Realm, name, w.transactional())
		if err != nil {
			return err
		}
		if ok {
			w.trees = append(w.trees, name)
		}
	}
	if len(w.trees) == 0 {
		return errNoTree
	}
	return nil
}

func (x *exchange) isHere(path string) bool {
	return strings.EqualFold(strings.Trim(path, "/"), strings.Trim(x.place.Realm.Path, "/"))
}

var errNested = errors.New("a transaction cannot ask for another one")
