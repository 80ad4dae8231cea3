package nodes

import (
	"errors"
	"maps"
	"strings"
	"time"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/store"
)

// Names of what these nodes tell one another.
const (
	keyBackchannel           = "backchannel-transaction"
	keyBackchannelURL        = "backchannel-redirectUri"
	keyBackchannelProperties = "backchannel-sessionProperties"
)

// outcomeLike picks, of the outcomes that the tree connects, the one that says the same as name, whose spelling differs among
// releases: "IN_PROGRESS", "In Progress", "inProgress".
func outcomeLike(s *journey.Step, name string) (journey.Result, error) {
	bare := func(text string) string {
		return strings.ToLower(strings.NewReplacer(" ", "", "_", "", "-", "").Replace(text))
	}
	for outcome := range s.Tree.Nodes[s.NodeID].Connections {
		if bare(outcome) == bare(name) {
			return journey.To(outcome)
		}
	}
	return journey.To(name)
}

// backchannelInit begins a journey for somebody who takes it elsewhere (PingAM: Backchannel Initialize node).
type backchannelInit struct {
	Tree string `json:"tree"`
	// Kind is whom it is for: "USER", "AGENT" or "NONE" for anybody.
	Kind string `json:"idType"`
	// NameKey and DataKey are where the state has the name and the data.
	NameKey string `json:"usernameKey"`
	DataKey string `json:"dataKey"`
	// URLKind is the kind of address that is told: "GET", "POST", "CUSTOM" or "NONE".
	URLKind string `json:"redirectUrlType"`
	URL     string `json:"customRedirectUrl"`
	// Seconds is how long it may take; 0: as long as the realm says.
	Seconds int  `json:"timeout"`
	Retry   bool `json:"allowRetry"`
}

func (*backchannelInit) Outcomes() []string { return []string{"Created", "Unknown Subject", "Error"} }

func (n *backchannelInit) Process(s *journey.Step) (journey.Result, error) {
	b := journey.Backchannel{Tree: n.Tree, Retry: n.Retry, Life: time.Duration(max(0, n.Seconds)) * time.Second}
	if !strings.EqualFold(n.Kind, "NONE") {
		b.Subject = store.Subject{Type: "usr", Name: s.State.Text(n.NameKey)}
		if strings.EqualFold(n.Kind, "AGENT") {
			b.Subject.Type = "age"
		}
		if b.Subject.Name == "" {
			s.Log.WarnContext(s.Context(), "the state has no name of a subject", "realm", s.Realm.Path, "node", s.NodeID, "key", n.NameKey)
			return outcomeLike(s, "Error")
		}
	}
	if v, ok := s.State.Get(n.DataKey); ok && n.DataKey != "" {
		data, ok := v.(map[string]any)
		if !ok {
			s.Log.WarnContext(s.Context(), "the state has no object for a backchannel journey", "realm", s.Realm.Path, "node", s.NodeID, "key", n.DataKey)
			return outcomeLike(s, "Error")
		}
		b.Data = maps.Clone(data)
	}
	id, err := s.Host.BeginBackchannel(s.Context(), s.Realm, b)
	if errors.Is(err, store.ErrNotFound) {
		return outcomeLike(s, "Unknown Subject")
	}
	address := ""
	if err == nil {
		address, err = n.address(s, id)
	}
	if errors.Is(err, store.ErrUnavailable) {
		return journey.Result{}, err
	}
	if err != nil {
		s.Log.ErrorContext(s.Context(), "a backchannel journey could not be begun", "realm", s.Realm.Path, "node", s.NodeID, "error", err)
		return outcomeLike(s, "Error")
	}
	s.State.Share(keyBackchannel, id)
	if address != "" {
		s.State.Share(keyBackchannelURL, address)
	}
	return outcomeLike(s, "Created")
}

// address is where whoever takes the journey goes.
func (n *backchannelInit) address(s *journey.Step, id string) (string, error) {
	switch strings.ToUpper(n.URLKind) {
	case "NONE":
		return "", nil
	case "CUSTOM":
		return n.URL, nil
	}
	page, err := s.Host.BackchannelURL(s.Request, s.Realm, id)
	if strings.EqualFold(n.URLKind, "POST") {
		page = strings.Replace(page, "/XUI/Login?", "/json/authenticate?", 1)
	}
	return page, err
}

// backchannelStatus tells how such a journey stands (PingAM: Backchannel Status node).
type backchannelStatus struct {
	// Record keeps the properties of the session that came of it.
	Record bool `json:"recordData"`
}

func (*backchannelStatus) Outcomes() []string {
	return []string{"Pending", "In Progress", "Success", "Failure", "Unknown", "Error"}
}

func (n *backchannelStatus) Process(s *journey.Step) (journey.Result, error) {
	id := s.State.Text(keyBackchannel)
	if id == "" {
		s.Log.WarnContext(s.Context(), "no backchannel journey was begun", "realm", s.Realm.Path, "node", s.NodeID)
		return outcomeLike(s, "Error")
	}
	b, err := s.Host.Backchannel(s.Context(), s.Realm, id)
	if errors.Is(err, store.ErrNotFound) {
		return outcomeLike(s, "Unknown")
	}
	if err != nil {
		return journey.Result{}, err
	}
	switch {
	case b.State == journey.BackchannelCreated:
		return outcomeLike(s, "Pending")
	case b.State == journey.BackchannelInProgress:
		return outcomeLike(s, "In Progress")
	case b.Result == journey.BackchannelDenied:
		return outcomeLike(s, "Failure")
	}
	if n.Record {
		properties := map[string]any{}
		for name, v := range b.Properties {
			properties[name] = v
		}
		s.State.Hide(keyBackchannelProperties, properties)
	}
	return outcomeLike(s, "Success")
}
