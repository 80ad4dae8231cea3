package am_test

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// openidm is an address of identity management, which is beside the deployment context.
func (j *journeys) openidm(path string) string {
	at, _ := url.Parse(j.base)
	return at.Scheme + "://" + at.Host + "/openidm/" + path
}

// fillAll fills the inputs of a step by name and posts it.
func (j *journeys) fillAll(step map[string]any, values map[string]any) reply {
	j.t.Helper()
	for _, c := range list(step["callbacks"]) {
		for _, in := range list(c["input"]) {
			if v, ok := values[fmt.Sprint(in["name"])]; ok {
				in["value"] = v
			}
		}
	}
	return j.send("POST", "/json/authenticate", step)
}

var (
	formInput    = regexp.MustCompile(`<(?:input|select)[^>]* name="([^"]*)"[^>]*>`)
	inputValue   = regexp.MustCompile(` value="([^"]*)"`)
	checkboxType = regexp.MustCompile(` type="(?:checkbox|radio)"`)
)

// postPage fills in the form of a page as a browser without JavaScript does, and posts it.
func (j *journeys) postPage(path, page string, values url.Values) reply {
	j.t.Helper()
	form := url.Values{}
	for _, m := range formInput.FindAllStringSubmatch(page, -1) {
		if v := inputValue.FindStringSubmatch(m[0]); v != nil && !checkboxType.MatchString(m[0]) {
			form.Set(html.UnescapeString(m[1]), html.UnescapeString(v[1]))
		} else if !checkboxType.MatchString(m[0]) {
			form.Set(html.UnescapeString(m[1]), "")
		}
	}
	for name, v := range values {
		if _, ok := form[name]; !ok && !strings.Contains(page, `name="`+name+`"`) {
			j.t.Fatalf("the page has no field %s:\n%s", name, page)
		}
		form[name] = v
	}
	return j.send("POST", path, form, "Accept", "text/html", "Sec-Fetch-Site", "same-origin")
}

var questions = map[string]any{
	"kbaPropertyName": "kbaInfo", "minimumAnswersToDefine": 2, "minimumAnswersToVerify": 2,
	"questions": map[string]any{
		"1": map[string]any{"en": "What's your favorite color?", "fr": "Quelle est votre couleur préférée ?"}, "2": map[string]any{"en": "Who was your first employer?"},
	},
}

func terms(version string) map[string]any {
	return map[string]any{
		"active": version, "uiConfig": map[string]any{"displayName": "New terms"},
		"versions": []any{
			map[string]any{"version": "1.0", "createDate": "2019-10-28T04:20:11.320Z", "termsTranslations": map[string]any{"en": "Be kind.\n\nAlways.", "de": "Seien Sie nett."}},
			map[string]any{"version": "2.0", "createDate": "2020-10-28T04:20:11.320Z", "termsTranslations": map[string]any{"en": "Be kinder."}},
		},
	}
}

// Security questions and terms are configuration of identity management.
func TestSelfServiceConfiguration(t *testing.T) {
	j := newJourneys(t)
	kba, accept := j.openidm("config/selfservice.kba"), j.openidm("config/selfservice.terms")
	if got := j.admin("GET", kba, nil).want(t, 200); got["minimumAnswersToDefine"] != 1.0 || got["_id"] != "selfservice.kba" {
		t.Errorf("questions that nobody set: %v", got)
	}
	j.admin("GET", accept, nil).want(t, 404)
	for _, change := range []map[string]any{
		{"minimumAnswersToDefine": 0}, {"minimumAnswersToVerify": 3}, {"kbaPropertyName": "other"}, {"questions": map[string]any{"1": map[string]any{}}},
		{"questions": map[string]any{"1": map[string]any{"en": strings.Repeat("x", 257)}}},
	} {
		bad := map[string]any{}
		for _, from := range []map[string]any{questions, change} {
			for name, v := range from {
				bad[name] = v
			}
		}
		j.admin("PUT", kba, bad).want(t, 400)
	}
	j.admin("PUT", kba, questions).want(t, 200)
	if got := j.admin("PATCH", kba, []any{map[string]any{"operation": "replace", "field": "/minimumAnswersToVerify", "value": 1}}).want(t, 200); got["minimumAnswersToVerify"] != 1.0 {
		t.Errorf("patched: %v", got)
	}
	j.admin("PUT", accept, terms("3.0")).want(t, 400)
	j.admin("PUT", accept, terms("1.0")).want(t, 201)
	got := j.admin("GET", accept, nil).want(t, 200)
	if config, _ := got["uiConfig"].(map[string]any); config["displayName"] != "New terms" {
		t.Errorf("what nobody here reads is kept: %v", got)
	}
	all := list(j.admin("GET", j.openidm("config?_queryFilter=_id+sw+'selfservice'"), nil).want(t, 200)["result"])
	if len(all) != 2 {
		t.Errorf("the whole configuration has %v", all)
	}
	j.admin("PUT", j.openidm("config/selfservice.other"), map[string]any{}).want(t, 404)
	j.admin("DELETE", accept, nil).want(t, 200)
	j.admin("GET", accept, nil).want(t, 404)
	j.admin("DELETE", kba, nil).want(t, 200)
	if got := j.admin("GET", kba, nil).want(t, 200); got["minimumAnswersToDefine"] != 1.0 {
		t.Errorf("questions are those of the beginning again: %v", got)
	}
	j.send("PUT", kba, questions).want(t, 401)
}

// register is a journey that makes users with security questions, terms and preferences, and check one that asks for what
// is missing of them.
func selfServiceJourneys(j *journeys) {
	j.admin("PUT", j.openidm("config/selfservice.kba"), questions).want(j.t, 200)
	j.admin("PUT", j.openidm("config/selfservice.terms"), terms("1.0")).want(j.t, 201)
	j.tree("Join",
		node{"join", "PageNode", map[string]any{"nodes": []any{
			map[string]any{"_id": "joinName", "nodeType": "ValidatedUsernameNode"}, map[string]any{"_id": "joinPass", "nodeType": "ValidatedPasswordNode"},
			map[string]any{"_id": "joinAbout", "nodeType": "AttributeCollectorNode"}, map[string]any{"_id": "joinAsk", "nodeType": "KbaCreateNode"},
			map[string]any{"_id": "joinTerms", "nodeType": "AcceptTermsAndConditionsNode"},
		}}, map[string]string{"outcome": "create"}},
		node{"joinName", "ValidatedUsernameNode", map[string]any{"validateInput": true, "usernameAttribute": "userName"}, nil},
		node{"joinPass", "ValidatedPasswordNode", map[string]any{"validateInput": true, "passwordAttribute": "password"}, nil},
		node{"joinAbout", "AttributeCollectorNode", map[string]any{"attributesToCollect": []string{"mail", "preferences/updates"}, "identityAttribute": "userName"}, nil},
		node{"joinAsk", "KbaCreateNode", map[string]any{"message": map[string]any{"en": "Select a security question"}, "allowUserDefinedQuestions": true}, nil},
		node{"joinTerms", "AcceptTermsAndConditionsNode", nil, nil},
		node{"create", "CreateObjectNode", map[string]any{"identityResource": "managed/user"}, map[string]string{"CREATED": success, "FAILURE": failure}})
	j.tree("Verify",
		node{"who", "AttributeCollectorNode", map[string]any{"attributesToCollect": []string{"mail"}, "identityAttribute": "mail"}, map[string]string{"outcome": "find"}},
		node{"find", "IdentifyExistingUserNode", map[string]any{"identifier": "userName", "identityAttribute": "mail"}, map[string]string{"true": "verify", "false": failure}},
		node{"verify", "KbaVerifyNode", map[string]any{"kbaInfoAttribute": "kbaInfo", "identityAttribute": "mail"}, map[string]string{"true": success, "false": failure}})
}

func TestJourneySecurityQuestionsAndTerms(t *testing.T) {
	j := newJourneys(t)
	selfServiceJourneys(j)
	step := j.begin("Join")
	if kinds(step) != "ValidatedCreateUsername ValidatedCreatePassword StringAttributeInput BooleanAttributeInput KbaCreate KbaCreate TermsAndConditions" {
		t.Fatalf("asked: %s", kinds(step))
	}
	ask, accept := list(step["callbacks"])[4], list(step["callbacks"])[6]
	in := list(ask["input"])
	if in[0]["name"] != "IDToken5question" || in[1]["name"] != "IDToken5answer" || output(ask, "prompt") != "Select a security question" || output(ask, "allowUserDefinedQuestions") != true ||
		!same(output(ask, "predefinedQuestions"), []any{"What's your favorite color?", "Who was your first employer?"}) {
		t.Errorf("question: %v", ask)
	}
	if output(accept, "version") != "1.0" || output(accept, "terms") != "Be kind.\n\nAlways." || output(accept, "createDate") != "2019-10-28T04:20:11.320Z" {
		t.Errorf("terms: %v", accept)
	}
	// The same question in other words, one without an answer, and terms that are not accepted are asked again.
	step = j.fillAll(step, map[string]any{
		"IDToken1": "kim", "IDToken2": "longer-than-8", "IDToken3": "kim@example.com", "IDToken4": true, "IDToken7": false,
		"IDToken5question": "What's your favorite color?", "IDToken5answer": "Blue", "IDToken6question": "quelle est votre COULEUR préférée", "IDToken6answer": "Blue",
	}).want(t, 200)
	if kinds(step) != "TextOutput KbaCreate KbaCreate TermsAndConditions" {
		t.Fatalf("asked again: %s", kinds(step))
	}
	step = j.fillAll(step, map[string]any{
		"IDToken2question": "What's your favorite color?", "IDToken2answer": "Blue", "IDToken3question": "Name of my cat?", "IDToken3answer": " ", "IDToken4": true,
	}).want(t, 200)
	if kinds(step) != "TextOutput KbaCreate KbaCreate" {
		t.Fatalf("asked again without an answer: %s", kinds(step))
	}
	done := j.fillAll(step, map[string]any{
		"IDToken2question": "What's your favorite color?", "IDToken2answer": "Blue", "IDToken3question": "Name of my cat?", "IDToken3answer": "Tom  Cat",
	}).want(t, 200)
	if done["tokenId"] == nil {
		t.Fatalf("not registered: %v", done)
	}
	managed := j.admin("GET", j.openidm("managed/user/kim"), nil)
	kim := managed.want(t, 200)
	if !same(kim["kbaInfo"], []any{map[string]any{"questionId": "1"}, map[string]any{"customQuestion": "Name of my cat?"}}) || !same(kim["preferences"], map[string]any{"updates": true}) {
		t.Errorf("managed user: %v", kim)
	}
	if accepted, _ := kim["termsAccepted"].(map[string]any); accepted["termsVersion"] != "1.0" || !strings.HasSuffix(fmt.Sprint(accepted["acceptDate"]), "Z") {
		t.Errorf("accepted: %v", kim["termsAccepted"])
	}
	profile := j.admin("GET", "/json/users/kim", nil)
	if strings.Contains(profile.raw, "kbaInfo") {
		t.Errorf("the profile: %s", profile.raw)
	}
	for _, r := range []reply{managed, profile} {
		if strings.Contains(strings.ToLower(r.raw), "argon") || strings.Contains(strings.ToLower(r.raw), "blue") {
			t.Errorf("answers are shown: %s", r.raw)
		}
	}

	verify := func(answer func(question string) string) reply {
		step := j.answer(j.begin("Verify"), "kim@example.com").want(t, 200)
		values := map[string]any{}
		for _, c := range list(step["callbacks"]) {
			if c["type"] != "PasswordCallback" {
				t.Fatalf("asked: %s", kinds(step))
			}
			values[fmt.Sprint(list(c["input"])[0]["name"])] = answer(fmt.Sprint(output(c, "prompt")))
		}
		if len(values) != 2 {
			t.Fatalf("%d questions", len(values))
		}
		return j.fillAll(step, values)
	}
	right := func(question string) string {
		return map[string]string{"What's your favorite color?": " bLUE", "Name of my cat?": "tom cat"}[question]
	}
	verify(right).want(t, 200)
	// What the user changes of the profile leaves the answers; so does a patch that names a question without an answer.
	own := j.login("/json/authenticate", "kim", "longer-than-8")
	j.send("PUT", "/json/users/kim", map[string]any{"sn": "Kim", "kbaInfo": []string{"x"}}, "iPlanetDirectoryPro", own, "Accept-API-Version", version).want(t, 200)
	j.send("PUT", "/json/users/kim", map[string]any{"termsAccepted": `{"termsVersion":"2.0"}`}, "iPlanetDirectoryPro", own, "Accept-API-Version", version).want(t, 403)
	patch := func(field string, v any) reply {
		return j.admin("PATCH", j.openidm("managed/user/kim"), []any{map[string]any{"operation": "replace", "field": field, "value": v}})
	}
	patch("/givenName", "K").want(t, 200)
	patch("/preferences/marketing", false).want(t, 200)
	patch("/kbaInfo", []any{map[string]any{"customQuestion": "Name of my cat?"}, map[string]any{"questionId": "1"}}).want(t, 200)
	patch("/kbaInfo", []any{map[string]any{"questionId": "2"}}).want(t, 400)
	patch("/kbaInfo", "text").want(t, 400)
	patch("/preferences", "text").want(t, 400)
	j.admin("PATCH", "/json/users/kim", []any{map[string]any{"operation": "replace", "field": "/sn", "value": "Other"}}).want(t, 200)
	verify(right).want(t, 200)
	if again := j.admin("GET", j.openidm("managed/user/kim"), nil).want(t, 200); !same(again["preferences"], map[string]any{"updates": true, "marketing": false}) {
		t.Errorf("preferences: %v", again["preferences"])
	}
	wrong := func(question string) string {
		if strings.Contains(question, "cat") {
			return "Felix"
		}
		return right(question)
	}
	for range 5 {
		verify(wrong).want(t, 401)
	}
	if got := verify(right).want(t, 401); got["message"] != "Your account has been locked." {
		t.Errorf("after many guesses: %v", got)
	}
	// Who has no answers, or is not there, cannot be asked.
	for _, mail := range []string{"demo@example.com", "nobody@example.com"} {
		j.answer(j.begin("Verify"), mail).want(t, 401)
	}
}

// A journey that asks for what an account lacks, as the cloud's journey for progressive profiles does.
func TestJourneyAsksForWhatIsMissing(t *testing.T) {
	j := newJourneys(t)
	selfServiceJourneys(j)
	tree := append(signIn(map[string]string{"true": "terms", "false": failure}),
		node{"terms", "TermsAndConditionsDecisionNode", map[string]any{"identityAttribute": "userName"}, map[string]string{"true": "kba", "false": "accept"}},
		node{"accept", "AcceptTermsAndConditionsNode", nil, map[string]string{"outcome": "patch"}},
		node{"kba", "KbaDecisionNode", map[string]any{"identityAttribute": "userName"}, map[string]string{"true": "full", "false": "define"}},
		node{"define", "KbaCreateNode", map[string]any{"message": map[string]any{}, "allowUserDefinedQuestions": false}, map[string]string{"outcome": "patch"}},
		node{"patch", "PatchObjectNode", map[string]any{"identityResource": "managed/user", "identityAttribute": "userName"}, map[string]string{"PATCHED": success, "FAILURE": failure}},
		node{"full", "ProfileCompletenessDecisionNode", map[string]any{"threshold": 25, "identityAttribute": "userName"}, map[string]string{"true": "likes", "false": "empty"}},
		node{"likes", "QueryFilterDecisionNode", map[string]any{"queryFilter": "!(/preferences pr) or /preferences/marketing eq false", "identityAttribute": "userName"},
			map[string]string{"true": "asks", "false": success}},
		node{"asks", "SetSuccessUrlNode", map[string]any{"successUrl": "/asks"}, map[string]string{"outcome": success}},
		node{"empty", "SetSuccessUrlNode", map[string]any{"successUrl": "/empty"}, map[string]string{"outcome": success}})
	j.tree("Progress", tree...)
	in := func() map[string]any { return j.answer(j.begin("Progress"), "demo", "Ch4ng31t").want(t, 200) }
	j.answer(in(), true).want(t, 200)
	step := in()
	if kinds(step) != "KbaCreate KbaCreate" {
		t.Fatalf("after the terms: %s", kinds(step))
	}
	if again := j.fillAll(step, map[string]any{"IDToken1question": "My own?", "IDToken1answer": "a", "IDToken2question": "Who was your first employer?", "IDToken2answer": "b"}).want(t, 200); kinds(again) != "TextOutput KbaCreate KbaCreate" {
		t.Fatalf("a question of one's own: %s", kinds(again))
	}
	j.fillAll(in(), map[string]any{"IDToken1question": "What's your favorite color?", "IDToken1answer": "red", "IDToken2question": "Who was your first employer?", "IDToken2answer": "b"}).want(t, 200)
	if got := in(); got["successUrl"] != "/empty" {
		t.Errorf("an empty profile: %v", got)
	}
	j.admin("PUT", "/json/users/demo", map[string]any{"telephoneNumber": "1"}).want(t, 200) // 3 of 12
	if got := in(); got["successUrl"] != "/asks" {
		t.Errorf("without preferences: %v", got)
	}
	j.admin("PATCH", j.openidm("managed/user/demo"), []any{map[string]any{"operation": "replace", "field": "/preferences/marketing", "value": true}}).want(t, 200)
	if got := in(); got["tokenId"] == nil || got["successUrl"] == "/asks" {
		t.Errorf("with preferences: %v", got)
	}
	// Other terms have to be accepted anew; without terms there is nothing to accept.
	j.admin("PUT", j.openidm("config/selfservice.terms"), terms("2.0")).want(t, 200)
	if step := in(); kinds(step) != "TermsAndConditions" {
		t.Errorf("after other terms: %v", step)
	}
	j.admin("DELETE", j.openidm("config/selfservice.terms"), nil).want(t, 200)
	if got := in(); got["tokenId"] == nil {
		t.Errorf("without terms: %v", got)
	}
	j.tree("Only", node{"only", "AcceptTermsAndConditionsNode", nil, map[string]string{"outcome": success}})
	j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Only", "{}").want(t, 500)
}

// The pages ask the same without JavaScript, in the reader's language.
func TestPagesOfSecurityQuestionsAndTerms(t *testing.T) {
	j := newJourneys(t)
	selfServiceJourneys(j)
	const at = "/XUI/?realm=/&service=Join"
	page := j.send("GET", at, nil, "Accept", "text/html", "Accept-Language", "de")
	for _, want := range []string{"Sicherheitsfrage", "Frage auswählen", "Oder eine eigene Frage", "Seien Sie nett.", "Who was your first employer?"} {
		if !strings.Contains(page.raw, want) {
			t.Errorf("the page has no %s:\n%s", want, page.raw)
		}
	}
	fields := url.Values{
		"IDToken1": {"pat"}, "IDToken2": {"longer-than-8"}, "IDToken3": {"pat@example.com"}, "IDToken7": {"true"},
		"IDToken5question": {"Who was your first employer?"}, "IDToken5answer": {"ACME"}, "IDToken6question": {"Who was your first employer?"}, "IDToken6answer": {"ACME"},
	}
	page = j.postPage(at, page.raw, fields)
	if !strings.Contains(page.raw, "Answer a different question each time.") {
		t.Fatalf("the same question twice:\n%s", page.raw)
	}
	done := j.postPage(at, page.raw, url.Values{
		"IDToken2question": {"Who was your first employer?"}, "IDToken2answer": {"ACME"}, "IDToken3questionown": {"Name of my cat?"}, "IDToken3answer": {"Tom"},
	})
	if done.StatusCode != 200 || !strings.Contains(done.raw, "/account?realm=") {
		t.Fatalf("not registered: %d %s", done.StatusCode, done.raw)
	}
	pat := j.admin("GET", j.openidm("managed/user/pat"), nil).want(t, 200)
	if !same(pat["kbaInfo"], []any{map[string]any{"questionId": "2"}, map[string]any{"customQuestion": "Name of my cat?"}}) {
		t.Errorf("answers: %v", pat)
	}
	const verify = "/XUI/?realm=/&service=Verify"
	page = j.postPage(verify, j.send("GET", verify, nil, "Accept", "text/html").raw, url.Values{"IDToken1": {"pat@example.com"}})
	if !strings.Contains(page.raw, "Name of my cat?") || !strings.Contains(page.raw, `type="password"`) || strings.Contains(page.raw, "current-password") {
		t.Errorf("questions:\n%s", page.raw)
	}
}
