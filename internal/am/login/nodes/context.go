package nodes

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/script"
)

// setState adds values to the shared state.
type setState struct {
	Attributes map[string]string `json:"attributes"`
}

func (*setState) Outcomes() []string { return next }

func (n *setState) Process(s *journey.Step) (journey.Result, error) {
	for name, v := range n.Attributes {
		s.State.Share(name, v)
	}
	return journey.To("outcome")
}

// removeSessionProperties takes back what nodes before it set.
type removeSessionProperties struct {
	Names []string `json:"propertyNames"`
}

func (*removeSessionProperties) Outcomes() []string { return next }

func (n *removeSessionProperties) Process(s *journey.Step) (journey.Result, error) {
	for _, name := range n.Names {
		delete(s.State.Properties, name)
	}
	return journey.To("outcome")
}

// cookiePresence tells whether the request has a cookie.
type cookiePresence struct {
	Name string `json:"cookieName"`
}

func (*cookiePresence) Outcomes() []string { return yesNo }

func (n *cookiePresence) Process(s *journey.Step) (journey.Result, error) {
	_, err := s.Request.Cookie(n.Name)
	return journey.Either(err == nil)
}

// queryParameters takes parameters of the address into the state.
type queryParameters struct {
	Allowed   map[string]string `json:"allowedQueryParameters"`
	Delimited []string          `json:"queryParametersToBeDelimited"`
}

func (*queryParameters) Outcomes() []string { return next }

func (n *queryParameters) Process(s *journey.Step) (journey.Result, error) {
	q := s.Request.URL.Query()
	for name, key := range n.Allowed {
		shareValues(s, key, q[name], slices.Contains(n.Delimited, name))
	}
	return journey.To("outcome")
}

// shareValues shares one value as it is, several as a list or as a text.
func shareValues(s *journey.Step, key string, values []string, delimited bool) {
	switch {
	case len(values) == 0 || key == "":
	case len(values) == 1:
		s.State.Share(key, values[0])
	case delimited:
		s.State.Share(key, strings.Join(values, ","))
	default:
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		s.State.Share(key, list)
	}
}

// requestHeaders takes headers into the state, but for those that open accounts.
type requestHeaders struct {
	Allowed   map[string]string `json:"allowedHeaders"`
	Delimited []string          `json:"headersToBeDelimited"`
}

func (*requestHeaders) Outcomes() []string { return next }

// Check finds what is wrong with the settings.
func (n *requestHeaders) Check() error {
	for _, name := range slices.Sorted(maps.Keys(n.Allowed)) {
		if script.OpensAccounts(name) {
			return fmt.Errorf("allowedHeaders: %s holds what somebody signs in with, which is not for journeys", name)
		}
	}
	return nil
}

func (n *requestHeaders) Process(s *journey.Step) (journey.Result, error) {
	for name, key := range n.Allowed {
		if !script.OpensAccounts(name) {
			delimited := slices.ContainsFunc(n.Delimited, func(d string) bool { return strings.EqualFold(d, name) })
			shareValues(s, key, s.Request.Header[http.CanonicalHeaderKey(name)], delimited)
		}
	}
	return journey.To("outcome")
}

// anonymousUser signs in as a user who stands for everybody.
type anonymousUser struct {
	Name string `json:"anonymousUserName"`
}

func (*anonymousUser) Outcomes() []string { return next }

func (n *anonymousUser) Process(s *journey.Step) (journey.Result, error) {
	u, err := s.Host.Find(s.Context(), s.Realm, n.Name)
	if err != nil {
		return journey.Result{}, fmt.Errorf("anonymousUserName: %w", err)
	}
	s.State.SetUsername(u.Name)
	s.State.User = u.Name
	return journey.To("outcome")
}

// successDetails adds members to the answer of a success. Names of the answer's own cannot be taken.
type successDetails struct {
	Details    map[string]string `json:"successDetails"`
	Properties map[string]string `json:"sessionProperties"`
}

func (*successDetails) Outcomes() []string { return next }

func (n *successDetails) Process(s *journey.Step) (journey.Result, error) {
	s.State.Details, s.State.DetailProperties = joined(s.State.Details, n.Details), joined(s.State.DetailProperties, n.Properties)
	return journey.To("outcome")
}

func joined(have, more map[string]string) map[string]string {
	if len(more) == 0 {
		return have
	}
	out := maps.Clone(more)
	for name, v := range have {
		if _, ok := out[name]; !ok {
			out[name] = v
		}
	}
	return out
}

// failureDetails adds members, and a message, to the answer of a failure.
type failureDetails struct {
	Message map[string]string `json:"failureMessage"`
	Details map[string]string `json:"failureDetails"`
}

func (*failureDetails) Outcomes() []string { return next }

func (n *failureDetails) Process(s *journey.Step) (journey.Result, error) {
	s.State.Message = s.Text(n.Message, s.State.Message)
	s.State.FailureDetails = joined(s.State.FailureDetails, n.Details)
	return journey.To("outcome")
}
