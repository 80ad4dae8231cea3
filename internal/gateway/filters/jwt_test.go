package filters

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/script"
	"gatehouse/internal/jose"
)

const keyStore = `{"type":"SystemAndEnvSecretStore","config":{"mappings":[
	{"secretId":"sign.key","format":"pem"},{"secretId":"other.key","format":"pem"},
	{"secretId":"hmac.key","format":{"type":"SecretKeyPropertyFormat","config":{"algorithm":"HmacSHA256"}}},
	{"secretId":"wrap.key","format":{"type":"SecretKeyPropertyFormat","config":{"algorithm":"AES"}}}]}}`

// withKeys is a fixture whose environment holds keys, in the store "keys".
func withKeys(t *testing.T) *fixture {
	t.Helper()
	f := newFixture()
	for _, name := range []string{"SIGN_KEY", "OTHER_KEY"} {
		k, err := jose.Generate(jose.KindP256)
		if err != nil {
			t.Fatal(err)
		}
		pem, err := k.MarshalPEM()
		if err != nil {
			t.Fatal(err)
		}
		f.env[name] = string(pem)
	}
	f.env["HMAC_KEY"] = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	f.env["WRAP_KEY"] = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	return f
}

// keyed builds a filter beside the store "keys".
func (f *fixture) keyed(t *testing.T, declaration string) chain.Filter {
	t.Helper()
	f.load(t, `[{"name":"pem","type":"PemPropertyFormat"},{"name":"keys",`+strings.TrimPrefix(keyStore, "{")+`,{"name":"it",`+strings.TrimPrefix(declaration, "{")+`]`)
	v, ok := f.Get("it")
	if !ok || f.errs.Err() != nil {
		t.Fatal(f.errs.Err())
	}
	return v.(chain.Filter)
}

// built is the token that a JwtBuilderFilter makes.
func (f *fixture) built(t *testing.T, config string) (token string, context chain.Context) {
	t.Helper()
	filter := f.keyed(t, `{"type":"JwtBuilderFilter","config":{"secretsProvider":"keys",`+config+`}}`)
	x := get(t, "http://a/x")
	chain.Find[*chain.AttributesContext](x.Context).Map()["m"] = map[string]any{"sub": "from a map"}
	pass(t, filter, x, chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
		context = chain.Named(y.Context, "jwtBuilder")
		v, _ := context.Get("value")
		token = v.(string)
		return chain.NewResponse(200), nil
	}))
	return token, context
}

const es256 = `"signature":{"secretId":"sign.key","algorithm":"ES256"}`

func TestJwtBuilder(t *testing.T) {
	f := withKeys(t)
	token, context := f.built(t, `"template":{"sub":"${request.method}","n":1,"list":["${request.uri.path}",true],"deep":{"headers":"${request.headers}"},"none":"${attributes.none}"},`+es256)
	read, err := jose.Unverified(token)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "claims", string(read.Payload), `{"deep":{"headers":{"Host":["a"]}},"list":["/x",true],"n":1,"sub":"GET"}`)
	want(t, "kid", read.Header.KeyID, "SIGN_KEY")
	want(t, "typ", read.Header.HasType("JWT"), true)
	claims, _ := context.Get("claims")
	b, _ := json.Marshal(claims)
	want(t, "contexts.jwtBuilder.claims", string(b), string(read.Payload))
	for _, other := range []string{"claimsAsMap", "claimsAsJsonValue"} {
		claims, _ = context.Get(other)
		b, _ = json.Marshal(claims)
		want(t, "contexts.jwtBuilder."+other, string(b), string(read.Payload))
	}
	token, _ = f.built(t, `"template":"${attributes.m}","signature":{"secretId":"hmac.key","algorithm":"HS256","includeKeyId":false}`)
	read, err = jose.Unverified(token)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "claims of a map", string(read.Payload), `{"sub":"from a map"}`)
	want(t, "kid", read.Header.KeyID, "")
	for name, config := range map[string]string{
		"no map":         `"template":"${request.method}",` + es256,
		"wrong key":      `"template":{},"signature":{"secretId":"sign.key"}`,
		"missing secret": `"template":{},"signature":{"secretId":"no.key"}`,
	} {
		filter := f.keyed(t, `{"type":"JwtBuilderFilter","config":{"secretsProvider":"keys",`+config+`}}`)
		if _, err := filter.Filter(get(t, "http://a/"), answer(200)); err == nil {
			t.Errorf("%s is no failure", name)
		}
	}
	refused{
		`{"type":"JwtBuilderFilter","config":{"secretsProvider":"env"}}`:                                                                                 `config: the required field "template" is missing`,
		`{"type":"JwtBuilderFilter","config":{"secretsProvider":"env","template":{}}}`:                                                                   `: one of the fields "signature" and "encryption" is required`,
		`{"type":"JwtBuilderFilter","config":{"secretsProvider":"env","template":"x","signature":{"secretId":"a","algorithm":"ES256"}}}`:                 `config.template: expected an object, or an expression that yields one`,
		`{"type":"JwtBuilderFilter","config":{"secretsProvider":"env","template":{},"signature":{"secretId":"a","algorithm":"ES255"}}}`:                  `config.signature.algorithm: "ES255" is no signature algorithm (did you mean "ES256"?)`,
		`{"type":"JwtBuilderFilter","config":{"secretsProvider":"env","template":{},"encryption":{"secretId":"a","algorithm":"dir","method":"A25GCM"}}}`: `config.encryption.method: "A25GCM" is no content encryption (did you mean "A256GCM"?)`,
	}.test(t)
}

func TestJwtValidation(t *testing.T) {
	f := withKeys(t)
	now := f.now().Unix()
	times := func(nbf, exp int64) string {
		return fmt.Sprintf(`"template":{"iss":"me","nbf":%d,"exp":%d}`, now+nbf, now+exp)
	}
	good := times(-10, 10) + `,` + es256
	const verify = `"verificationSecretId":"sign.key"`
	const nested = `"signature":{"secretId":"sign.key","algorithm":"ES256","encryption":{"secretId":"wrap.key","algorithm":"dir","method":"A256GCM"}}`
	tests := map[string]struct{ build, check, violation string }{
		"good":                        {good, verify, ""},
		"other key":                   {good, `"verificationSecretId":"other.key"`, "signature not valid"},
		"not verified":                {good, ``, ""},
		"expired":                     {times(-10, 0) + `,` + es256, verify, "the token is expired"},
		"expired within the skew":     {times(-10, -4) + `,` + es256, verify + `,"skewAllowance":"5 s"`, ""},
		"not valid yet":               {times(1, 10) + `,` + es256, verify, "the token is not valid yet"},
		"soon valid, within the skew": {times(5, 10) + `,` + es256, verify + `,"skewAllowance":"5 s"`, ""},
		"from the future":             {fmt.Sprintf(`"template":{"iss":"me","iat":%d},`, now+6) + es256, verify + `,"skewAllowance":"5 s"`, "the token is issued in the future"},
		"no times":                    {`"template":{"iss":"me"},` + es256, verify, ""},
		"signed and encrypted":        {times(-1, 1) + `,` + nested, verify + `,"decryptionSecretId":"wrap.key"`, ""},
		"encrypted, no key for it":    {times(-1, 1) + `,` + nested, verify, "encrypted tokens are not accepted"},
		"not encrypted":               {good, verify + `,"decryptionSecretId":"wrap.key"`, "the token is not encrypted"},
		"encrypted alone":             {times(-1, 1) + `,"encryption":{"secretId":"wrap.key","algorithm":"dir","method":"A256GCM"}`, `"decryptionSecretId":"wrap.key"`, ""},
		"encrypted, not signed":       {times(-1, 1) + `,"encryption":{"secretId":"wrap.key","algorithm":"dir","method":"A256GCM"}`, verify + `,"decryptionSecretId":"wrap.key"`, "the token is not signed"},
		"customizer":                  {good, verify + `,"customizer":{"type":"ScriptableJwtValidatorCustomizer","config":{"type":"application/x-groovy","source":"builder.claim('iss', JsonValue::asString, isEqualTo('you'))"}}`, "iss"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			token, _ := f.built(t, test.build)
			resp, context := f.validated(t, "JwtValidationFilter", `"jwt":"${request.headers['T'][0]}"`, test.check, token)
			if test.violation == "" {
				want(t, "status", resp.Status.Code, 200)
				want(t, "issuer", eval(t, context, "contexts.jwtValidation.claims.issuer"), any("me"))
				want(t, "getClaim", eval(t, context, "contexts.jwtValidation.claims.getClaim('iss')"), any("me"))
				want(t, "info", eval(t, context, "contexts.jwtValidation.info.iss"), any("me"))
				want(t, "value", eval(t, context, "contexts.jwtValidation.value"), any(token))
				return
			}
			want(t, "status", resp.Status.Code, 418)
			if got := fmt.Sprint(eval(t, context, "contexts.jwtValidationError.violations[0].description")); !strings.Contains(got, test.violation) {
				t.Errorf("the violation is %q, want %q", got, test.violation)
			}
		})
	}
	for _, token := range []string{"", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."} {
		resp, context := f.validated(t, "JwtValidationFilter", `"jwt":"${request.headers['T'][0]}"`, verify, token)
		want(t, "status for "+token, resp.Status.Code, 418)
		want(t, "token", eval(t, context, "contexts.jwtValidationError.jwt"), any(token))
	}
	// What cannot be verified for want of a key is nobody's business but the operator's.
	token, _ := f.built(t, good)
	resp, context := f.validated(t, "JwtValidationFilter", `"jwt":"${request.headers['T'][0]}"`, `"verificationSecretId":"no.key"`, token)
	want(t, "status without a key", resp.Status.Code, 418)
	if got := fmt.Sprint(eval(t, context, "contexts.jwtValidationError.violations[0].description")); strings.Contains(got, "no.key") || strings.Contains(got, "KEY") {
		t.Errorf("the violation is %q", got)
	}
	unsigned, _ := f.validated(t, "JwtValidationFilter", `"jwt":"${request.headers['T'][0]}"`, "", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJtZSJ9.")
	want(t, "unsigned, not verified", unsigned.Status.Code, 200)
	refused{
		`{"type":"JwtValidationFilter"}`: `: the required field "jwt" is missing`,
		`{"type":"JwtValidationFilter","config":{"jwt":"x","skewAllowance":"unlimited","verificationSecretId":"a..b"}}`: `config.verificationSecretId: "a..b" is no secret id: it must not have two dots in a row`,
		`{"type":"JwtValidationFilter","config":{"jwt":"x","skewAllowance":"unlimited"}}`:                               `config.skewAllowance: the duration must not be unlimited`,
	}.test(t)
}

// validated sends a token through a filter that reads it from the field T; the context
// is what the handler behind it, or the failure handler, sees.
func (f *fixture) validated(t *testing.T, typ, from, check, token string) (*chain.Response, *chain.Exchange) {
	t.Helper()
	if check != "" {
		check = "," + check
	}
	var seen *chain.Exchange
	f.server = func(x *chain.Exchange) (*chain.Response, error) {
		seen = x
		return chain.NewResponse(418), nil
	}
	filter := f.keyed(t, `{"type":"`+typ+`","config":{`+from+check+`,"secretsProvider":"keys","failureHandler":"ClientHandler"}}`)
	x := get(t, "http://a/")
	if token != "" {
		x.Request.Header["T"] = []string{token}
	}
	resp := pass(t, filter, x, chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
		seen = y
		return chain.NewResponse(200), nil
	}))
	return resp, seen
}

func TestIdTokenValidation(t *testing.T) {
	f := withKeys(t)
	now := f.now().Unix()
	claims := func(iss, aud string, exp, iat int64) string {
		return fmt.Sprintf(`"template":{"iss":%q,"aud":%s,"exp":%d,"iat":%d},`, iss, aud, now+exp, now+iat) + es256
	}
	tests := map[string]struct{ build, check, violation string }{
		"good":            {claims("me", `["x","app"]`, 10, -1), `"issuer":"me"`, ""},
		"any issuer":      {claims("you", `"app"`, 10, -1), "", ""},
		"other issuer":    {claims("you", `"app"`, 10, -1), `"issuer":"me"`, "the token is of another issuer"},
		"other audience":  {claims("me", `"other"`, 10, -1), "", "the token is for another audience"},
		"from the future": {claims("me", `"app"`, 10, 1), "", "the token is issued in the future"},
		"with skew":       {claims("me", `"app"`, 10, 1), `"skewAllowance":"5 s"`, ""},
		"an access token": {strings.Replace(claims("me", `"app"`, 10, -1), `"iss"`, `"tokenName":"access_token","iss"`, 1), `"issuer":"me"`, "the token is no ID token"},
		"an ID token":     {strings.Replace(claims("me", `"app"`, 10, -1), `"iss"`, `"tokenName":"id_token","iss"`, 1), `"issuer":"me"`, ""},
		"nothing there":   {`"template":{"iss":"me"},` + es256, "", "the claim aud is missing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			token, _ := f.built(t, test.build)
			check := `"verificationSecretId":"sign.key"`
			if test.check != "" {
				check += "," + test.check
			}
			resp, x := f.validated(t, "IdTokenValidationFilter", `"idToken":"${request.headers['T'][0]}","audience":"app"`, check, token)
			if test.violation == "" {
				want(t, "status", resp.Status.Code, 200)
				return
			}
			want(t, "status", resp.Status.Code, 418)
			want(t, "violation", eval(t, x, "contexts.jwtValidationError.violations[0].description"), any(test.violation))
		})
	}
	token, _ := f.built(t, `"template":{"iss":"me"},`+es256)
	_, x := f.validated(t, "IdTokenValidationFilter", `"idToken":"${request.headers['T'][0]}","audience":"app"`, `"verificationSecretId":"sign.key"`, token)
	want(t, "violations", eval(t, x, "length(contexts.jwtValidationError.violations)"), any(int64(3)))
	refused{
		`{"type":"IdTokenValidationFilter"}`: `: the required field "idToken" is missing` + "\n" + `: the required field "audience" is missing`,
	}.test(t)
}

func TestScriptableThrottlingPolicy(t *testing.T) {
	f := build(t, `{"type":"ThrottlingFilter","config":{"throttlingRatePolicy":{"type":"ScriptableThrottlingPolicy","config":{"type":"application/x-groovy",
		"source":"request.headers['Free'] ? null : new ThrottlingRate(1, '1 minute')"}}}}`)
	want(t, "first", pass(t, f, get(t, "http://a/"), answer(200)).Status.Code, 200)
	want(t, "second", pass(t, f, get(t, "http://a/"), answer(200)).Status.Code, 429)
	want(t, "null", pass(t, f, get(t, "http://a/", "Free", "1"), answer(200)).Status.Code, 200)
	failing := build(t, `{"type":"ThrottlingFilter","config":{"throttlingRatePolicy":{"type":"ScriptableThrottlingPolicy","config":{"type":"application/x-groovy","source":"'fast'"}}}}`)
	if _, err := failing.Filter(get(t, "http://a/"), answer(200)); err == nil {
		t.Error("a text is taken for a rate")
	}
}

// A customizer that cannot tell fails the request, and is no reason to let it pass.
func TestCustomizerThatFails(t *testing.T) {
	f := &tokenValidator{open: jose.OpenOptions{SkipSignature: true}, customizer: brokenCustomizer{}, now: time.Now}
	_, _, err := f.check(get(t, "http://a/"), "eyJhbGciOiJub25lIn0.e30.")
	if !errors.Is(err, errBrokenCustomizer) {
		t.Errorf("check() = %v", err)
	}
}

var errBrokenCustomizer = errors.New("broken")

type brokenCustomizer struct{}

func (brokenCustomizer) Violations(*chain.Exchange, string, []byte) ([]script.Violation, error) {
	return nil, errBrokenCustomizer
}
