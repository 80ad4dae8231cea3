package policy

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/store"
)

// A Friday.
var noon = time.Date(2027, 1, 15, 12, 0, 0, 0, time.UTC)

func demo() Subject {
	return Subject{
		Session: &store.Session{
			Realm: "/alpha", Subject: store.Subject{Type: "usr", Name: "demo"}, AuthLevel: 1, Tree: "Login", Created: noon.Add(-10 * time.Minute),
			UniversalID: "id=demo,ou=user,o=alpha,ou=services,dc=openam,dc=forgerock,dc=org", Properties: map[string]string{"clientType": "genericHTML"},
		},
		Profile: func(name string) []string { return map[string][]string{"mail": {"demo@example.com"}}[name] },
	}
}

func rule(subject, condition string) string {
	if condition != "" {
		condition = `,"condition":` + condition
	}
	return `{"name":"p","active":true,"resources":["https://a/*"],"actionValues":{"GET":true},"subject":` + subject + condition + `}`
}

func decide(t *testing.T, q Question, bodies ...string) Decision {
	t.Helper()
	var list []*Policy
	for _, b := range bodies {
		p, err := Parse([]byte(b))
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		list = append(list, p)
	}
	q.Resource, q.Now = "https://a/b", noon
	return Decide(list, &q)
}

func TestSubjects(t *testing.T) {
	claims := Subject{Claims: []map[string]any{{"sub": "demo", "groups": []any{"a", "b"}, "n": 3.0, "ok": true, "deep": map[string]any{"x": "y"}}}}
	tests := []struct {
		rule string
		who  Subject
		want bool
	}{
		{`{"type":"AuthenticatedUsers"}`, demo(), true},
		{`{"type":"AuthenticatedUsers"}`, claims, false},
		{`{"type":"AuthenticatedUsers"}`, Subject{}, false},
		{`{"type":"NONE"}`, demo(), false},
		{`null`, demo(), false},
		{`{"type":"NOT","subject":{"type":"NONE"}}`, Subject{}, true},
		{`{"type":"Identity","subjectValues":["id=demo,ou=user,o=alpha,ou=services,ou=am-config"]}`, demo(), true},
		{`{"type":"Identity","subjectValues":["id=Demo, ou=user, o=alpha"]}`, demo(), true},
		{`{"type":"Identity","subjectValues":["id=demo,ou=user,ou=am-config"]}`, demo(), false},
		{`{"type":"Identity","subjectValues":["id=demo,ou=group,o=alpha,ou=services,ou=am-config"]}`, demo(), false},
		{`{"type":"Identity","subjectValues":["",""]}`, demo(), false},
		{`{"type":"Identity","subjectValues":["id=demo,ou=user,o=alpha"]}`, claims, false},
		{`{"type":"JwtClaim","claimName":"sub","claimValue":"demo"}`, claims, true},
		{`{"type":"JwtClaim","claimName":"sub","claimValue":"demo"}`, demo(), false},
		{`{"type":"JwtClaim","claimName":"groups","claimValue":"b"}`, claims, true},
		{`{"type":"JwtClaim","claimName":"groups","claimValue":"c"}`, claims, false},
		{`{"type":"JwtClaim","claimName":"n","claimValue":"3"}`, claims, true},
		{`{"type":"JwtClaim","claimName":"ok","claimValue":"true"}`, claims, true},
		{`{"type":"JwtClaim","claimName":"deep","claimValue":"y"}`, claims, false},
		{`{"type":"JwtClaim","claimName":"none","claimValue":""}`, claims, false},
		{`{"type":"AND","subjects":[{"type":"AuthenticatedUsers"},{"type":"NONE"}]}`, demo(), false},
		{`{"type":"OR","subjects":[{"type":"AuthenticatedUsers"},{"type":"NONE"}]}`, demo(), true},
	}
	for _, tt := range tests {
		if got := decide(t, Question{Subject: tt.who}, rule(tt.rule, "")).Actions["GET"]; got != tt.want {
			t.Errorf("%s = %v, want %v", tt.rule, got, tt.want)
		}
	}
}

func TestConditions(t *testing.T) {
	at := func(t time.Time) int64 { return t.UnixMilli() }
	tests := []struct {
		name, rule string
		env        map[string][]string
		want       bool
		advice     string
		ttl        int64
	}{
		{name: "level", rule: `{"type":"AuthLevel","authLevel":1}`, want: true},
		{name: "level too low", rule: `{"type":"AuthLevel","authLevel":2}`, advice: "AuthLevelConditionAdvice=2"},
		{name: "level as text", rule: `{"type":"AuthLevel","authLevel":"2"}`, advice: "AuthLevelConditionAdvice=2"},
		{name: "at most", rule: `{"type":"LEAuthLevel","authLevel":1}`, want: true},
		{name: "not at most", rule: `{"type":"LEAuthLevel","authLevel":0}`, advice: "AuthLevelConditionAdvice=0"},
		{name: "journey", rule: `{"type":"AuthenticateToService","authenticateToService":"Login"}`, want: true},
		{name: "journey of realm", rule: `{"type":"AuthenticateToService","authenticateToService":"/alpha:Login"}`, want: true},
		{name: "journey of another realm", rule: `{"type":"AuthenticateToService","authenticateToService":"/beta:Login"}`, advice: "AuthenticateToServiceConditionAdvice=/beta:Login"},
		{name: "another journey", rule: `{"type":"AuthenticateToService","authenticateToService":"Push"}`, advice: "AuthenticateToServiceConditionAdvice=Push"},
		{name: "realm", rule: `{"type":"AuthenticateToRealm","authenticateToRealm":"alpha"}`, want: true},
		{name: "another realm", rule: `{"type":"AuthenticateToRealm","authenticateToRealm":"beta"}`, advice: "AuthenticateToRealmConditionAdvice=/beta"},
		{name: "scheme", rule: `{"type":"AuthScheme","authScheme":["Login","Push"]}`, advice: "AuthSchemeConditionAdvice=Push"},
		{name: "age", rule: `{"type":"Session","maxSessionTime":"15"}`, want: true, ttl: at(noon.Add(5 * time.Minute))},
		{name: "too old", rule: `{"type":"Session","maxSessionTime":10,"terminateSession":false}`, advice: "SessionConditionAdvice=deny"},
		{name: "property", rule: `{"type":"SessionProperty","ignoreValueCase":true,"properties":{"clientType":["x","GENERICHTML"]}}`, want: true},
		{name: "property, case", rule: `{"type":"SessionProperty","properties":{"clientType":["GENERICHTML"]}}`},
		{name: "two properties", rule: `{"type":"SessionProperty","properties":{"clientType":["genericHTML"],"other":["x"]}}`},
		{name: "address", rule: `{"type":"IPv4","startIp":"192.0.2.1","endIp":"192.0.2.9"}`, env: map[string][]string{"IP": {"192.0.2.7"}}, want: true},
		{name: "mapped address", rule: `{"type":"IPv4","startIp":"192.0.2.1","endIp":"192.0.2.9"}`, env: map[string][]string{"IP": {"::ffff:192.0.2.7"}}, want: true},
		{name: "outside", rule: `{"type":"IPv4","startIp":"192.0.2.1","endIp":"192.0.2.9"}`, env: map[string][]string{"requestIp": {"192.0.2.10"}, "IP": {"192.0.2.7"}}},
		{name: "no address", rule: `{"type":"IPv4","startIp":"192.0.2.1","endIp":"192.0.2.9"}`},
		{name: "IPv6", rule: `{"type":"IPv6","startIp":"2001:db8::1","endIp":"2001:db8::ff"}`, env: map[string][]string{"requestIp": {"2001:db8::a"}}, want: true},
		{name: "name", rule: `{"type":"IPv4","dnsName":["*.example.com"]}`, env: map[string][]string{"requestDnsName": {"A.example.com"}}, want: true},
		{name: "another name", rule: `{"type":"IPv4","dnsName":["*.example.com"]}`, env: map[string][]string{"requestDnsName": {"badexample.com"}}},
		{name: "scope", rule: `{"type":"OAuth2Scope","requiredScopes":["read"]}`, env: map[string][]string{"scope": {"write read"}}, want: true},
		{name: "no scope", rule: `{"type":"OAuth2Scope","requiredScopes":["read"]}`},
		{name: "member", rule: `{"type":"AMIdentityMembership","amIdentityName":["id=demo,ou=user,o=alpha"]}`, env: map[string][]string{"invocatorPrincipalUuid": {"id=demo,ou=user,o=alpha,dc=x"}}, want: true},
		{name: "hours", rule: `{"type":"SimpleTime","startTime":"09:00","endTime":"17:00","enforcementTimeZone":"GMT"}`, want: true, ttl: at(noon.Add(5 * time.Hour))},
		{name: "over", rule: `{"type":"SimpleTime","startTime":"09:00","endTime":"12:00","enforcementTimeZone":"GMT"}`, ttl: at(noon.Add(21 * time.Hour))},
		{name: "over midnight", rule: `{"type":"SimpleTime","startTime":"22:00","endTime":"13:00"}`, want: true, ttl: at(noon.Add(time.Hour))},
		{name: "elsewhere", rule: `{"type":"SimpleTime","startTime":"13:00","endTime":"14:00","enforcementTimeZone":"GMT+1:30"}`, want: true, ttl: at(noon.Add(30 * time.Minute))},
		{name: "caller's zone", rule: `{"type":"SimpleTime","startTime":"07:00","endTime":"08:00"}`, env: map[string][]string{"requestTimeZone": {"America/New_York"}}, want: true, ttl: at(noon.Add(time.Hour))},
		{name: "days", rule: `{"type":"SimpleTime","startDay":"mon","endDay":"fri"}`, want: true, ttl: at(noon.Add(12 * time.Hour))},
		{name: "weekend", rule: `{"type":"SimpleTime","startDay":"sat","endDay":"sun"}`, ttl: at(noon.Add(12 * time.Hour))},
		{name: "round the week", rule: `{"type":"SimpleTime","startDay":"thu","endDay":"mon"}`, want: true, ttl: at(noon.Add(12 * time.Hour))},
		{name: "dates", rule: `{"type":"SimpleTime","startDate":"2027:1:15","endDate":"2027:01:15"}`, want: true, ttl: at(noon.Add(12 * time.Hour))},
		{name: "past", rule: `{"type":"SimpleTime","endDate":"2027:01:14"}`, ttl: at(noon.Add(12 * time.Hour))},
		{name: "all", rule: `{"type":"AND","conditions":[{"type":"AuthLevel","authLevel":2},{"type":"AuthenticateToService","authenticateToService":"Login"}]}`, advice: "AuthLevelConditionAdvice=2"},
		{name: "any", rule: `{"type":"OR","conditions":[{"type":"AuthLevel","authLevel":2},{"type":"AuthLevel","authLevel":1}]}`, want: true},
		{name: "not", rule: `{"type":"NOT","condition":{"type":"AuthLevel","authLevel":2}}`, want: true},
		{name: "not what holds", rule: `{"type":"NOT","condition":{"type":"AuthLevel","authLevel":1}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := decide(t, Question{Subject: demo(), Environment: tt.env}, rule(`{"type":"AuthenticatedUsers"}`, tt.rule))
			advice := ""
			for name, values := range d.Advices {
				advice += name + "=" + strings.Join(values, ",")
			}
			ttl := tt.ttl
			if ttl == 0 && tt.advice == "" {
				ttl = Forever
			}
			if d.Actions["GET"] != tt.want || advice != tt.advice || d.TTL != ttl {
				t.Errorf("%v, advice %q, ttl %d; want %v, %q, %d", d.Actions, advice, d.TTL, tt.want, tt.advice, ttl)
			}
		})
	}
}

func TestCombining(t *testing.T) {
	everybody := `"subject":{"type":"AuthenticatedUsers"}`
	d := decide(t, Question{Subject: demo()},
		`{"name":"a","active":true,"resources":["https://a/*"],"actionValues":{"GET":true,"POST":true},`+everybody+`,"resourceAttributes":[{"type":"User","propertyName":"mail"},{"type":"Static","propertyName":"x","propertyValues":["1"]},{"type":"User","propertyName":"none"}]}`,
		`{"name":"b","active":true,"resources":["https://a/b"],"actionValues":{"POST":false},`+everybody+`,"resourceAttributes":[{"type":"Static","propertyName":"x","propertyValues":["1","2"]}]}`,
		`{"name":"c","active":false,"resources":["https://a/b"],"actionValues":{"GET":false},`+everybody+`}`,
		`{"name":"d","active":true,"resources":["https://other/b"],"actionValues":{"GET":false},`+everybody+`}`)
	if want := map[string]bool{"GET": true, "POST": false}; !reflect.DeepEqual(d.Actions, want) {
		t.Errorf("actions = %v, want %v", d.Actions, want)
	}
	if want := map[string][]string{"mail": {"demo@example.com"}, "x": {"1", "2"}}; !reflect.DeepEqual(d.Attributes, want) {
		t.Errorf("attributes = %v, want %v", d.Attributes, want)
	}
}

func TestRefusedPolicies(t *testing.T) {
	deep := strings.Repeat(`{"type":"NOT","condition":`, 30) + `{"type":"AuthLevel","authLevel":1}` + strings.Repeat("}", 30)
	wide := `{"type":"OR","conditions":[` + strings.Repeat(`{"type":"AuthLevel","authLevel":1},`, 300) + `{"type":"AuthLevel","authLevel":1}]}`
	for _, c := range []string{
		deep, wide, `{}`, `[]`, `{"type":"AND","conditions":[]}`, `{"type":"NOT"}`, `{"type":"AuthLevel"}`, `{"type":"AuthLevel","authLevel":1.5}`,
		`{"type":"Session"}`, `{"type":"Session","maxSessionTime":5,"terminateSession":true}`, `{"type":"SessionProperty"}`, `{"type":"AuthScheme"}`,
		`{"type":"IPv4"}`, `{"type":"IPv4","startIp":"2001:db8::1"}`, `{"type":"IPv4","startIp":"192.0.2.9","endIp":"192.0.2.1"}`, `{"type":"IPv4","dnsName":["a*"]}`,
		`{"type":"SimpleTime","startTime":"09:00"}`, `{"type":"SimpleTime","startTime":"25:00","endTime":"26:00"}`, `{"type":"SimpleTime","startDay":"x","endDay":"y"}`,
		`{"type":"SimpleTime","enforcementTimeZone":"Nowhere"}`, `{"type":"SimpleTime","enforcementTimeZone":"Local"}`, `{"type":"SimpleTime","startDate":"tomorrow"}`,
	} {
		if _, err := Parse([]byte(rule(`{"type":"NONE"}`, c))); err == nil {
			t.Errorf("%.60s is no error", c)
		}
	}
	for _, kind := range []string{"Script", "LDAPFilter", "ResourceEnvIP", "Policy", "IdmUser"} {
		_, err := Parse([]byte(rule(`{"type":"NONE"}`, fmt.Sprintf(`{"type":%q}`, kind))))
		if !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for _, s := range []string{`{"type":"Policy"}`, `{"type":"AND","subjects":[]}`, `{"type":"JwtClaim"}`, `"x"`, `{"type":"Identity","subjectValues":[1]}`} {
		if _, err := Parse([]byte(rule(s, ""))); err == nil {
			t.Errorf("%s is no error", s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(rule(`{"type":"OR","subjects":[{"type":"AuthenticatedUsers"}]}`, `{"type":"SimpleTime","startTime":"09:00","endTime":"17:00","enforcementTimeZone":"GMT+5"}`))
	f.Add(rule(`{"type":"NOT","subject":{"type":"NONE"}}`, `{"type":"IPv6","startIp":"::1%a"}`))
	f.Fuzz(func(t *testing.T, body string) {
		if p, err := Parse([]byte(body)); err == nil {
			Decide([]*Policy{p}, &Question{Resource: "https://a/b", Subject: demo(), Now: noon})
		}
	})
}
