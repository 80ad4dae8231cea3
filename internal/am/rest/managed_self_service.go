package rest

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/am/login/devices"
	"gatehouse/internal/am/login/selfservice"
	"gatehouse/internal/am/realm"
)

// maxMember bounds preferences and terms, which are objects in an attribute.
const maxMember = 4 << 10

// attributeAliases holds whom a user is at other providers (managed user: memberAliases), at most maxAliases of them.
const (
	attributeAliases = "iplanet-am-user-alias-list"
	memberAliases    = "aliasList"
	maxAliases       = 50
)

// hiddenAttribute tells that an attribute holds secrets, which nobody reads nor writes as it is.
func hiddenAttribute(name string) bool {
	return devices.IsAttribute(name) || selfservice.IsSecret(name)
}

// showSelfService adds the members of managed users that are objects. Of answers to security questions, the questions are
// shown.
func (v managed) showSelfService(o Object, u *realm.User) error {
	for _, name := range []string{selfservice.AttributePreferences, selfservice.AttributeTerms} {
		for _, v := range u.Attribute(name) {
			if inner, err := decodeObject(json.RawMessage(v)); err == nil {
				o[name] = inner
			}
		}
	}
	if aliases := u.Attribute(attributeAliases); len(aliases) > 0 {
		list := []any{}
		for _, a := range aliases {
			list = append(list, a)
		}
		o[memberAliases] = list
	}
	answers, err := selfservice.AnswersOf(u, v.Realms)
	if err != nil || len(answers) == 0 {
		return err
	}
	list := []any{}
	for _, a := range answers {
		if a.Question != "" {
			list = append(list, Object{"questionId": a.Question})
		} else {
			list = append(list, Object{"customQuestion": a.Custom})
		}
	}
	o[selfservice.AttributeAnswers] = list
	return nil
}

// selfServiceOf makes attributes of those members. u is whose they are, nil for a user who is made.
func (v managed) selfServiceOf(c *Call, body Object, u *realm.User) (map[string][]string, error) {
	out := map[string][]string{}
	for _, name := range []string{selfservice.AttributePreferences, selfservice.AttributeTerms} {
		given, ok := body[name]
		if !ok {
			continue
		}
		if given == nil {
			out[name] = nil
			continue
		}
		inner, ok := given.(Object)
		raw, err := json.Marshal(inner)
		if !ok || err != nil || len(raw) > maxMember || deeper(inner, 3) {
			return nil, badRequest("%s: expected a small object", name)
		}
		out[name] = []string{string(raw)}
	}
	if given, ok := body[memberAliases]; ok {
		list := textValues(given)
		if list == nil || len(list) > maxAliases {
			return nil, badRequest("%s: expected a list of at most %d texts", memberAliases, maxAliases)
		}
		out[attributeAliases] = list
	}
	given, ok := body[selfservice.AttributeAnswers]
	if !ok {
		return out, nil
	}
	values, err := v.answers(c, given, u)
	out[selfservice.AttributeAnswers] = values
	return out, err
}

var errNoAnswer = errors.New("kbaInfo: a question has no answer")

// answers hashes the answers to security questions. A question that comes without one keeps the one that it has.
func (v managed) answers(c *Call, given any, u *realm.User) ([]string, error) {
	list, err := selfservice.ParseAnswers(given)
	if err != nil {
		return nil, badRequest("%s", err)
	}
	var have []selfservice.Answer
	if u != nil {
		if have, err = selfservice.AnswersOf(u, v.Realms); err != nil {
			return nil, err
		}
	}
	for k, a := range list {
		if strings.TrimSpace(a.Answer) == "" {
			i := slices.IndexFunc(have, func(b selfservice.Answer) bool { return b.Key() == a.Key() })
			if i < 0 {
				return nil, badRequest("%s", errNoAnswer)
			}
			list[k] = have[i]
		} else if list[k].Answer, err = v.hash(c, selfservice.Folded(a.Answer)); err != nil {
			return nil, err
		}
	}
	return selfservice.Sealed(list, v.Realms)
}
