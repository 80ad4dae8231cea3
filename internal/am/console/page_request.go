package console

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/am/login"
)

// requestForm helps to make a token request of a client: its fields, the command, and what came of it.
type requestForm struct {
	clientForm
	Grants []option
	Grant  string
	Fields []requestField
	// Auth says how the client proves who it is; NeedsSecret that it takes a secret.
	Auth        string
	NeedsSecret bool
	// Command is the request as curl command; Authorize the address that a browser opens before, where the grant has one.
	Command, Authorize string
	// Cannot says why the request cannot be sent from here; "": it can.
	Cannot string
	// Result is the status of the answer in words.
	Result, Answer string
	OK             bool
}

// requestField is a parameter of the request.
type requestField struct {
	Name, Label, Help, Value string
	Secret, Long             bool
	// Local parameters are no part of the token request.
	Local bool
}

const (
	grantDevice   = "urn:ietf:params:oauth:grant-type:device_code"
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	grantJWT      = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantCIBA     = "urn:openid:params:grant-type:ciba"
	tokenTypes    = "urn:ietf:params:oauth:token-type:"
)

// requestFields are the parameters of a grant (RFC 6749 §4, 7523 §2.1, 8628 §3.4, 8693 §2.1, OpenID CIBA §10.1).
func requestFields(grant string) []requestField {
	scope := requestField{Name: "scope", Label: "Scopes", Help: "With spaces between them. Empty: the client's default scopes."}
	switch grant {
	case "client_credentials":
		return []requestField{scope}
	case "password":
		return []requestField{{Name: "username", Label: "User name"}, {Name: "password", Label: "Password", Secret: true}, scope}
	case "authorization_code":
		return []requestField{
			{Name: "redirect_uri", Label: "Redirect URI", Help: "One of the sign-in URLs."}, {Name: "auth_scope", Label: "Scopes", Help: "For the authorization request.", Local: true},
			{Name: "code", Label: "Code", Help: "What the browser brings back as code=… in the address."},
			{Name: "code_verifier", Label: "Code verifier", Help: "PKCE (RFC 7636); its hash is in the address above."},
		}
	case "implicit":
		return []requestField{{Name: "redirect_uri", Label: "Redirect URI", Local: true}, {Name: "auth_scope", Label: "Scopes", Local: true}}
	case "refresh_token":
		return []requestField{{Name: "refresh_token", Label: "Refresh token", Long: true}, scope}
	case grantDevice:
		return []requestField{{Name: "device_code", Label: "Device code", Help: "Empty: asks for one first (RFC 8628 §3.1).", Long: true}, scope}
	case grantExchange:
		return []requestField{
			{Name: "subject_token", Label: "Subject token", Long: true}, {Name: "subject_token_type", Label: "Subject token type", Value: tokenTypes + "access_token"},
			{Name: "actor_token", Label: "Actor token", Long: true}, {Name: "actor_token_type", Label: "Actor token type", Help: "Only with an actor token."},
			{Name: "requested_token_type", Label: "Requested token type", Value: tokenTypes + "access_token"}, scope,
		}
	case grantJWT:
		return []requestField{{Name: "assertion", Label: "Assertion", Help: "A JWT of an issuer that the realm trusts (RFC 7523 §2.1).", Long: true}, scope}
	case grantCIBA:
		return []requestField{{Name: "auth_req_id", Label: "Authentication request ID", Help: "What the backchannel authorization endpoint answered.", Long: true}}
	}
	return nil
}

// requestOf fills the form with what value tells.
func requestOf(v *visit, value func(string) string) (*requestForm, error) {
	c, body, err := readClient(v)
	if err != nil {
		return nil, err
	}
	c.Tab = "request"
	f := &requestForm{clientForm: *c, Grant: value("grant")}
	advanced, _ := body["advancedOAuth2ClientConfig"].(object)
	core, _ := body["coreOAuth2ClientConfig"].(object)
	for _, g := range texts(advanced["grantTypes"]) {
		if requestFields(g) != nil {
			f.Grants = append(f.Grants, option{Value: g, Label: v.Short(g)})
		}
	}
	if !slices.ContainsFunc(f.Grants, func(o option) bool { return o.Value == f.Grant }) {
		f.Grant = ""
		if len(f.Grants) > 0 {
			f.Grant = f.Grants[0].Value
		}
	}
	f.Auth = text(advanced["tokenEndpointAuthMethod"])
	if text(core["clientType"]) == "Public" {
		f.Auth = "none"
	}
	f.NeedsSecret = f.Auth == "client_secret_basic" || f.Auth == "client_secret_post"
	f.Fields = requestFields(f.Grant)
	switch f.Auth {
	case "client_secret_basic", "client_secret_post", "none":
	case "private_key_jwt", "client_secret_jwt":
		f.Fields = append(f.Fields, requestField{Name: "client_assertion", Label: v.Say("Client assertion"), Help: v.Say("A JWT that the client signed (RFC 7523 §2.2)."), Long: true})
	default:
		f.Cannot = v.Say("This client proves who it is with a certificate (%s), which the console does not have: run the command with --cert and --key.", f.Auth)
	}
	scopes := scopeNames(texts(core["scopes"]))
	for i := range f.Fields {
		p := &f.Fields[i]
		p.Label, p.Help = v.Say(p.Label), v.Say(p.Help)
		if typed := value(p.Name); typed != "" {
			p.Value = typed
			continue
		}
		switch p.Name {
		case "scope", "auth_scope":
			if f.Grant != "refresh_token" && value("sent") == "" {
				p.Value = strings.Join(scopes, " ")
			}
		case "redirect_uri":
			p.Value = first(core["redirectionUris"])
		case "code_verifier":
			p.Value = rand.Text() + rand.Text()
		}
	}
	f.Command, f.Authorize = f.command(v), f.authorize(v)
	return f, nil
}

// scopeNames are the scopes without their descriptions.
func scopeNames(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		name, _, _ := strings.Cut(s, "|")
		out = append(out, name)
	}
	return out
}

func (f *requestForm) value(name string) string {
	for _, p := range f.Fields {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// firstOfDevice tells that the device asks for its code first.
func (f *requestForm) firstOfDevice() bool {
	return f.Grant == grantDevice && f.value("device_code") == ""
}

// parameter is one of the form that is sent.
type parameter struct{ name, value string }

// parameters are those of the request, in order, without the client's secret.
func (f *requestForm) parameters() []parameter {
	var out []parameter
	if !f.firstOfDevice() {
		out = append(out, parameter{"grant_type", f.Grant})
	}
	for _, p := range f.Fields {
		if p.Value != "" && !p.Local {
			out = append(out, parameter{p.Name, p.Value})
		}
	}
	if f.value("client_assertion") != "" {
		out = append(out, parameter{"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"})
	}
	if f.Auth != "client_secret_basic" {
		out = append(out, parameter{"client_id", f.ID})
	}
	return out
}

func (f *requestForm) endpoint(v *visit) string {
	if f.firstOfDevice() {
		return v.oauthAddress("device/code")
	}
	return v.oauthAddress("access_token")
}

// command is the request as a curl command, with variables in the places of secrets.
func (f *requestForm) command(v *visit) string {
	if f.Grant == "" || f.Grant == "implicit" {
		return ""
	}
	words := []string{"curl --request POST"}
	if f.Auth == "client_secret_basic" {
		words = append(words, `--user "`+shellSafe(f.ID)+`:$CLIENT_SECRET"`)
	}
	for _, p := range f.parameters() {
		if !f.isSecret(p.name) {
			words = append(words, "--data-urlencode "+quote(p.name+"="+p.value))
		}
	}
	for _, p := range f.Fields {
		if p.Secret {
			words = append(words, `--data-urlencode "`+p.Name+`=$`+strings.ToUpper(p.Name)+`"`)
		}
	}
	if f.Auth == "client_secret_post" {
		words = append(words, `--data-urlencode "client_secret=$CLIENT_SECRET"`)
	}
	return strings.Join(append(words, quote(v.api.base+f.endpoint(v))), " \\\n  ")
}

func (f *requestForm) isSecret(name string) bool {
	return slices.ContainsFunc(f.Fields, func(p requestField) bool { return p.Name == name && p.Secret })
}

// shellSafe is a text inside of double quotes of a shell.
func shellSafe(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(s)
}

// authorize is the address that a browser opens first.
func (f *requestForm) authorize(v *visit) string {
	if f.Grant != "authorization_code" && f.Grant != "implicit" {
		return ""
	}
	q := url.Values{"client_id": {f.ID}, "response_type": {"code"}, "redirect_uri": {f.value("redirect_uri")}, "scope": {f.value("auth_scope")}, "state": {"console"}}
	if f.Grant == "implicit" {
		q.Set("response_type", "token")
	} else if verifier := f.value("code_verifier"); verifier != "" {
		sum := sha256.Sum256([]byte(verifier))
		q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
		q.Set("code_challenge_method", "S256")
	}
	return v.api.base + v.oauthAddress("authorize") + "?" + q.Encode()
}

func showRequest(v *visit) error {
	f, err := requestOf(v, v.query)
	if err != nil {
		return err
	}
	return v.show("request", f.Name, f)
}

// sendRequest shows the command for what was typed, and sends the request when that is wanted.
func sendRequest(v *visit) error {
	f, err := requestOf(v, v.form)
	if err != nil {
		return err
	}
	if v.form("run") == "" || f.Cannot != "" || f.Command == "" {
		return v.show("request", f.Name, f)
	}
	form := url.Values{}
	for _, p := range f.parameters() {
		form.Set(p.name, p.value)
	}
	for _, p := range f.Fields {
		if p.Secret {
			form.Set(p.Name, v.r.PostForm.Get(p.Name))
		}
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	secret := v.r.PostForm.Get("client_secret")
	switch f.Auth {
	case "client_secret_basic":
		plain := url.QueryEscape(f.ID) + ":" + url.QueryEscape(secret)
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(plain)))
	case "client_secret_post":
		form.Set("client_secret", secret)
	}
	got, err := login.Inside(v.api.handler, v.r, http.MethodPost, f.endpoint(v), header, []byte(form.Encode()))
	if err != nil {
		return err
	}
	f.OK = got.Status < http.StatusBadRequest
	f.Result = fmt.Sprint(got.Status, " ", http.StatusText(got.Status))
	if o, err := parseObject(got.Body.String()); err == nil {
		f.Answer = indented(o)
		for i := range f.Fields { // what the device goes on with
			if p := &f.Fields[i]; p.Name == "device_code" && p.Value == "" {
				p.Value = text(o["device_code"])
			}
		}
		f.Command = f.command(v)
	} else {
		f.Answer = got.Body.String()
	}
	// Secrets that were typed are not shown again.
	for i := range f.Fields {
		if f.Fields[i].Secret {
			f.Fields[i].Value = ""
		}
	}
	return v.show("request", f.Name, f)
}

// RequestOf is the page that helps with a grant of a client.
func (v *visit) RequestOf(id, grant string) string {
	return v.link(address("applications", id, "request") + "?" + url.Values{"grant": {grant}}.Encode())
}
