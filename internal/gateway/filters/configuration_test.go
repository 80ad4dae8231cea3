package filters

import (
	"fmt"
	"strings"
	"testing"
)

// Lists and objects of a configuration may be what an expression yields. What is wrong in
// them is told where the expression stands.
func TestWholeValues(t *testing.T) {
	const chain2 = `{"type":"ChainOfFilters","config":{"filters":[]}}`
	for declaration, want := range map[string]string{
		`{"type":"AssignmentFilter","config":{"onRequest":"${toJson('[{\"target\":\"x\"}]')}"}}`:                                                                                               `heap[0].config.onRequest: expected a place to assign to, such as "${attributes.name}", found "x"`,
		`{"type":"CorsFilter","config":{"policies":"${toJson('[{\"acceptedOrigins\":\"*\",\"allowCredentials\":true}]')}"}}`:                                                                   `heap[0].config.policies: every page of the web may use what is behind the gateway in the name of its users`,
		`{"type":"CorsFilter","config":{"policies":[{"acceptedOrigins":"${array('http://a','http://b')}","acceptedMethods":"${array('PUT')}"}]}}`:                                              "",
		`{"type":"PasswordReplayFilter","config":{"request":{"method":"POST","uri":"http://a/"},"loginPage":true,"loginPageExtractions":"${toJson('[{\"name\":\"a\",\"pattern\":\"x\"}]')}"}}`: `heap[0].config.loginPageExtractions: the pattern has no group, so nothing is extracted`,
		`{"type":"SetCookieUpdateFilter","config":{"cookies":"${toJson('{\"a\":{\"secure\":true}}')}"}}`:                                                                                       "",
		`{"type":"ThrottlingFilter","config":{"throttlingRatePolicy":{"type":"MappedThrottlingPolicy","config":{"throttlingRateMapper":"a",
			"throttlingRatesMapping":"${toJson('{\"a\":{\"numberOfRequests\":1,\"duration\":\"1 s\"}}')}"}}}}`: "",
		`{"type":"AllowOnlyFilter","config":{"rules":[{"name":"any"}]}}`: `heap[0].config.rules[0]: the rule allows every request`,
		chain2: "",
	} {
		f := newFixture()
		f.load(t, `[{"name":"it",`+strings.TrimPrefix(declaration, "{")+`]`)
		var got []string
		for _, p := range append(problems(f.errs), f.errs.Warnings()...) {
			got = append(got, p.Path+": "+p.Msg)
		}
		if text := strings.Join(got, "\n"); text != want {
			t.Errorf("%s\nis answered with\n  %s\nwant\n  %s", declaration, text, want)
		}
	}
}

func TestHeaderNames(t *testing.T) {
	refused{
		`{"type":"HeaderFilter","config":{"messageType":"REQUEST","add":{"A B":["x"]},"replace":{"X:":["x"],"Y":["${"]}}}`: `config.add["A B"]: "A B" cannot be the name of a header field` + "\n" +
			`config.replace["X:"]: "X:" cannot be the name of a header field` + "\n" +
			`config.replace.Y[0]: expected a value, found the end of the text (1:3)` + "\n    ${\n      ^",
		`{"type":"StaticRequestFilter","config":{"method":"GET","uri":"http://a/","headers":{"":["x"]}}}`: `config.headers[""]: "" cannot be the name of a header field`,
	}.test(t)
}

// A failure leaves no body open: that would keep the connection to the upstream.
func TestFailuresCloseResponses(t *testing.T) {
	for _, declaration := range []string{
		`{"type":"HeaderFilter","config":{"messageType":"RESPONSE","add":{"X":["${attributes.evil}"]}}}`,
		`{"type":"HeaderFilter","config":{"messageType":"RESPONSE","replace":{"X":["${attributes.evil}"]}}}`,
		`{"type":"AssignmentFilter","config":{"onResponse":[{"target":"${response.headers['X']}","value":"${attributes.evil}"}]}}`,
		`{"type":"SetCookieUpdateFilter","config":{"cookies":{"S":{"path":"${attributes.evil}"}}}}`,
		`{"type":"LocationHeaderFilter","config":{"baseURI":"${attributes.evil}"}}`,
		`{"type":"AmSessionIdleTimeoutFilter","config":{"amService":"am","idleTimeout":"1 minute","sessionToken":"t","encryptionSecretId":"no.key","secretsProvider":"env"}}`,
	} {
		x := get(t, "http://a/")
		attributesOf(x)["evil"] = "a\r\nb"
		body := &closing{Reader: strings.NewReader("body")}
		resp, err := build(t, declaration).Filter(x, streamed(body, "Set-Cookie", "S=1", "Location", "/x"))
		if err == nil || resp != nil || !body.closed {
			t.Errorf("%s gives %v, %v; the body is closed: %v", declaration, resp, err, body.closed)
		}
	}
}

func TestSwitchesOfCookies(t *testing.T) {
	for value, want := range map[string]string{`true`: "S=1; Secure", `"true"`: "S=1; Secure", `"${true}"`: "S=1; Secure", `"TRUE"`: "S=1; Secure", `"${'true'}"`: "S=1; Secure",
		`false`: "S=1", `"false"`: "S=1", `"${null}"`: "S=1", `null`: "S=1", `"yes"`: "S=1"} {
		f := build(t, fmt.Sprintf(`{"type":"SetCookieUpdateFilter","config":{"cookies":{"S":{"secure":%s}}}}`, value))
		if got := pass(t, f, get(t, "http://a/"), answer(200, "Set-Cookie", "S=1; secure")).Header.Get("Set-Cookie"); got != want {
			t.Errorf("secure: %s gives %q, want %q", value, got, want)
		}
	}
}
