package script

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
)

// TestDataWithoutEnd gives every place that goes through data of scripts some that contains
// itself, and some that holds one part so often that it never ends. Each must answer, with
// a text, an exception or a limit: without the bounds the process would end or hang.
func TestDataWithoutEnd(t *testing.T) {
	data := map[string]string{
		"list in itself":   "def d = [1]; d << d; d << d",
		"map in itself":    "def d = [a: 1]; d.m = d; d.n = d",
		"set in itself":    "def d = [1] as Set; d << [d]; d << [d, 1]",
		"shared lists":     "def d = ['x']; 60.times { d = [d, d] }",
		"shared maps":      "def d = [x: 1]; 60.times { d = [a: d, b: d] }",
		"deep lists":       "def d = []; 2000.times { d = [d] }",
		"deep maps":        "def d = [:]; 2000.times { d = [k: d] }",
		"value in itself":  "def l = []; def d = new JsonValue(l); l << d; l << d",
		"shared JSON":      "def d = new JsonValue(['x']); 60.times { d = new JsonValue([d, d]) }",
		"deep JSON values": "def d = new JsonValue(['x']); 2000.times { d = json([d]) }",
	}
	places := []string{
		"request.entity = d", "request.entity.json = d", "new JsonValue(d).toString()", "new JsonValue(d).copy()", "new JsonValue(d) == new JsonValue(d)",
		"json(d).isNumber()", "json(d).asList()", "json(object(field('k', d))).toString()", "attributes.x = d; attributes.x.toString()", "session.x = d",
		"globals.x = d", "globals.computeIfAbsent('x') { d }", "logger.info('{}', d)", "logger.info(d)", "println d", "request.headers.X = d", "request.headers.add('X', d)",
		"request.uri.query = d", "new Response(Status.OK).entity = d", "new Form().add('a', d)", "request.cookies.add(d)", "throw new Exception(d as String)",
		"org.forgerock.http.util.Json.writeJson(d)", "new org.forgerock.json.jose.jwt.JwtClaimsSet([a: d]).toString()", "isEqualTo(d)", "newResultPromise(d).get().toString()",
		"new org.forgerock.http.oauth2.AccessTokenInfo(json(d), 't', [d] as Set, 1L).toString()", "d.hashCode()", "d == [d]", "[(d): 1]", "d.inspect()", "d.dump()",
		"\"$d\"", "groovy.json.JsonOutput.toJson(d)", "new groovy.json.JsonBuilder(d).toString()", "d.flatten()", "[d, d].sort()", "d as String", "d.equals(d)", "d.is(d)", "[d].unique()", "d.collectNested { it }",
		"Objects.hash(d)", "d <=> d", "d in [d]", "switch (d) { case [d]: 1 }", "String.valueOf(d)", "String.format('%s', d)", "d.toString().length()", "return d", "[d].join()", "d.clone().equals(d)", "d.asImmutable() == d",
		"new XmlParser().parseText('<a/>').append(d)", "groovy.xml.XmlUtil.serialize('' + d)", "d*.toString()", "Optional.of(d).toString()", "[a: d].collectEntries { k, v -> [v, k] }", "d.groupBy { it }", "assert d == 1",
	}
	if testing.Short() { // with the race detector a part is enough
		places = places[:len(places)/6]
	}
	for name, make := range data {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.system = map[string]string{"script.maxSteps": "300000", "script.maxMemoryBytes": "8388608", "script.maxMillis": "60000"}
			s := g.source("int n = request.form.n[0] as int\n" + make + "\n[\n{ -> " + strings.Join(places, " },\n{ -> ") + " }][n]()\nreturn new Response(Status.OK)")
			for i, place := range places {
				x := newExchange("/?n=" + strconv.Itoa(i))
				r, err := s.Handle(x)
				if err == nil && r == nil {
					t.Errorf("%s: neither an answer nor an error", place)
				}
				if err != nil && strings.Contains(detail(err), "internal error") {
					t.Errorf("%s: %s", place, detail(err))
				}
				for _, v := range chain.Find[*chain.AttributesContext](x.Context).Map() { // as expressions do
					_ = fmt.Sprint(v)
					_, _ = json.Marshal(v)
				}
			}
		})
	}
}
