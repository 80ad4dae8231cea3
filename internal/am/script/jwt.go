package script

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/groovy"
	"gatehouse/internal/jose"
)

// Forms of a JWT that scripts make and check.
const (
	jwtSigned          = "SIGNED"
	jwtSignedEncrypted = "SIGNED_THEN_ENCRYPTED"
	jwtEncryptedSigned = "ENCRYPTED_THEN_SIGNED"
)

const (
	// defaultValidity and maxValidity are minutes, maxSkew seconds.
	defaultValidity, maxValidity, maxSkew = 5, 366 * 24 * 60, 24 * 60 * 60
	// maxScriptToken bounds the JWTs in bytes.
	maxScriptToken = 64 << 10
)

const noSecretException = "org.forgerock.secrets.NoSuchSecretException"

// jwtAssertion makes JWTs.
type jwtAssertion struct{ run *run }

// GroovyClass is the binding's.
func (*jwtAssertion) GroovyClass() *groovy.Class { return jwtAssertionClass }

var jwtAssertionClass = &groovy.Class{
	Name: "org.forgerock.openam.scripting.bindings.JwtAssertionScriptWrapper",
	Methods: map[string]groovy.Method{
		"generateJwt": withArgs(1, func(c *groovy.Call) (groovy.Value, error) {
			data, err := jwtDataOf(c.This.(*jwtAssertion).run, c)
			if data == nil {
				return nil, err
			}
			return data.generate()
		}),
	},
}

// jwtValidator checks JWTs.
type jwtValidator struct{ run *run }

// GroovyClass is the binding's.
func (*jwtValidator) GroovyClass() *groovy.Class { return jwtValidatorClass }

var jwtValidatorClass = &groovy.Class{
	Name: "org.forgerock.openam.scripting.bindings.JwtValidatorScriptWrapper",
	Methods: map[string]groovy.Method{
		"validateJwtClaims": withArgs(1, func(c *groovy.Call) (groovy.Value, error) {
			data, err := jwtDataOf(c.This.(*jwtValidator).run, c)
			if data == nil {
				return nil, err
			}
			return data.validate()
		}),
	},
}

// jwtData is what a script says of a JWT.
type jwtData struct {
	run    *run
	call   string
	given  *groovy.Map
	form   string
	claims map[string]any // custom ones
}

// jwtDataOf is nil without an error for an object that says nothing of a type: there is no JWT then.
func jwtDataOf(r *run, c *groovy.Call) (*jwtData, error) {
	m, ok := c.Arg(0).(*groovy.Map)
	if !ok {
		return nil, wrong(c)
	}
	d := &jwtData{run: r, call: c.Name, given: m}
	if d.form = d.text("jwtType"); d.form == "" {
		return nil, nil
	}
	if d.form != jwtSigned && d.form != jwtSignedEncrypted && d.form != jwtEncryptedSigned {
		return nil, d.bad("jwtType: expected %s, %s or %s", jwtSigned, jwtSignedEncrypted, jwtEncryptedSigned)
	}
	if v, _ := m.Get("claims"); v != nil {
		data, err := plain(v)
		if d.claims, ok = data.(map[string]any); !ok || err != nil {
			return nil, d.bad("claims: expected an object, found %s", kindOf(v))
		}
	}
	if d.text("issuer") == "" && d.text("stableId") == "" && d.text("accountId") == "" {
		return nil, d.bad("issuer or stableId is required")
	}
	return d, nil
}

func (d *jwtData) bad(format string, args ...any) error {
	return illegal(d.call+": "+format, args...)
}

func (d *jwtData) text(name string) string {
	if v, _ := d.given.Get(name); v != nil {
		return revealed(v)
	}
	return ""
}

// named is a member, or the account ID, which stands for several.
func (d *jwtData) named(name string) string {
	if s := d.text(name); s != "" {
		return s
	}
	return d.text("accountId")
}

// issuer is that of the JWT; where there is only a stable ID, that one.
func (d *jwtData) issuer() string {
	if s := d.text("issuer"); s != "" {
		return s
	}
	return d.named("stableId")
}

func (d *jwtData) audience() ([]string, error) {
	v, _ := d.given.Get("audience")
	if v == nil {
		return nil, nil
	}
	list, ok := oneOrMore(v)
	if !ok {
		return nil, d.bad("audience: expected a text or texts, found %s", kindOf(v))
	}
	return list, nil
}

func (d *jwtData) number(name string, otherwise, most int64) (int64, error) {
	v, _ := d.given.Get(name)
	if v == nil {
		return otherwise, nil
	}
	n, ok := integer(v)
	if s, isText := textOf(v); isText { // settings of a node are texts
		n, ok = integer(groovyNumber(s))
	}
	if !ok || n < 1 || n > most {
		return 0, d.bad("%s: expected a number from 1 to %d", name, most)
	}
	return n, nil
}

// key reads a key: base64 of a secret or of a JWK, or a JWK as it is.
func (d *jwtData) key(name string) (*jose.Key, error) {
	v, _ := d.given.Get(name)
	if v == nil {
		return nil, groovy.Throw(noSecretException, "%s: %s is missing", d.call, name)
	}
	given := revealed(v)
	if _, ok := items(v); ok {
		b, err := bytesOf(v)
		if err != nil {
			return nil, err
		}
		given = string(b)
	}
	raw := []byte(strings.TrimSpace(given))
	if _, isMap := v.(*groovy.Map); isMap {
		var err error
		if raw, err = encode(v); err != nil {
			return nil, err
		}
	} else if !isObject(raw) {
		b, err := base64.StdEncoding.WithPadding(base64.NoPadding).DecodeString(strings.TrimRight(string(raw), "="))
		if err != nil {
			return nil, d.bad("%s: expected base64 or a JSON Web Key", name)
		}
		raw = b
	}
	if !isObject(raw) {
		k, err := jose.NewClientSecret(string(raw)) // of any length: the guides have short ones
		if err != nil {
			return nil, d.bad("%s: %v", name, err)
		}
		return k, nil
	}
	k, err := jose.ParseKey(raw)
	if err != nil {
		return nil, d.bad("%s: %v", name, err)
	}
	return k, nil
}

func isObject(raw []byte) bool { return len(raw) > 0 && raw[0] == '{' && json.Valid(raw) }

// encryption is the key of 32 bytes that content is encrypted with (A128CBC-HS256).
func (d *jwtData) encryption() (*jose.Key, error) {
	k, err := d.key("encryptionKey")
	if err != nil {
		return nil, err
	}
	if !k.IsSymmetric() || k.Bits() != jose.A128CBCHS256.KeyBits() {
		return nil, d.bad("encryptionKey: expected base64 of %d bytes", jose.A128CBCHS256.KeyBits()/8)
	}
	return jose.NewKey(k.Secret())
}

func (d *jwtData) generate() (groovy.Value, error) {
	name, algorithm := "signingKey", jose.Algorithm(d.text("jwsAlgorithm"))
	switch {
	case algorithm == jose.RS256 && d.form == jwtSigned:
		name = "privateKey"
	case algorithm == jose.RS256:
		return nil, d.bad("JWTs of RS256 can only be %s", jwtSigned)
	case algorithm != jose.HS256:
		return nil, d.bad("jwsAlgorithm: expected HS256 or RS256")
	}
	key, err := d.key(name)
	if err != nil {
		return nil, err
	}
	claims, err := d.payload()
	if err != nil {
		return nil, err
	}
	o := jose.SignerOptions{}
	if d.form == jwtEncryptedSigned {
		o.ContentType = "JWT"
	}
	signer, err := jose.NewSigner(key, algorithm, o)
	if err != nil {
		return nil, d.bad("%s: %v", name, err)
	}
	if d.form == jwtSigned {
		return signer.Sign(claims)
	}
	secret, err := d.encryption()
	if err != nil {
		return nil, err
	}
	eo := jose.EncrypterOptions{Type: "JWT"}
	if d.form == jwtSignedEncrypted {
		eo.ContentType = "JWT"
	}
	encrypter, err := jose.NewEncrypter(secret, jose.Dir, jose.A128CBCHS256, eo)
	if err != nil {
		return nil, err
	}
	if d.form == jwtSignedEncrypted {
		return jose.SignThenEncrypt(signer, encrypter, claims)
	}
	inner, err := encrypter.Encrypt(claims)
	if err != nil {
		return nil, err
	}
	return signer.Sign([]byte(inner))
}

// payload has the claims; the script's own hide none of those with a name of theirs.
func (d *jwtData) payload() ([]byte, error) {
	out := map[string]any{}
	for name, v := range d.claims {
		out[name] = v
	}
	audience, err := d.audience()
	if err != nil {
		return nil, err
	}
	minutes, err := d.number("validityMinutes", defaultValidity, maxValidity)
	if err != nil {
		return nil, err
	}
	now := d.run.eng.options.Now()
	out["iss"], out["iat"], out["exp"] = d.issuer(), now.Unix(), now.Add(time.Duration(minutes)*time.Minute).Unix()
	out["jti"] = d.text("jwtId")
	if out["jti"] == "" {
		out["jti"] = uuid.NewString()
	}
	for name, v := range map[string]string{"sub": d.named("subject"), "stableId": d.named("stableId"), "typ": d.text("type")} {
		if v != "" {
			out[name] = v
		}
	}
	switch len(audience) {
	case 0:
	case 1:
		out["aud"] = audience[0]
	default:
		out["aud"] = audience
	}
	raw, err := json.Marshal(out)
	if err == nil && len(raw) > maxScriptToken/2 {
		err = d.bad("the claims are too large")
	}
	return raw, err
}

// validate gives the claims of a JWT, or null when it is not what the script wants: forged, expired, of somebody else.
func (d *jwtData) validate() (groovy.Value, error) {
	name := "signingKey"
	if v, _ := d.given.Get("verificationKey"); v != nil {
		name = "verificationKey"
	}
	key, err := d.key(name)
	if err != nil {
		return nil, err
	}
	algorithm := jose.HS256
	if !key.IsSymmetric() {
		algorithm = jose.RS256
	}
	if err := key.Verifies(algorithm); err != nil {
		return nil, d.bad("%s: %v", name, err)
	}
	o := jose.OpenOptions{Verify: &jose.VerifyOptions{Keys: jose.NewKeySet(key), Algorithms: []jose.Algorithm{algorithm}, MaxBytes: maxScriptToken}}
	if d.form != jwtSigned {
		secret, err := d.encryption()
		if err != nil {
			return nil, err
		}
		o.Decrypt = &jose.DecryptOptions{
			Keys: jose.NewKeySet(secret), Algorithms: []jose.Algorithm{jose.Dir}, Encryptions: []jose.Encryption{jose.A128CBCHS256}, MaxBytes: maxScriptToken,
		}
	}
	text := d.text("jwt")
	switch {
	case text == "":
		return nil, d.bad("jwt is required")
	case len(text) > maxScriptToken:
		return nil, d.bad("jwt has more than %d bytes", maxScriptToken)
	}
	if outer := strings.Count(text, "."); outer == 4 != (d.form == jwtSignedEncrypted) {
		return nil, nil
	}
	opened, err := jose.Open(d.run.ctx, text, o)
	if err != nil {
		return nil, nil // what is forged is no exception, but null
	}
	claims, err := jose.ParseClaims(opened.Payload)
	if err != nil {
		return nil, nil // likewise
	}
	ok, err := d.expects(claims, opened.Signed.Header)
	if !ok || err != nil {
		return nil, err
	}
	return claimsForScript(claims)
}

// expects compares the claims with what the script said of them.
func (d *jwtData) expects(claims *jose.Claims, header *jose.Header) (bool, error) {
	audience, err := d.audience()
	if err != nil {
		return false, err
	}
	skew, err := d.number("clockSkew", 0, maxSkew)
	if err != nil {
		return false, err
	}
	err = claims.Check(jose.Expect{
		Now: d.run.eng.options.Now(), Skew: time.Duration(skew) * time.Second, Issuers: []string{d.issuer()}, Audiences: audience, Require: []string{"exp", "iat"},
	})
	if err != nil {
		return false, nil // a token of somebody else is no exception
	}
	stable, _ := claims.Values["stableId"].(string)
	for _, c := range [...]struct{ want, have string }{{d.named("subject"), claims.Subject}, {d.text("stableId"), stable}} {
		if c.want != "" && c.want != c.have {
			return false, nil
		}
	}
	if want := d.text("type"); want != "" && claims.Values["typ"] != want && !header.HasType(want) {
		return false, nil
	}
	for name, want := range d.claims {
		have, err := json.Marshal(claims.Values[name])
		if err != nil {
			return false, err
		}
		raw, err := json.Marshal(want)
		if err != nil || !slices.Equal(have, raw) {
			return false, err
		}
	}
	return true, nil
}

// claimNames are what registered claims are called for scripts.
var claimNames = map[string]string{
	"iss": "issuer", "sub": "subject", "aud": "audience", "exp": "expirationTime", "nbf": "notBeforeTime", "iat": "issuedAt", "jti": "jwtId", "typ": "type",
}

func claimsForScript(claims *jose.Claims) (groovy.Value, error) {
	raw, err := json.Marshal(claims.Values)
	if err != nil {
		return nil, err
	}
	m, ok := decode(raw).(*groovy.Map)
	if !ok {
		return nil, errors.New("claims are no object")
	}
	if v, _ := m.Get("aud"); v != nil {
		if _, list := items(v); !list {
			m.Put("aud", groovy.NewList(v))
		}
	}
	for short, long := range claimNames {
		if v, has := m.Get(short); has {
			m.Remove(short)
			m.Put(long, v)
		}
	}
	return m, nil
}
