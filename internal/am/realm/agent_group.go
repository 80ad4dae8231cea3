package realm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"gatehouse/internal/am/store"
)

// attributeGroup is the member of a profile that names its group.
const attributeGroup = "agentgroup"

// AgentGroup is the name of the group that a profile, an agent document, is in; "" for none. It stands beside the
// settings or among those of a tab.
func AgentGroup(profile map[string]any) string {
	name := func(of map[string]any) string {
		v := of[attributeGroup]
		if o, ok := v.(map[string]any); ok {
			v = o["value"]
		}
		s, _ := v.(string)
		return s
	}
	if s := name(profile); s != "" {
		return s
	}
	for _, v := range profile {
		if tab, ok := v.(map[string]any); ok {
			if s := name(tab); s != "" {
				return s
			}
		}
	}
	return ""
}

// Inherits tells whether the value of a setting says that it is the group's: {"inherited":true,…}.
func Inherits(v any) bool {
	o, ok := v.(map[string]any)
	return ok && o["inherited"] == true
}

// Inherit returns the profile with the values of its group where it has {"inherited":true}: {"inherited":true,"value":…},
// without "value" where the group has none. Neither map is changed. A group's values are bare.
func Inherit(profile, group map[string]any) map[string]any {
	out := make(map[string]any, len(profile))
	for name, v := range profile {
		tab, isTab := v.(map[string]any)
		switch {
		case Inherits(v):
			inherited := map[string]any{"inherited": true}
			if value := group[name]; value != nil {
				inherited["value"] = value
			}
			v = inherited
		case isTab:
			of, _ := group[name].(map[string]any)
			v = Inherit(tab, of)
		}
		out[name] = v
	}
	return out
}

// errNoGroup is why a profile cannot be used, when the store could be read.
var errNoGroup = errors.New("a group is missing")

// grown is the document of an agent with the values that it takes from its group. A profile whose group is gone cannot be
// used (errNoGroup): the defaults may allow what the group did not.
func (s *settings) grown(ctx context.Context, d store.Doc) (store.Doc, error) {
	if !bytes.Contains(d.Body, []byte(`"`+attributeGroup+`"`)) {
		return d, nil
	}
	var profile, group map[string]any
	if json.Unmarshal(d.Body, &profile) != nil {
		return d, nil // whoever decodes it says what is wrong
	}
	name := AgentGroup(profile)
	if name == "" {
		return d, nil
	}
	of, err := s.m.docs.Get(ctx, s.path, store.KindAgentGroup, name)
	switch {
	case isNotFound(err):
		return d, fmt.Errorf("%w: %q is in the group %q, which does not exist", errNoGroup, d.ID, name)
	case err != nil:
		return d, err
	case agentType(of.Body) != agentType(d.Body):
		return d, fmt.Errorf("%w: %q is in the group %q, which is one of other agents", errNoGroup, d.ID, name)
	}
	if err := json.Unmarshal(of.Body, &group); err != nil {
		return d, fmt.Errorf("%w: %q: %w", errNoGroup, name, err)
	}
	d.Body, err = json.Marshal(Inherit(profile, group))
	return d, err
}

// Grown is the document of an agent with the values that it takes from its group.
func (r *Realm) Grown(ctx context.Context, d store.Doc) (store.Doc, error) {
	return r.set.grown(ctx, d)
}

// StayInherited returns the document of an agent that is about to be written over with settings as they were in force:
// those that are still what the group gives it stay inherited.
func (r *Realm) StayInherited(ctx context.Context, d store.Doc) (store.Doc, error) {
	old, err := r.set.m.docs.Get(ctx, r.Path, store.KindAgent, d.ID)
	if err != nil {
		return d, err
	}
	grown, err := r.set.grown(ctx, old)
	if err != nil || len(grown.Body) == len(old.Body) { // in no group, or nothing is inherited
		return d, err
	}
	var was, is map[string]any
	if err := errors.Join(json.Unmarshal(grown.Body, &was), json.Unmarshal(d.Body, &is)); err != nil {
		return d, err
	}
	stayInherited(is, was)
	d.Body, err = json.Marshal(is)
	return d, err
}

func stayInherited(is, was map[string]any) {
	for name, v := range was {
		old, ok := v.(map[string]any)
		if !ok {
			continue
		}
		if !Inherits(v) {
			if tab, ok := is[name].(map[string]any); ok {
				stayInherited(tab, old)
			}
			continue
		}
		if sameSetting(is[name], old["value"]) {
			is[name] = map[string]any{"inherited": true}
		}
	}
}

// sameSetting compares values; unset is an empty list, or an empty text.
func sameSetting(a, b any) bool {
	empty := func(v any) bool {
		list, ok := v.([]any)
		return v == nil || v == "" || ok && len(list) == 0
	}
	return empty(a) && empty(b) || reflect.DeepEqual(a, b)
}
