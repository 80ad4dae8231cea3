package script

import (
	"strings"
	"testing"
)

// TestMethodsOfAllObjects calls on every host what Groovy gives to all objects.
func TestMethodsOfAllObjects(t *testing.T) {
	hosts := strings.Fields(`request request.headers request.headers.X request.uri request.cookies request.form request.entity
		context contexts attributes session http logger globals Status.OK Status.OK.family new@Response(Status.OK) new@Form() new@Cookie()
		http.send(request) new@JsonValue([:]) new@ThrottlingRate(1,'1@s') new@org.forgerock.json.JsonPointer('/a')
		new@org.forgerock.json.jose.jwt.JwtClaimsSet([:]) org.forgerock.json.jose.jws.JwsAlgorithm.RS256 isEqualTo(1)
		new@org.forgerock.json.jose.builders.JwtBuilderFactory().claims() new@org.forgerock.http.header.LocationHeader('x')
		new@ResponseException(new@Response(Status.OK)) Responses.noopExceptionFunction() Result.success() new@Violation('x')
		org.forgerock.util.time.Duration.duration('1@s') new@org.forgerock.json.jose.jws.SigningManager()`)
	g := newRig(t)
	for _, h := range hosts {
		h = strings.ReplaceAll(h, "@", " ")
		src := "request.headers.X = '1'\ndef response = new Response(Status.OK)\ndef o = " + h + "\n" +
			`def r = [o.toString(), o.hashCode(), o.equals(o), o == o, o.is(o), o.getClass(), o.class, o as Boolean, o ? 1 : 2, o in [o], [o: o].toString(), "$o",
				o.with { it }, o.tap { }, o.inspect(), o.dump(), o != 'x', o?.toString(), [o].contains(o), ([o] as Set).size()]
			switch (o) { case 'x': r << 1; break; case o: r << 2; break }
			switch ('x') { case o: r << 1 }
			return new Response(Status.OK).setEntity(r.size() > 20 || o == null || o instanceof Map ? 'ok' : 'short')`
		if _, body := respond(t, g.source(src), newExchange("/")); body != "ok" {
			t.Errorf("%s: %q", h, body)
		}
	}
}
