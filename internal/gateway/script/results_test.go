package script

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestResourceAccess(t *testing.T) {
	g := newRig(t)
	s := g.source("// Scopes by path\nscopes = [ 'mail' ] as Set\nif (request.uri.path =~ /employee$/) {\n  scopes += 'employeenumber'\n}\nreturn scopes")
	for target, want := range map[string][]string{"/rs": {"mail"}, "/rs/employee": {"mail", "employeenumber"}} {
		if got, err := s.Strings(newExchange(target)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v, want %v", target, got, err, want)
		}
	}
	_, err := g.source("throw new ResponseException(new Response(Status.CONFLICT))").Strings(newExchange("/"))
	var answer *ResponseError
	if !errors.As(err, &answer) || answer.Answer().Status.Code != 409 {
		t.Errorf("ResponseException = %v", err)
	}
	for src, want := range map[string]string{"return 'mail'": "a string where a Set of strings", "return null": "null where", "return [1]": "strings in the Set"} {
		if _, err := g.source(src).Strings(newExchange("/")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", src, err, want)
		}
	}
}

func TestAccessTokenResolver(t *testing.T) {
	g := newRig(t)
	s := g.source(`import org.forgerock.http.oauth2.AccessTokenInfo
import org.forgerock.http.oauth2.AccessTokenException
import static org.forgerock.json.JsonValue.*
if (token == 'bad') { throw new AccessTokenException('no') }
new AccessTokenInfo(json(object(field('sub', 'demo'), field('active', true))), token, ['a', 'b'] as Set, AccessTokenInfo.NEVER_EXPIRES)`, "token")
	got, err := s.AccessToken(newExchange("/"), "tok")
	if err != nil || got.Token != "tok" || string(got.Info) != `{"sub":"demo","active":true}` || !reflect.DeepEqual(got.Scopes, []string{"a", "b"}) || got.ExpiresAt != 1<<63-1 {
		t.Errorf("token = %+v, %v", got, err)
	}
	if _, err := s.AccessToken(newExchange("/"), "bad"); err == nil || !strings.Contains(err.Error(), "AccessTokenException: no") {
		t.Errorf("bad token = %v", err)
	}
}

func TestThrottlingPolicy(t *testing.T) {
	g := newRig(t)
	s := g.source("if (request.uri.path == '/a') return new ThrottlingRate(3, '1 minute')\nif (request.uri.path == '/p') return http.send(request).then { new ThrottlingRate(1, '1 s') }\nreturn null")
	for target, want := range map[string]*Rate{"/a": {3, time.Minute}, "/p": {1, time.Second}, "/b": nil} {
		if got, err := s.ThrottlingRate(newExchange(target)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v, want %v", target, got, err, want)
		}
	}
}
