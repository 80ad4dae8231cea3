package journey

import (
	"maps"
	"slices"
)

// Names of values in the state.
const (
	keyUsername = "username"
	keyPassword = "password"
)

// State is where a journey stands. It is sealed before a client gets it.
type State struct {
	// Path are the nodes in turn: the last is that of the innermost tree.
	Path []Place `json:"p"`
	// Offered are the trees of which the client chooses one before any node has its turn.
	Offered []string `json:"o,omitempty"`
	// Shared and Transient are what nodes tell one another; the transient half is forgotten when the client is asked.
	Shared    map[string]any `json:"s,omitempty"`
	Transient map[string]any `json:"-"`
	// Secure is what was transient when a client was asked; nodes read it, and it ends with the journey.
	Secure map[string]any `json:"x,omitempty"`
	// Asked are the callbacks that the client has to answer.
	Asked []Callback `json:"c,omitempty"`
	// Pages counts the callbacks of each node of a page.
	Pages []int `json:"g,omitempty"`
	// Done are the nodes of a page that have come to an outcome already.
	Done []string `json:"d,omitempty"`

	// User or Agent is who was authenticated.
	User  string `json:"u,omitempty"`
	Agent string `json:"a,omitempty"`
	// Methods are how (RFC 8176).
	Methods []string `json:"m,omitempty"`
	// Level is the authentication level.
	Level int `json:"l,omitempty"`
	// Minutes are how long the client may take for an answer; 0: DefaultTimeout.
	Minutes int `json:"i,omitempty"`
	// Properties go into the session.
	Properties map[string]string `json:"r,omitempty"`
	// MaxLife and MaxIdle are the session's times in minutes; 0: the realm's.
	MaxLife    int    `json:"v,omitempty"`
	MaxIdle    int    `json:"w,omitempty"`
	NoSession  bool   `json:"no,omitempty"`
	SuccessURL string `json:"y,omitempty"`
	FailureURL string `json:"n,omitempty"`
	// Details are members for the answer of a success, and FailureDetails for that of a failure; of DetailProperties the
	// values are properties of the session.
	Details          map[string]string `json:"t,omitempty"`
	DetailProperties map[string]string `json:"h,omitempty"`
	FailureDetails   map[string]string `json:"f,omitempty"`
	// Cookies are set when the journey succeeds.
	Cookies []Cookie `json:"b,omitempty"`
	// Message is the text of a failure, Lockout that of one because the account is locked.
	Message string `json:"e,omitempty"`
	Lockout string `json:"k,omitempty"`
}

// Minutes that a client may take for an answer: where nobody says so, and at most.
const (
	DefaultTimeout = 5
	MaxTimeout     = 24 * 60
)

// Timeout is how many minutes the client may take for an answer.
func (s *State) Timeout() int {
	if s.Minutes == 0 {
		return DefaultTimeout
	}
	return s.Minutes
}

// Place is a node of a tree.
type Place struct {
	Tree string `json:"t"`
	Node string `json:"n"`
}

// Cookie is one that a node wants the browser to have.
type Cookie struct {
	Name     string `json:"n"`
	Value    string `json:"v"`
	MaxAge   int    `json:"a"` // seconds
	Secure   bool   `json:"s,omitempty"`
	HTTPOnly bool   `json:"h,omitempty"`
	SameSite string `json:"t,omitempty"` // "STRICT", "LAX" or "NONE"
	// User is the only one for whom it is.
	User string `json:"u"`
}

// SetCookie sets a cookie when the journey succeeds, in place of another one of that name.
func (s *State) SetCookie(c Cookie) {
	s.Cookies = append(slices.DeleteFunc(s.Cookies, func(other Cookie) bool { return other.Name == c.Name }), c)
}

// Get reads a value: transient, secure, then shared state.
func (s *State) Get(name string) (any, bool) {
	for _, m := range []map[string]any{s.Transient, s.Secure, s.Shared} {
		if v, ok := m[name]; ok {
			return v, true
		}
	}
	return nil, false
}

// Text is a value that is a text, "" for others.
func (s *State) Text(name string) string {
	v, _ := s.Get(name)
	t, _ := v.(string)
	return t
}

// Share sets a value of the shared state.
func (s *State) Share(name string, v any) {
	if s.Shared == nil {
		s.Shared = map[string]any{}
	}
	s.Shared[name] = v
}

// Hide sets a value of the transient state.
func (s *State) Hide(name string, v any) {
	if s.Transient == nil {
		s.Transient = map[string]any{}
	}
	s.Transient[name] = v
}

// Remove forgets a value.
func (s *State) Remove(name string) {
	delete(s.Shared, name)
	delete(s.Transient, name)
	delete(s.Secure, name)
}

// Username is the name that was collected or found.
func (s *State) Username() string { return s.Text(keyUsername) }

// SetUsername notes a name.
func (s *State) SetUsername(name string) { s.Share(keyUsername, name) }

// Password is the password that was collected.
func (s *State) Password() string { return s.Text(keyPassword) }

// SetPassword notes a password.
func (s *State) SetPassword(password string) { s.Hide(keyPassword, password) }

// Authenticated notes how somebody proved who he is.
func (s *State) Authenticated(method string) { s.Methods = append(s.Methods, method) }

// SetProperty sets a property of the session to be.
func (s *State) SetProperty(name, value string) {
	if s.Properties == nil {
		s.Properties = map[string]string{}
	}
	s.Properties[name] = value
}

// keep makes the transient state survive until the client answers (PingAM: secure state).
func (s *State) keep() {
	if len(s.Transient) == 0 {
		return
	}
	if s.Secure == nil {
		s.Secure = map[string]any{}
	}
	maps.Copy(s.Secure, s.Transient)
	s.Transient = nil
}
