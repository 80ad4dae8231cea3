package login

import (
	"encoding/xml"
	"net/http"
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

// advised finds the tree that an advice asks for. anew tells that a session of the same tree does not do.
func (x *exchange) advised(text string) (tree string, anew bool, err error) {
	bad := &Refusal{Status: http.StatusBadRequest, Message: "The advice is not valid"}
	var in advices
	if len(text) > maxAdvice || xml.Unmarshal([]byte(text), &in) != nil || len(in.Pairs) == 0 {
		return "", false, bad
	}
	for _, pair := range in.Pairs {
		for _, value := range pair.Values {
			switch pair.Attribute.Name {
			case "AuthenticateToServiceConditionAdvice", "AuthSchemeConditionAdvice":
				path, name, ok := strings.Cut(value, ":")
				if !ok {
					path, name = x.place.Realm.Path, value
				}
				if !x.isHere(path) || name == "" {
					return "", false, errNoTree
				}
				if tree == "" { // the others are advised when this one is done
					tree = name
				}
			case "AuthenticateToRealmConditionAdvice":
				if !x.isHere(value) {
					return "", false, errNoTree
				}
			case "SessionConditionAdvice":
				anew = true
			default:
				return "", false, &Refusal{Status: http.StatusNotImplemented, Message: "The advice " + pair.Attribute.Name + " is not supported by this server"}
			}
		}
	}
	return tree, anew, nil
}

func (x *exchange) isHere(path string) bool {
	return strings.EqualFold(strings.Trim(path, "/"), strings.Trim(x.place.Realm.Path, "/"))
}
