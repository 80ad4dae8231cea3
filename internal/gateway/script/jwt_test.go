package script

import (
	"context"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/jose"
)

// fakeStore holds secrets by label.
type fakeStore map[secrets.ID][]secrets.Secret

func (s fakeStore) Active(_ context.Context, id secrets.ID) (secrets.Secret, bool, error) {
	if len(s[id]) == 0 {
		return secrets.Secret{}, false, nil
	}
	return s[id][0], true, nil
}

func (s fakeStore) Valid(_ context.Context, id secrets.ID) ([]secrets.Secret, error) {
	return s[id], nil
}

func (s fakeStore) Named(_ context.Context, id secrets.ID, stable string) (secrets.Secret, bool, error) {
	for _, x := range s[id] {
		if x.StableID == stable {
			return x, true, nil
		}
	}
	return secrets.Secret{}, false, nil
}

func secretsRig(t *testing.T) (*rig, *jose.Key) {
	g := newRig(t)
	key, err := jose.Generate(jose.KindP256)
	if err != nil {
		t.Fatal(err)
	}
	g.heap["Secrets"] = fakeStore{
		"secret.password": {{StableID: "v1", Bytes: []byte("pass")}, {StableID: "v0", Bytes: []byte("old")}},
		"sign.key":        {{StableID: key.ID, Key: key}},
	}
	return g, key
}

const secretImports = `import org.forgerock.secrets.*
import org.forgerock.secrets.keys.*
import org.forgerock.json.jose.jws.*
import org.forgerock.json.jose.jwt.JwtClaimsSet
import org.forgerock.json.jose.builders.JwtBuilderFactory
import org.forgerock.json.jose.common.JwtReconstruction
import org.forgerock.json.JsonValue
`

func TestSecretsAndTokens(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"active secret", `Purpose<GenericSecret> p = Purpose.purpose('secret.password', GenericSecret.class)
			mine.getActiveSecret(p)
				.then(secret -> secret.revealAsUtf8(String::new))
				.then(text -> new Response(Status.OK).setEntity(text))`, "pass"},
		{"a secret never prints", `mine.getActiveSecret(Purpose.purpose('secret.password', GenericSecret)).then { say("$it") }`, "***"},
		{"named secret", `mine.getNamedSecret(Purpose.purpose('secret.password', GenericSecret), 'v0').then { s -> say(s.revealAsUtf8 { new String(it) } + s.stableId) }`, "oldv0"},
		{"valid secrets", `mine.getValidSecrets(Purpose.purpose('secret.password', GenericSecret)).then { l -> say("${l.size()}") }`, "2"},
		{"no such secret", `mine.getActiveSecret(Purpose.purpose('none', GenericSecret)).thenCatch { e -> say(e.class.simpleName) }`, "NoSuchSecretException"},
		{"another kind of secret", `mine.getActiveSecret(Purpose.purpose('secret.password', SigningKey)).thenCatch { e -> say(e.message) }`, "the secret secret.password is no SigningKey"},
		{"sign and verify", `def manager = new SigningManager(new SecretsProvider(null).setDefaultStores(mine))
			def claims = new JwtBuilderFactory().claims().iss('me').sub('demo').exp(new Date(1700000100000L)).claim('n', 5).build()
			return manager.newSigningHandler(Purpose.purpose('sign.key', SigningKey)).thenAsync { h ->
				def token = new JwtBuilderFactory().jws(h).headers().alg(JwsAlgorithm.ES256).kid('k1').done().claims(claims).build()
				def jwt = new JwtReconstruction().reconstructJwt(token, SignedJwt.class)
				manager.newVerificationHandler(Purpose.purpose('sign.key', VerificationKey)).then { v ->
					say "${jwt.verify(v)} ${jwt.header.keyId} ${jwt.header.algorithm} ${jwt.claimsSet.issuer} ${jwt.claimsSet.getClaim('n')} ${jwt.claimsSet.expirationTime.time} ${jwt.claimsSet.get('sub').asString()}"
				}
			}`, "true k1 ES256 me 5 1700000100000 demo"},
		{"HMAC", `def h = new SigningManager().newHmacSigningHandler('0123456789abcdef0123456789abcdef'.bytes)
			def other = new SigningManager().newHmacSigningHandler('1123456789abcdef0123456789abcdef'.bytes)
			def jwt = new JwtBuilderFactory().jws(h).headers().alg(JwsAlgorithm.HS256).done().claims(new JwtClaimsSet([sub: 'x'])).asJwt()
			say "${jwt.verify(h)} ${jwt.verify(other)}"`, "true false"},
		{"no unsigned tokens", `try { new JwtBuilderFactory().jws(new SigningManager().newHmacSigningHandler('0123456789abcdef0123456789abcdef'.bytes)).headers().alg('none').done().build() } catch (Exception e) { say e.message }`, "unsigned tokens are not supported"},
		{"not a token", `try { new JwtReconstruction().reconstructJwt('abc', SignedJwt) } catch (org.forgerock.json.jose.exceptions.InvalidJwtException e) { say 'caught' }`, "caught"},
		{"validator", `def h = new SigningManager().newHmacSigningHandler('0123456789abcdef0123456789abcdef'.bytes)
			def jwt = new JwtBuilderFactory().jws(h).headers().alg('HS256').done().claims(new JwtClaimsSet([sub: 'demo', iat: 1000, aud: ['a', 'b']])).asJwt()
			def v = JwtValidator.builder(null).withSkewAllowance(org.forgerock.util.time.Duration.duration('5 seconds').toJavaDuration())
				.jwt(hasValidSignature(h))
				.jwt({ c -> c.jwt.claimsSet.subject == 'demo' ? Result.success().asPromise() : Result.failure(new Violation('who')) } as JwtConstraint)
				.claim('sub', JsonValue::asString, isEqualTo('other'))
				.claim('iat', JsonValue::asLong, isInThePast())
				.claim('aud', JsonValue::asList, contains('b'))
				.claim('sub', JsonValue::asString, matches('(?=d)[a-z&&[^x]]++'))
				.claim('sub', JsonValue::asString, matches('dem'))
				.build()
			return v.report(jwt).then { r -> say("${r.isValid()} " + r.violations.collect { it.description }) }`, "false [the claim sub has another value than expected, the claim sub does not match what is expected]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, _ := secretsRig(t)
			text, _ := jsonText(secretImports + c.src + "\n" + sayMethod)
			s, errs := g.load(`{"type": "application/x-groovy", "args": {"mine": "${heap['Secrets']}"}, "source": ` + text + `}`)
			if err := errs.Err(); err != nil {
				t.Fatal(err)
			}
			if _, body := respond(t, s, newExchange("/")); body != c.want {
				t.Errorf("answer = %q, want %q", body, c.want)
			}
		})
	}
}

func jsonText(s string) (string, error) {
	b, err := marshalJSON(s)
	return string(b), err
}

func TestCustomizer(t *testing.T) {
	g := newRig(t)
	s := g.source("builder.claim('subname', JsonValue::asString, isEqualTo('demo'))\nbuilder.claim('realm', JsonValue::asString, isEqualTo('/'));", "builder")
	for _, c := range []struct{ payload, want string }{
		{`{"subname": "demo", "realm": "/"}`, ""},
		{`{"subname": "eve", "realm": "/"}`, "the claim subname has another value than expected"},
		{`{"realm": "/"}`, "the claim subname has another value than expected"},
		{`{"subname": 5, "realm": "/"}`, "the claim subname is of another type than expected"},
	} {
		v := NewValidator(func() time.Time { return g.now }, 0)
		if err := s.Customize(newExchange("/"), v); err != nil {
			t.Fatal(detail(err))
		}
		list, err := v.Violations(context.Background(), "a.b.c", []byte(c.payload))
		var got []string
		for _, x := range list {
			got = append(got, x.Description)
		}
		if err != nil || strings.Join(got, ";") != c.want {
			t.Errorf("%s: %q, %v, want %q", c.payload, got, err, c.want)
		}
	}
}
