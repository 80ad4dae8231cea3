package nodes

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
)

// ldapDecision is passwordChange for the users of a directory that the node names (PingAM: LDAP Decision). Who signs in
// has to be a user of the realm as well, under the same name.
type ldapDecision struct {
	Primary   []string `json:"primaryServers"`
	Secondary []string `json:"secondaryServers"`
	Bases     []string `json:"accountSearchBaseDn"`
	BindDN    string   `json:"adminDn,omitempty"`
	BindPass  string   `json:"adminPassword,omitempty"` // sealed
	Attribute string   `json:"userProfileAttribute"`
	Search    []string `json:"searchFilterAttributes"`
	Filter    string   `json:"userSearchFilter,omitempty"`
	Scope     string   `json:"searchScope"`
	Mode      string   `json:"ldapConnectionMode"`
	MutualTLS bool     `json:"mtlsEnabled"`
	Label     string   `json:"mtlsSecretLabel,omitempty"`
	// ReturnDN takes the name from the entry's DN instead of from Attribute.
	ReturnDN bool     `json:"returnUserDn"`
	Creation []string `json:"userCreationAttrs"`
	passwordChange
	Policy   bool `json:"beheraEnabled"`
	TrustAll bool `json:"trustAllServerCertificates"`
	// Connections are made for each sign-in, so that there is nothing to keep alive or to balance.
	Heartbeat     int    `json:"heartbeatInterval"`
	HeartbeatUnit string `json:"heartbeatTimeUnit"`
	Timeout       int    `json:"ldapOperationsTimeout"` // milliseconds; 0: ten seconds
	Affinity      string `json:"affinityLevel"`
	TellLocked    bool   `json:"returnAccountLockedMessage"`
}

func newLDAPDecision() *ldapDecision {
	return &ldapDecision{
		Primary: []string{}, Secondary: []string{}, Bases: []string{}, Search: []string{}, Scope: "SUBTREE", Mode: "LDAP", ReturnDN: true, Creation: []string{},
		passwordChange: passwordChange{MinimumLength: 8}, Policy: true, Heartbeat: 10, HeartbeatUnit: "SECONDS", Affinity: "NONE",
	}
}

var errMutualTLS = errors.New("mtlsEnabled: client certificates for directories are not supported by this server")

// Check finds what is wrong with the settings.
func (n *ldapDecision) Check() error {
	if n.MutualTLS {
		return errMutualTLS
	}
	return nil
}

func (n *ldapDecision) Process(s *journey.Step) (journey.Result, error) { return n.process(s, n) }

func (n *ldapDecision) directory(s *journey.Step) (*realm.Directory, error) {
	if n.MutualTLS {
		return nil, errMutualTLS
	}
	password, err := s.Host.OpenSecret(n.BindPass)
	if err != nil {
		return nil, err
	}
	mode := n.Mode
	if mode == "START_TLS" {
		mode = "StartTLS"
	}
	search := n.Search
	if len(search) == 0 {
		search = []string{n.Attribute}
	}
	return &realm.Directory{
		Servers: append(append([]string{}, n.Primary...), n.Secondary...), Bases: n.Bases, BindDN: n.BindDN, Password: password, NameAttribute: n.Attribute,
		NameInDN: n.ReturnDN, Search: search, Filter: n.Filter, Scope: n.Scope, Mode: mode, Timeout: time.Duration(n.Timeout) * time.Millisecond,
		TrustAll: n.TrustAll, NoPolicy: !n.Policy,
	}, nil
}

func (n *ldapDecision) check(s *journey.Step) (*realm.User, error) {
	d, err := n.directory(s)
	if err != nil {
		return nil, err
	}
	u, err := s.Host.UserAt(s.Context(), s.Realm, d, s.State.Username(), s.State.Password())
	if err != nil {
		s.State.Message = journey.MessageOf(err)
		if n.TellLocked && errors.Is(err, realm.ErrLocked) {
			s.State.Message = journey.MessageOf(journey.ErrLocked)
		}
		return nil, err
	}
	s.State.Message = ""
	s.State.SetUsername(u.Name)
	s.State.User = u.Name
	s.State.Authenticated("pwd")
	return u, nil
}

func (n *ldapDecision) change(s *journey.Step, current, next string) error {
	d, err := n.directory(s)
	if err != nil {
		return err
	}
	if err := s.Host.ChangePasswordAt(s.Context(), s.Realm, d, s.State.Username(), current, next); err != nil {
		return fmt.Errorf("change the password in the directory: %w", err)
	}
	return nil
}
