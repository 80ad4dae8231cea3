package nodes

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"gatehouse/internal/am/login/devices"
	"gatehouse/internal/am/login/journey"
)

// Outcomes of the nodes for security keys and passkeys, and the hidden callback that clients answer.
const (
	keySuccess     = "success"
	keyFailure     = "failure"
	keyUnsupported = "unsupported"
	keyError       = "error"
	keyNoDevice    = "noDevice"
	keyRecovery    = "recoveryCode"
	keyMismatch    = "successSignCountMismatch"
	keyTooMany     = "exceedDeviceLimit"

	keyOutcome = "webAuthnOutcome"
)

// Names of the state.
const (
	keyChallenge  = "web-authn-challenge"
	keyException  = "WebAuthenticationDOMException"
	keyDeviceUUID = "webauthnDeviceUuid"
	keyDeviceName = "webauthnDeviceName"
	keyDevice     = "webauthnDeviceData"
)

// relyingParty are the settings that registration and authentication share: whose key it is.
type relyingParty struct {
	// Domain is the ID of the relying party; "" is the host of the page.
	Domain string `json:"relyingPartyDomain,omitempty"`
	// Origins are those of the pages that may use the key; none: this server, and those that the CORS service names.
	Origins          []string `json:"origins"`
	UserVerification string   `json:"userVerificationRequirement"` // "REQUIRED", "PREFERRED" or "DISCOURAGED"
	Timeout          int      `json:"timeout"`                     // seconds
	// AsScript sends clients that run scripts one that does it all.
	AsScript bool `json:"asScript"`
}

func newRelyingParty() relyingParty {
	return relyingParty{Origins: []string{}, UserVerification: "PREFERRED", Timeout: 60, AsScript: true}
}

// id is the relying party's, and origins those that a client may have done it at. Android applications have origins
// that are no addresses.
func (n *relyingParty) id(s *journey.Step) (id string, origins []string, err error) {
	page := s.Host.Origin(s.Request, s.Realm)
	origins = n.Origins
	if len(origins) == 0 {
		if page == "" {
			return "", nil, errors.New("the page that the request comes from may not use keys: the node's origins do not name it, nor does the CORS service")
		}
		origins = []string{page}
	}
	if n.Domain != "" {
		return n.Domain, origins, nil
	}
	if page == "" {
		page = origins[0]
	}
	u, err := url.Parse(page)
	if err != nil || u.Hostname() == "" {
		return "", nil, fmt.Errorf("relyingPartyDomain: there is none, and %q has no host", page)
	}
	return u.Hostname(), origins, nil
}

func (n *relyingParty) verifies() bool { return n.UserVerification == "REQUIRED" }

// challenge makes a new one, and notes it.
func (n *relyingParty) challenge(s *journey.Step) []byte {
	c := make([]byte, 32)
	rand.Read(c)
	s.State.Hide(keyChallenge, base64.RawURLEncoding.EncodeToString(c))
	return c
}

// ask asks with data, for applications, or with a script.
func (n *relyingParty) ask(s *journey.Step, data map[string]any, script func() string, more ...journey.Callback) (journey.Result, error) {
	hidden := journey.Hidden(keyOutcome, "false")
	if n.AsScript && !s.NoScripts {
		return journey.Ask(append([]journey.Callback{journey.Show(script(), 4), hidden}, more...)...)
	}
	data["_type"], data["supportsJsonResponse"] = "WebAuthn", true
	data["timeout"], data["extensions"] = n.milliseconds(), map[string]any{}
	return journey.Ask(append([]journey.Callback{journey.Metadata(data), hidden}, more...)...)
}

func (n *relyingParty) milliseconds() string { return strconv.Itoa(max(n.Timeout, 1) * 1000) }

// keyAnswer is what a client says of the key.
type keyAnswer struct {
	// outcome is unsupported or error when there is nothing else.
	outcome    string
	attachment string
	clientData []byte
	// rest are the parts behind the client data.
	rest []string
}

// errNoAnswer is the error of an answer that is none.
var errNoAnswer = errors.New("the answer of the client cannot be read")

// answered finds and reads the hidden callback.
func answered(s *journey.Step) (keyAnswer, error) {
	for i := range s.Answers {
		if c := &s.Answers[i]; c.Type == journey.HiddenValueCallback {
			a, err := readKeyAnswer(c.Answer())
			if a.outcome == keyError {
				s.State.Share(keyException, strings.TrimPrefix(strings.TrimPrefix(c.Answer(), "ERROR"), "::"))
			}
			return a, err
		}
	}
	return keyAnswer{}, errNoAnswer
}

// readKeyAnswer reads "unsupported", "ERROR::name:message", "clientData::part::…", or JSON that holds one of them.
func readKeyAnswer(text string) (keyAnswer, error) {
	var a keyAnswer
	var wrapped struct {
		Attachment string  `json:"authenticatorAttachment"`
		Legacy     *string `json:"legacyData"`
		Error      *string `json:"error"`
	}
	if json.Unmarshal([]byte(text), &wrapped) == nil && (wrapped.Legacy != nil || wrapped.Error != nil) {
		if wrapped.Error != nil {
			a.outcome = keyError
			return a, nil
		}
		a.attachment, text = wrapped.Attachment, *wrapped.Legacy
	}
	switch {
	case text == "unsupported":
		a.outcome = keyUnsupported
		return a, nil
	case strings.HasPrefix(text, "ERROR"):
		a.outcome = keyError
		return a, nil
	}
	// The client data is an object, which may hold "::" itself: in the address of an IPv6 host.
	d := json.NewDecoder(strings.NewReader(text))
	var data json.RawMessage
	if err := d.Decode(&data); err != nil || !bytes.HasPrefix(data, []byte("{")) {
		return a, errNoAnswer
	}
	rest, ok := strings.CutPrefix(text[d.InputOffset():], "::")
	if !ok {
		return a, errNoAnswer
	}
	a.clientData, a.rest = data, strings.Split(rest, "::")
	return a, nil
}

// numbers reads bytes as JavaScript prints them, with or without signs: "-93,1,200".
func numbers(text string) ([]byte, error) {
	var out []byte
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < -128 || n > 255 {
			return nil, errNoAnswer
		}
		out = append(out, byte(n))
	}
	return out, nil
}

func signed(b []byte) string {
	list := make([]string, len(b))
	for i := range b {
		list[i] = strconv.Itoa(int(int8(b[i])))
	}
	return strings.Join(list, ", ")
}

func credential(id string) (protocol.PublicKeyCredential, error) {
	raw, err := base64.RawURLEncoding.DecodeString(id)
	return protocol.PublicKeyCredential{Credential: protocol.Credential{ID: id, Type: "public-key"}, RawID: raw}, err
}

// credentials are the devices as scripts write them, and as data.
func credentials(list []devices.Device) (script string, data []map[string]any) {
	var parts []string
	data = []map[string]any{}
	for _, d := range list {
		raw, err := base64.RawURLEncoding.DecodeString(d.CredentialID)
		if err != nil {
			continue
		}
		ints := make([]int, len(raw))
		for i, b := range raw {
			ints[i] = int(int8(b))
		}
		parts = append(parts, `{ "type": "public-key", "id": new Int8Array([`+signed(raw)+`]).buffer }`)
		data = append(data, map[string]any{"type": "public-key", "id": ints})
	}
	return strings.Join(parts, ","), data
}

// coseAlgorithms are the signatures that keys may make, by the names of the settings (RFC 9053, RFC 8812).
var coseAlgorithms = map[string]webauthncose.COSEAlgorithmIdentifier{
	"ES256": webauthncose.AlgES256, "ES384": webauthncose.AlgES384, "ES512": webauthncose.AlgES512,
	"RS256": webauthncose.AlgRS256, "RS384": webauthncose.AlgRS384, "RS512": webauthncose.AlgRS512,
	"EDDSA": webauthncose.AlgEdDSA,
}

// userHandle is what a device keeps to know its user again: the name in base64url, as text.
func userHandle(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

// maxHandle is how long it may be (Web Authentication §5.4.3).
const maxHandle = 64
