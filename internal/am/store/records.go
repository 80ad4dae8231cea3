package store

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Doc is a configuration document as the REST interface shows it: a client, an
// agent, a user, a service, a script, a realm. Body is the JSON object in bare form
// (no {"inherited":..} wrappers, no _id, _rev, _type).
type Doc struct {
	ID   string
	Rev  uint64
	Body json.RawMessage
}

// Kinds of configuration documents, in the realm's path as the Realm of their key. An agent's document holds its type in the
// member "_type" ("OAuth2Client", "IdentityGatewayAgent", …): all types share one
// namespace of ids in a realm.
const (
	KindRealm   = "realm"   // ID: path of the realm; Realm of the key: ""
	KindAgent   = "agent"   // OAuth2Client, IdentityGatewayAgent, …
	KindService = "service" // ID: "oauth-oidc", "validation", …
	KindUser    = "user"    // ID: lower-cased name (realm.UserID)
	KindScript  = "script"  // ID: UUID
	KindKey     = "key"     // signing keys of a realm, encrypted
	KindGlobal  = "global"  // global settings

	KindAgentGroup  = "agentgroup"  // what agents of one type have in common, with their "_type"; ID: name
	KindSecretStore = "secretstore" // where a realm has keys of its own choice; ID: name
)

// Subject is who a token or session stands for.
type Subject struct {
	// Type is "usr" for users, "age" for clients and agents.
	Type string `json:"t"`
	Name string `json:"n"`
}

// Token is a server-side access or refresh token.
type Token struct {
	// Kind is "access" or "refresh".
	Kind      string    `json:"k"`
	Realm     string    `json:"r"`
	Issuer    string    `json:"iss"`
	ClientID  string    `json:"c"`
	Subject   Subject   `json:"s"`
	Scopes    []string  `json:"sc,omitempty"`
	GrantType string    `json:"g"`
	GrantID   string    `json:"gid"` // authGrantId: what was granted together goes together
	AuditID   string    `json:"aid"` // auditTrackingId
	IssuedAt  time.Time `json:"iat"`
	Expires   time.Time `json:"exp,omitzero"` // zero: never
	AuthTime  time.Time `json:"at,omitzero"`
	AuthLevel int       `json:"al,omitzero"`
	Nonce     string    `json:"no,omitzero"`
	ACR       string    `json:"acr,omitzero"`
	AMR       []string  `json:"amr,omitempty"`
	Audience  []string  `json:"aud,omitempty"`
	// MayAct, Act and Cnf are the JSON values of those claims; nil: absent.
	MayAct json.RawMessage `json:"ma,omitzero"`
	Act    json.RawMessage `json:"act,omitzero"`
	Cnf    json.RawMessage `json:"cnf,omitzero"`
	// Extra are claims set by scripts; Removed names standard ones that scripts removed.
	Extra   map[string]json.RawMessage `json:"x,omitempty"`
	Removed []string                   `json:"rm,omitempty"`
	// SessionID is the session (its stored id, not its token) that the grant rests on.
	SessionID string `json:"sid,omitzero"`
	// RefreshID links an access token to the refresh token that bought it, by its ID.
	RefreshID string `json:"rid,omitzero"`
	// Used is when a refresh token was rotated; it still works before GraceUntil.
	Used       time.Time `json:"u,omitzero"`
	GraceUntil time.Time `json:"gu,omitzero"`
	// Claims is the OpenID Connect claims parameter of the authorization request.
	Claims string `json:"cl,omitzero"`
	// Details are the authorization_details that were granted, a JSON array; nil: none.
	Details json.RawMessage `json:"ad,omitzero"`

	id string
}

// ID is the ID under which a token that was found is stored, IDOf of its raw form.
func (t Token) ID() string { return t.id }

// Code is an authorization code.
type Code struct {
	ClientID      string    `json:"c"`
	Realm         string    `json:"r"`
	RedirectURI   string    `json:"ru"`
	Subject       Subject   `json:"s"`
	Scopes        []string  `json:"sc"`
	Nonce         string    `json:"no,omitzero"`
	State         string    `json:"st,omitzero"`
	Challenge     string    `json:"cc,omitzero"`
	Method        string    `json:"cm,omitzero"`
	Claims        string    `json:"cl,omitzero"`
	ACR           string    `json:"acr,omitzero"`
	AMR           []string  `json:"amr,omitempty"`
	AuthTime      time.Time `json:"at"`
	AuthLevel     int       `json:"al,omitzero"`
	SessionID     string    `json:"sid,omitzero"`
	GrantID       string    `json:"gid"`
	Expires       time.Time `json:"exp"`
	Used          bool      `json:"u,omitzero"`
	AuthorizeInfo string    `json:"ai,omitzero"` // authorization_details
	DPoPKey       string    `json:"dk,omitzero"` // dpop_jkt
}

// Session is a login session.
type Session struct {
	Realm       string            `json:"r"`
	Subject     Subject           `json:"s"`
	UniversalID string            `json:"u"`
	Created     time.Time         `json:"c"`
	LastAccess  time.Time         `json:"l"`
	MaxIdle     time.Duration     `json:"mi"`
	MaxLife     time.Duration     `json:"ml"`
	AuthLevel   int               `json:"al,omitzero"`
	Tree        string            `json:"tr,omitzero"` // journey that made it
	AMR         []string          `json:"amr,omitempty"`
	Admin       bool              `json:"ad,omitzero"`
	Properties  map[string]string `json:"p,omitempty"`
	// CtxID is the AMCtxId of audit trails; Handle is the public handle.
	CtxID  string `json:"x"`
	Handle string `json:"h"`

	id string
}

// ID is the ID under which a session that was found is stored, IDOf of its raw
// form: what Token.SessionID holds.
func (s Session) ID() string { return s.id }

// KeptProperty tells whether a property is one of those of every session, which nobody sets (PingAM: protected properties).
func KeptProperty(name string) bool {
	switch strings.ToLower(name) {
	case "usertoken", "userid", "principal", "principals", "sun.am.universalidentifier", "organization", "authlevel", "authtype", "service", "role",
		"amctxid", "authinstant", "host", "hostname", "clienttype", "cookiesupport", "locale", "session_handle_prop":
		return true
	}
	return strings.HasPrefix(strings.ToLower(name), "am.protected.")
}

// Property is a property that the session was given, or one of those that every session has; false for none.
func (s Session) Property(name string) (string, bool) {
	switch name {
	case "UserToken", "UserId":
		return s.Subject.Name, true
	case "Principal", "sun.am.UniversalIdentifier":
		return s.UniversalID, s.UniversalID != ""
	case "AuthLevel":
		return strconv.Itoa(s.AuthLevel), true
	case "Service":
		return s.Tree, s.Tree != ""
	case "AMCtxId":
		return s.CtxID, s.CtxID != ""
	case "authInstant":
		return s.Created.UTC().Format("2006-01-02T15:04:05Z"), true
	}
	v, ok := s.Properties[name]
	return v, ok
}

// Ends is when the session ends if nobody uses it again.
func (s Session) Ends() time.Time {
	end := time.Time{}
	if s.MaxLife > 0 {
		end = s.Created.Add(s.MaxLife)
	}
	if s.MaxIdle > 0 {
		if idle := s.LastAccess.Add(s.MaxIdle); end.IsZero() || idle.Before(end) {
			end = idle
		}
	}
	return end
}
