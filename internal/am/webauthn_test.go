package am_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

// softKey is a security key made of software, and the browser that it is plugged in.
type softKey struct {
	t       *testing.T
	key     *ecdsa.PrivateKey
	id      []byte
	handle  string
	counter uint32
	// origin is where the browser is; party is whose key it is.
	origin, party string
	verified      bool
}

func newSoftKey(t *testing.T, origin string) *softKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 20)
	rand.Read(id)
	return &softKey{t: t, key: key, id: id, origin: origin, party: u.Hostname()}
}

func (k *softKey) credential() string { return base64.RawURLEncoding.EncodeToString(k.id) }

func (k *softKey) clientData(kind string, data map[string]any) string {
	challenge, err := base64.StdEncoding.DecodeString(fmt.Sprint(data["challenge"]))
	if err != nil {
		k.t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]any{"type": kind, "challenge": base64.RawURLEncoding.EncodeToString(challenge), "origin": k.origin, "crossOrigin": false})
	if err != nil {
		k.t.Fatal(err)
	}
	return string(raw)
}

func (k *softKey) authData(flags byte, more ...byte) []byte {
	party := sha256.Sum256([]byte(k.party))
	if k.verified {
		flags |= 4
	}
	return append(binary.BigEndian.AppendUint32(append(party[:], flags), k.counter), more...)
}

// asInts writes bytes as JavaScript prints an Int8Array.
func asInts(b []byte) string {
	var list []string
	for _, x := range b {
		list = append(list, fmt.Sprint(int8(x)))
	}
	return strings.Join(list, ",")
}

// register is the outcome of navigator.credentials.create.
func (k *softKey) register(data map[string]any) string {
	k.handle = fmt.Sprint(data["userId"])
	point, err := k.key.PublicKey.Bytes()
	if err != nil {
		k.t.Fatal(err)
	}
	public, err := webauthncbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		k.t.Fatal(err)
	}
	attested := slices.Concat(make([]byte, 16), binary.BigEndian.AppendUint16(nil, uint16(len(k.id))), k.id, public)
	object, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": k.authData(0x41, attested...)})
	if err != nil {
		k.t.Fatal(err)
	}
	return k.clientData("webauthn.create", data) + "::" + asInts(object) + "::" + k.credential()
}

// sign is the outcome of navigator.credentials.get.
func (k *softKey) sign(data map[string]any) string {
	k.counter++
	client, auth := k.clientData("webauthn.get", data), k.authData(1)
	hash := sha256.Sum256([]byte(client))
	digest := sha256.Sum256(append(slices.Clone(auth), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, digest[:])
	if err != nil {
		k.t.Fatal(err)
	}
	return client + "::" + asInts(auth) + "::" + asInts(signature) + "::" + k.credential() + "::" + k.handle
}

// metadata is what a step tells of keys.
func metadata(t *testing.T, step map[string]any) map[string]any {
	t.Helper()
	for _, c := range list(step["callbacks"]) {
		if c["type"] == "MetadataCallback" {
			data, _ := output(c, "data").(map[string]any)
			return data
		}
	}
	t.Fatalf("no metadata in %v", step)
	return nil
}

// fruit makes a node that asks for a fruit: outcomes are told apart by what is asked.
func fruit(name string) node {
	return node{"to-" + name, "ChoiceCollectorNode", map[string]any{"choices": []string{name}, "prompt": name}, map[string]string{name: failure}}
}

func asked(step map[string]any) string {
	all := list(step["callbacks"])
	if len(all) != 1 {
		return kinds(step)
	}
	return fmt.Sprint(output(all[0], "prompt"))
}

// keys are journeys with security keys: Register, and Key with every outcome.
func newKeys(t *testing.T, registration, authentication map[string]any) *journeys {
	j := newJourneys(t)
	origin := j.http.URL
	base := map[string]any{"asScript": false, "relyingPartyDomain": "127.0.0.1", "origins": []string{origin}}
	with := func(more map[string]any) map[string]any {
		m := maps.Clone(base)
		maps.Copy(m, more)
		return m
	}
	j.tree("Register", append(signIn(map[string]string{"true": "register", "false": failure}),
		node{"register", "WebAuthnRegistrationNode", with(registration), map[string]string{
			"success": "codes", "unsupported": "to-unsupported", "failure": "to-failure", "error": "to-error", "exceedDeviceLimit": "to-limit",
		}},
		node{"codes", "RecoveryCodeDisplayNode", nil, map[string]string{"outcome": success}},
		fruit("unsupported"), fruit("failure"), fruit("error"), fruit("limit"))...)
	first := []node{{"user2", "UsernameCollectorNode", nil, map[string]string{"outcome": "key"}}}
	if authentication["requiresResidentKey"] == true {
		first = nil
	}
	j.tree("Key", append(first,
		node{"key", "WebAuthnAuthenticationNode", with(authentication), map[string]string{
			"success": success, "unsupported": "to-unsupported2", "failure": "to-failure2", "error": "to-error2", "noDevice": "to-none",
			"recoveryCode": "recover", "successSignCountMismatch": "to-copy",
		}},
		node{"recover", "RecoveryCodeCollectorDecisionNode", map[string]any{"recoveryCodeType": "WEB_AUTHN"}, map[string]string{"true": success, "false": failure}},
		fruit("unsupported2"), fruit("failure2"), fruit("error2"), fruit("none"), fruit("copy"))...)
	return j
}

// enrol registers a key of demo's and returns the recovery codes.
func (j *journeys) enrol(k *softKey, name string) []string {
	j.t.Helper()
	step := j.answer(j.begin("Register"), "demo", "Ch4ng31t").want(j.t, 200)
	outcome := k.register(metadata(j.t, step))
	if name != "" {
		outcome += "::" + name
	}
	step = j.answer(step, outcome).want(j.t, 200)
	if kinds(step) != "TextOutput" {
		j.t.Fatalf("after the registration: %v", step)
	}
	text := fmt.Sprint(output(list(step["callbacks"])[0], "message"))
	var codes []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, `"`) && strings.HasSuffix(line, `\n" +`) {
			codes = append(codes, strings.TrimSuffix(line[1:], `\n" +`))
		}
	}
	j.answer(step).want(j.t, 200)
	return codes
}

func TestKeyRegistersAndSignsIn(t *testing.T) {
	j := newKeys(t, nil, map[string]any{"isRecoveryCodeAllowed": true})
	if step := j.answer(j.begin("Key"), "demo").want(t, 200); asked(step) != "none" {
		t.Fatalf("without a device: %v", step)
	}
	if step := j.answer(j.begin("Key"), "nobody").want(t, 200); asked(step) != "none" {
		t.Fatalf("nobody's device: %v", step)
	}
	key := newSoftKey(t, j.http.URL)
	begun := metadata(t, j.answer(j.begin("Register"), "demo", "Ch4ng31t").want(t, 200))
	for name, want := range map[string]any{
		"_action": "webauthn_registration", "_type": "WebAuthn", "supportsJsonResponse": true, "attestationPreference": "none", "userName": "demo", "displayName": "demo",
		"userId": "ZGVtbw", "relyingPartyName": "ForgeRock", "relyingPartyId": `id: "127.0.0.1",`, "_relyingPartyId": "127.0.0.1", "timeout": "60000",
		"authenticatorSelection": `{"userVerification":"preferred"}`, "excludeCredentials": "",
		"pubKeyCredParams": `[{"type":"public-key","alg":-7},{"type":"public-key","alg":-257}]`,
	} {
		if begun[name] != want {
			t.Errorf("registration: %s = %v, want %v", name, begun[name], want)
		}
	}
	codes := j.enrol(key, "My key")
	if len(codes) != 10 {
		t.Fatalf("recovery codes: %v", codes)
	}
	step := j.answer(j.begin("Key"), "demo").want(t, 200)
	if kinds(step) != "Metadata HiddenValue Confirmation" {
		t.Fatalf("authentication: %v", step)
	}
	data := metadata(t, step)
	if data["_action"] != "webauthn_authentication" || data["userVerification"] != "preferred" || data["relyingPartyId"] != `rpId: "127.0.0.1",` ||
		!strings.HasPrefix(fmt.Sprint(data["allowCredentials"]), `allowCredentials: [{ "type": "public-key", "id": new Int8Array([`) {
		t.Errorf("authentication: %v", data)
	}
	token := j.answer(step, key.sign(data)).want(t, 200)["tokenId"]
	if token == nil {
		t.Fatal("the key does not sign in")
	}
	// As newer applications send it.
	step = j.answer(j.begin("Key"), "demo").want(t, 200)
	wrapped, err := json.Marshal(map[string]any{"authenticatorAttachment": "platform", "legacyData": key.sign(metadata(t, step))})
	if err != nil {
		t.Fatal(err)
	}
	j.answer(step, string(wrapped)).want(t, 200)
	// Recovery codes are good once, and are stored as hashes.
	for i, want := range []int{200, 401} {
		step = j.answer(j.begin("Key"), "demo").want(t, 200)
		step = j.answer(step, "false", 0).want(t, 200)
		if kinds(step) != "Name" {
			t.Fatalf("recovery: %v", step)
		}
		if got := j.answer(step, " "+strings.ToLower(codes[3])); got.StatusCode != want {
			t.Errorf("recovery code, time %d: %d %s", i+1, got.StatusCode, got.raw)
		}
	}
	if user := j.admin("GET", "/json/users/demo", nil); strings.Contains(user.raw, "DeviceProfiles") {
		t.Errorf("the profile shows devices: %s", user.raw)
	}
}

func TestKeyIsRefused(t *testing.T) {
	j := newKeys(t, nil, map[string]any{"detectSignCountMismatch": true})
	key := newSoftKey(t, j.http.URL)
	j.enrol(key, "")
	try := func(what string, outcome func(data map[string]any) string, want string) {
		t.Helper()
		step := j.answer(j.begin("Key"), "demo").want(t, 200)
		got := j.answer(step, outcome(metadata(t, step)))
		if got.StatusCode != 200 || asked(got.body) != want {
			t.Errorf("%s: %d %s, want %s", what, got.StatusCode, got.raw, want)
		}
	}
	at := func(change func(k *softKey)) func(map[string]any) string {
		return func(data map[string]any) string {
			key.counter += 10
			other := *key
			change(&other)
			return other.sign(data)
		}
	}
	try("no WebAuthn", func(map[string]any) string { return "unsupported" }, "unsupported2")
	try("cancelled", func(map[string]any) string { return "ERROR::NotAllowedError:The operation was cancelled" }, "error2")
	try("error as JSON", func(map[string]any) string { return `{"error":"NotAllowedError:x"}` }, "error2")
	try("another origin", at(func(k *softKey) { k.origin = "https://evil.example.com" }), "failure2")
	try("another relying party", at(func(k *softKey) { k.party = "evil.example.com" }), "failure2")
	try("another key", at(func(k *softKey) { k.key = newSoftKey(t, k.origin).key }), "failure2")
	try("an unknown credential", at(func(k *softKey) { k.id = []byte("somebody else's key") }), "failure2")
	try("another challenge", func(map[string]any) string {
		return key.sign(map[string]any{"challenge": base64.StdEncoding.EncodeToString(make([]byte, 32))})
	}, "failure2")
	try("a registration", func(data map[string]any) string { return newSoftKey(t, key.origin).register(data) }, "failure2")
	for _, text := range []string{"false", "", "{}", "{}::", "{}::1,2", "{}::300::1::x", "[]::1::1::x", `{"a":"::"}::1::1::AA`, "null::1::1::AA", `{"legacyData":"x"}`, strings.Repeat("{", 5000)} {
		try("garbage "+text, func(map[string]any) string { return text }, "failure2")
	}
	// A copy of the key, whose counter is behind.
	try("a copy", func(data map[string]any) string {
		copied := *key
		copied.counter = 0
		step := j.answer(j.begin("Key"), "demo").want(t, 200)
		j.answer(step, key.sign(metadata(t, step))).want(t, 200)
		return copied.sign(data)
	}, "copy")
	// An answer that is sent twice.
	step := j.answer(j.begin("Key"), "demo").want(t, 200)
	outcome := key.sign(metadata(t, step))
	j.answer(step, outcome).want(t, 200)
	if got := j.answer(step, outcome); got.StatusCode == 200 {
		t.Errorf("the same answer again: %s", got.raw)
	}
}

func TestKeyRegistrationIsRefused(t *testing.T) {
	j := newKeys(t, map[string]any{"userVerificationRequirement": "REQUIRED", "maxSavedDevices": 1, "excludeCredentials": true}, nil)
	try := func(what string, outcome func(data map[string]any) string, want string) {
		t.Helper()
		step := j.answer(j.begin("Register"), "demo", "Ch4ng31t").want(t, 200)
		got := j.answer(step, outcome(metadata(t, step)))
		if got.StatusCode != 200 || asked(got.body) != want {
			t.Errorf("%s: %d %s, want %s", what, got.StatusCode, got.raw, want)
		}
	}
	with := func(change func(k *softKey)) func(map[string]any) string {
		return func(data map[string]any) string {
			k := newSoftKey(t, j.http.URL)
			k.verified = true
			change(k)
			return k.register(data)
		}
	}
	try("no WebAuthn", func(map[string]any) string { return "unsupported" }, "unsupported")
	try("cancelled", func(map[string]any) string { return "ERROR::AbortError:x" }, "error")
	try("nobody verified", with(func(k *softKey) { k.verified = false }), "failure")
	try("another origin", with(func(k *softKey) { k.origin = "https://evil.example.com" }), "failure")
	try("another relying party", with(func(k *softKey) { k.party = "example.com" }), "failure")
	try("garbage", func(map[string]any) string { return "{}::1,2,3::AAAA" }, "failure")
	key := newSoftKey(t, j.http.URL)
	key.verified = true
	j.enrol(key, "")
	if step := j.answer(j.begin("Register"), "demo", "Ch4ng31t").want(t, 200); asked(step) != "limit" {
		t.Errorf("one key too many: %v", step)
	}
}

// A key that names its user, so that nobody types a name; and a journey that stores it later.
func TestKeyNamesItsUser(t *testing.T) {
	j := newKeys(t, map[string]any{"requiresResidentKey": true}, map[string]any{"requiresResidentKey": true, "userVerificationRequirement": "REQUIRED"})
	j.tree("Later", append(signIn(map[string]string{"true": "register", "false": failure}),
		node{"register", "WebAuthnRegistrationNode", map[string]any{"asScript": false, "postponeDeviceProfileStorage": true, "origins": []string{j.http.URL}}, map[string]string{
			"success": "choose", "unsupported": failure, "failure": failure, "error": failure,
		}},
		node{"choose", "ChoiceCollectorNode", map[string]any{"choices": []string{"keep", "drop"}}, map[string]string{"keep": "store", "drop": success}},
		node{"store", "WebAuthnDeviceStorageNode", map[string]any{"generateRecoveryCodes": false}, map[string]string{"success": success, "failure": failure}})...)
	key := newSoftKey(t, j.http.URL)
	key.verified = true
	for _, choice := range []int{1, 0} {
		step := j.answer(j.begin("Later"), "demo", "Ch4ng31t").want(t, 200)
		step = j.answer(step, key.register(metadata(t, step))).want(t, 200)
		j.answer(step, choice).want(t, 200)
		want := 1 - choice
		if got := list(j.admin("GET", "/json/users/demo/devices/2fa/webauthn?_queryFilter=true", nil).want(t, 200)["result"]); len(got) != want {
			t.Errorf("choice %d: %d devices, want %d", choice, len(got), want)
		}
	}
	step := j.begin("Key")
	if data := metadata(t, step); data["allowCredentials"] != "" || data["userVerification"] != "required" {
		t.Errorf("usernameless: %v", data)
	}
	in := j.answer(step, key.sign(metadata(t, step))).want(t, 200)
	info := j.send("POST", "/json/sessions?_action=getSessionInfo", nil, "iPlanetDirectoryPro", fmt.Sprint(in["tokenId"]), "Accept-API-Version", "resource=4.0")
	if info.want(t, 200)["username"] != "demo" {
		t.Errorf("session: %s", info.raw)
	}
	for handle, want := range map[string]string{"": "failure2", "bm9ib2R5": "none", "!": "failure2"} {
		key.handle = handle
		step := j.begin("Key")
		if got := j.answer(step, key.sign(metadata(t, step))); got.StatusCode != 200 || asked(got.body) != want {
			t.Errorf("handle %q: %d %s", handle, got.StatusCode, got.raw)
		}
	}
}

// Without origins in the node, keys belong to the pages of this server and to those that the CORS service names.
func TestKeyOfPagesElsewhere(t *testing.T) {
	j := newKeys(t, map[string]any{"origins": []string{}, "relyingPartyDomain": ""}, nil)
	from := func(origin string) reply {
		key := newSoftKey(t, origin)
		step := j.answer(j.begin("Register"), "demo", "Ch4ng31t").want(t, 200)
		for _, c := range list(step["callbacks"]) {
			if in := list(c["input"]); len(in) > 0 {
				in[0]["value"] = key.register(metadata(t, step))
			}
		}
		return j.send("POST", "/json/authenticate", step, "Origin", origin)
	}
	const app = "https://app.example.com"
	if got := from(j.http.URL); kinds(got.want(t, 200)) != "TextOutput" {
		t.Errorf("its own page: %s", got.raw)
	}
	if got := from(app); asked(got.want(t, 200)) != "failure" {
		t.Errorf("a foreign page: %s", got.raw)
	}
	cors := map[string]any{"enabled": true, "acceptedOrigins": []string{"*"}, "acceptedMethods": []string{"POST"}}
	j.admin("PUT", "/json/global-config/services/CorsService/configuration/app", cors).want(t, 201)
	if got := from(app); asked(got.want(t, 200)) != "failure" {
		t.Errorf("any page: %s", got.raw)
	}
	cors["acceptedOrigins"] = []string{app}
	j.admin("PUT", "/json/global-config/services/CorsService/configuration/app", cors).want(t, 200)
	if got := from(app); kinds(got.want(t, 200)) != "TextOutput" {
		t.Errorf("a page that CORS names: %s", got.raw)
	}
}

// Whoever only says who he is adds no key.
func TestKeyNeedsProof(t *testing.T) {
	j := newJourneys(t)
	j.tree("Steal",
		node{"user2", "UsernameCollectorNode", nil, map[string]string{"outcome": "register"}},
		node{"register", "WebAuthnRegistrationNode", map[string]any{"asScript": false}, map[string]string{"success": success, "unsupported": failure, "failure": failure, "error": failure}})
	if got := j.answer(j.begin("Steal"), "demo"); got.StatusCode != 500 {
		t.Errorf("without a password: %d %s", got.StatusCode, got.raw)
	}
	// A session is proof enough.
	j.tree("Another",
		node{"me", "SessionDataNode", map[string]any{"sessionDataKey": "UserToken", "sharedStateKey": "username"}, map[string]string{"outcome": "register"}},
		node{"register", "WebAuthnRegistrationNode", map[string]any{"asScript": false}, map[string]string{"success": success, "unsupported": failure, "failure": failure, "error": failure}})
	token := j.login("/json/authenticate", "demo", "Ch4ng31t")
	got := j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Another&ForceAuth=true", "{}", "iPlanetDirectoryPro", token)
	if kinds(got.want(t, 200)) != "Metadata HiddenValue" {
		t.Errorf("with a session: %s", got.raw)
	}
	for _, bad := range []map[string]any{{"enforceRevocationCheck": true}, {"fidoCertificationLevel": "FIDO_CERTIFIED_L2"}, {"acceptedSigningAlgorithms": []string{"RS1"}}} {
		bad["_id"] = "register"
		j.admin("PUT", treesAt+"/nodes/WebAuthnRegistrationNode/register", bad).want(t, 200)
		if got := j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Another&ForceAuth=true", "{}", "iPlanetDirectoryPro", token); got.StatusCode != 500 {
			t.Errorf("%v: %d %s", bad, got.StatusCode, got.raw)
		}
	}
}

func TestDevicesOverREST(t *testing.T) {
	j := newKeys(t, nil, nil)
	key := newSoftKey(t, j.http.URL)
	j.enrol(key, "My\u202e  key\x00 at home")
	const at = "/json/realms/root/users/demo/devices/2fa/webauthn"
	own := j.as(j.login("/json/authenticate", "demo", "Ch4ng31t"))
	j.admin("POST", "/json/users?_action=create", map[string]any{"username": "eve", "userpassword": "Ch4ng31t"}).want(t, 201)
	eve := j.as(j.login("/json/authenticate", "eve", "Ch4ng31t"))
	found := list(own("GET", at+"?_queryFilter=true", nil).want(t, 200)["result"])
	if len(found) != 1 || found[0]["credentialId"] != key.credential() || found[0]["deviceName"] != "My  key at home" || found[0]["_id"] != found[0]["uuid"] || found[0]["createdDate"] == 0.0 {
		t.Fatalf("devices: %v", found)
	}
	id := fmt.Sprint(found[0]["_id"])
	for _, call := range []reply{eve("GET", at+"?_queryFilter=true", nil), eve("GET", at+"/"+id, nil), eve("PUT", at+"/"+id, map[string]any{"deviceName": "x"}), eve("DELETE", at+"/"+id, nil)} {
		if call.StatusCode != 403 {
			t.Errorf("somebody else's devices: %d %s", call.StatusCode, call.raw)
		}
	}
	found[0]["deviceName"] = "Laptop"
	found[0]["credentialId"] = "AAAA"
	if got := own("PUT", at+"/"+id, found[0]).want(t, 200); got["deviceName"] != "Laptop" || got["credentialId"] != key.credential() {
		t.Errorf("renamed: %v", got)
	}
	for status, body := range map[int]any{400: map[string]any{"deviceName": "  "}, 404: map[string]any{"deviceName": "x"}} {
		where := at + "/" + id
		if status == 404 {
			where = at + "/nothing"
		}
		if got := own("PUT", where, body); got.StatusCode != status {
			t.Errorf("PUT %v: %d %s", body, got.StatusCode, got.raw)
		}
	}
	// Nobody gives himself a key by writing his profile, and writing it loses none.
	if got := own("PUT", "/json/users/demo", map[string]any{"webauthnDeviceProfiles": []string{"{}"}}); got.StatusCode != 403 {
		t.Errorf("a key by the profile: %d %s", got.StatusCode, got.raw)
	}
	own("PATCH", "/json/users/demo", []any{map[string]any{"operation": "replace", "field": "/sn", "value": "Demo"}}).want(t, 200)
	own("PUT", "/json/users/demo", map[string]any{"givenName": "Demo"}).want(t, 200)
	if got := own("GET", at+"/"+id, nil).want(t, 200); got["deviceName"] != "Laptop" {
		t.Errorf("after the profile was changed: %v", got)
	}
	own("DELETE", at+"/"+id, nil).want(t, 200)
	if step := j.answer(j.begin("Key"), "demo").want(t, 200); asked(step) != "none" {
		t.Errorf("after it was removed: %v", step)
	}
	// One-time password devices: reset.
	j.tree("Oath", append(signIn(map[string]string{"true": "device", "false": failure}),
		node{"device", "OathRegistrationNode", nil, map[string]string{"successOutcome": success}})...)
	j.answer(j.answer(j.begin("Oath"), "demo", "Ch4ng31t").want(t, 200)).want(t, 200)
	const oath = "/json/users/demo/devices/2fa/oath"
	if got := list(own("GET", oath+"?_queryFilter=true", nil).want(t, 200)["result"]); len(got) != 1 || got[0]["deviceName"] != "OATH Device" {
		t.Errorf("oath devices: %v", got)
	}
	if got := own("POST", oath+"?_action=reset", nil).want(t, 200); got["result"] != true {
		t.Errorf("reset: %v", got)
	}
	if got := list(own("GET", oath+"?_queryFilter=true", nil).want(t, 200)["result"]); len(got) != 0 {
		t.Errorf("after the reset: %v", got)
	}
}
