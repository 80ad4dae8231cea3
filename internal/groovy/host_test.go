package groovy

import (
	"context"
	"errors"
	"strings"
	"testing"
)

type fakeRequest struct{ uri *fakeURI }
type fakeURI struct{ path string }

var fakeURIClass = &Class{Name: "x.Uri",
	Get: map[string]func(Value) (Value, error){"path": func(v Value) (Value, error) { return v.(*fakeURI).path, nil }},
	Set: map[string]func(Value, Value) error{"path": func(v, p Value) error { v.(*fakeURI).path = ToString(p); return nil }},
}
var fakeRequestClass = &Class{Name: "x.Request", Methods: map[string]Method{
	"getUri": func(c *Call) (Value, error) { return c.This.(*fakeRequest).uri, nil },
}}

func (*fakeRequest) GroovyClass() *Class { return fakeRequestClass }
func (*fakeURI) GroovyClass() *Class     { return fakeURIClass }

type fakeClient struct{ sent []string }

var fakeClientClass = &Class{Name: "x.Client", Methods: map[string]Method{
	"send": func(c *Call) (Value, error) {
		if err := c.Want(1, 2); err != nil {
			return nil, err
		}
		r, ok := c.Arg(c.Len() - 1).(*fakeRequest)
		if !ok {
			return nil, c.NoSuchMethod()
		}
		f := c.This.(*fakeClient)
		f.sent = append(f.sent, r.uri.path)
		return "response of " + r.uri.path, nil
	},
	"fail":  func(c *Call) (Value, error) { return nil, Throw("java.io.IOException", "no route to %s", c.Str(0)) },
	"plain": func(c *Call) (Value, error) { return nil, errors.New("went wrong") },
	"then":  func(c *Call) (Value, error) { return c.Invoke(c.Arg(0), "result", 42) },
}}

func (*fakeClient) GroovyClass() *Class { return fakeClientClass }

func seedBinding() *Binding {
	return NewBinding(map[string]Value{"request": &fakeRequest{&fakeURI{"/client-credentials"}}, "http": &fakeClient{}, "context": NewMap()})
}

func TestSeedHandler(t *testing.T) {
	s, err := New(Env{}).Compile("handler.groovy", "request.uri.path = '/oauth2-protected-resource'\nreturn http.send(context, request);")
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Run(context.Background(), seedBinding())
	if err != nil || v != "response of /oauth2-protected-resource" {
		t.Errorf("Run = %v, %v", v, err)
	}
}

func TestSeedMayAct(t *testing.T) {
	var got Value
	json := &Class{Name: "org.forgerock.json.JsonValue", Static: map[string]Method{
		"json": func(c *Call) (Value, error) { return c.Arg(0), nil },
		"object": func(c *Call) (Value, error) {
			m := NewMap()
			for _, a := range c.Args {
				e := a.(*List)
				m.Put(e.At(0), e.At(1))
			}
			return m, nil
		},
		"field": func(c *Call) (Value, error) { return NewList(c.Arg(0), c.Arg(1)), nil },
	}}
	token := &Class{Name: "x.Token", Methods: map[string]Method{"setMayAct": func(c *Call) (Value, error) { got = c.Arg(0); return nil, nil }}}
	src := "import org.forgerock.json.JsonValue\ntoken.setMayAct(\n    JsonValue.json(JsonValue.object(\n        JsonValue.field(\"client_id\", \"serviceConfidentialClient\"))))\n"
	s, err := New(Env{Classes: []*Class{json, token}}).Compile("mayact.groovy", src)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(context.Background(), NewBinding(map[string]Value{"token": plainHost{token}})); err != nil {
		t.Fatal(err)
	}
	if ToString(got) != "[client_id:serviceConfidentialClient]" {
		t.Errorf("may_act = %s", ToString(got))
	}
}

type plainHost struct{ class *Class }

func (h plainHost) GroovyClass() *Class { return h.class }

func TestHostErrors(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"thrown class is caught by its class", "try { http.fail('x') } catch (IOException e) { e.message }", "no route to x"},
		{"a Go error is a RuntimeException", "try { http.plain() } catch (RuntimeException e) { e.message }", "went wrong"},
		{"callback with fewer parameters", "http.then { 'none' }", "none"},
		{"callback with one parameter", "http.then { it + '!' }", "result!"},
		{"callback with all parameters", "http.then { a, b -> a + b }", "result42"},
		{"getter as property and call", "request.getUri().getPath() + request.uri.path", "/client-credentials/client-credentials"},
		{"setter call", "request.uri.setPath(\"/${1 + 1}\"); request.uri.path", "/2"},
		{"missing property", "try { request.nope } catch (MissingPropertyException e) { e.message }", "No such property: nope for class: x.Request"},
		{"missing method", "try { request.nope(1) } catch (MissingMethodException e) { e.message }", "No signature of method: x.Request.nope() is applicable for argument types: (Integer) values: [1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := New(Env{Classes: []*Class{fakeClientClass}}).Compile("t.groovy", c.src)
			if err != nil {
				t.Fatal(err)
			}
			v, err := s.Run(context.Background(), seedBinding())
			if err != nil || ToString(v) != c.want {
				t.Errorf("got %q, %v; want %q", ToString(v), err, c.want)
			}
		})
	}
}

func TestUncaught(t *testing.T) {
	s, err := New(Env{}).Compile("t.groovy", "def f() {\n  throw new IllegalStateException('bad')\n}\nf()\n")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Run(context.Background(), nil)
	var th *Thrown
	if !errors.As(err, &th) {
		t.Fatalf("error %v is no *Thrown", err)
	}
	if th.Class != "java.lang.IllegalStateException" || th.Message != "bad" || len(th.Frames) != 2 || th.Frames[0].Line != 2 || th.Frames[1].Line != 4 {
		t.Errorf("thrown = %+v", th)
	}
	if !strings.Contains(th.Detail(), "throw new IllegalStateException('bad')") {
		t.Errorf("detail lacks the source line:\n%s", th.Detail())
	}
}

type respException struct {
	*Thrown
	code int
}

var respExceptionClass = &Class{Name: "x.ResponseException", Extends: "java.lang.Exception",
	New: func(c *Call) (Value, error) {
		n, _ := c.Int(1)
		return &respException{&Thrown{Class: "x.ResponseException", Message: c.Str(0)}, int(n)}, nil
	},
	Get: map[string]func(Value) (Value, error){"code": func(v Value) (Value, error) { return v.(*respException).code, nil }},
}

func (*respException) GroovyClass() *Class { return respExceptionClass }

var bareExceptionClass = &Class{Name: "x.BareException", Extends: "java.lang.RuntimeException",
	New: func(*Call) (Value, error) { return bareException{}, nil }}

type bareException struct{}

func (bareException) GroovyClass() *Class { return bareExceptionClass }

func TestHostExceptions(t *testing.T) {
	plain := NewException("x.PlainException", "java.io.IOException")
	for _, c := range []struct{ name, src, want string }{
		{"own fields and message", "try { throw new ResponseException('m', 404) } catch (ResponseException e) { e.message + e.code }", "m404"},
		{"caught by superclass", "try { throw new ResponseException('m', 404) } catch (Exception e) { e.class.simpleName }", "ResponseException"},
		{"without embedding", "try { throw new BareException() } catch (RuntimeException e) { \"${e.message}\" }", "null"},
		{"plain class", "try { throw new PlainException('p', new Exception('c')) } catch (IOException e) { e.message + e.cause.message }", "pc"},
		{"extended by a script class", "class E extends PlainException { E(m) { super(m) } }\ntry { throw new E('s') } catch (PlainException e) { e.message }", "s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := New(Env{Classes: []*Class{respExceptionClass, bareExceptionClass, plain}, StarImports: []string{"x"}}).Compile("t.groovy", c.src)
			if err != nil {
				t.Fatal(err)
			}
			v, err := s.Run(context.Background(), nil)
			if err != nil || ToString(v) != c.want {
				t.Errorf("got %q, %v; want %q", ToString(v), err, c.want)
			}
		})
	}
}

func TestCallbackAfterRun(t *testing.T) {
	s, err := New(Env{}).Compile("t.groovy", "def n = 1\nreturn { x -> n += x; n }")
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Run(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	f := v.(*Closure)
	for want := int32(6); want <= 16; want += 5 {
		got, err := f.Call(context.Background(), 5, "ignored")
		if err != nil || got != want {
			t.Errorf("Call = %v, %v; want %d", got, err, want)
		}
	}
}

func TestScriptCall(t *testing.T) {
	s, err := New(Env{}).Compile("t.groovy", "prefix = 'p'\ndef validate(a) { prefix + a + given }")
	if err != nil {
		t.Fatal(err)
	}
	if !s.HasMethod("validate") || s.HasMethod("nope") {
		t.Error("HasMethod is wrong")
	}
	v, err := s.Call(context.Background(), NewBinding(map[string]Value{"given": "g"}), "validate", 1)
	if err != nil || ToString(v) != "p1g" {
		t.Errorf("Call = %v, %v", v, err)
	}
}

func TestConversions(t *testing.T) {
	v := FromGo(map[string]any{"b": []any{1, "x", nil}, "a": map[string]any{"n": 2.5}})
	if got := ToString(v); got != "[a:[n:2.5], b:[1, x, null]]" {
		t.Errorf("FromGo = %s", got)
	}
	back, ok := ToGo(v).(map[string]any)
	if !ok || len(back["b"].([]any)) != 3 || back["b"].([]any)[0] != int64(1) {
		t.Errorf("ToGo = %#v", back)
	}
}

// A host without isCase of its own is a label by equality, and no endless recursion.
func TestHostAsLabel(t *testing.T) {
	s, err := New(Env{}).Compile("label.groovy", "switch (request) { case http: return 'http'; case request: return 'request'; default: return 'none' }")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := s.Run(context.Background(), seedBinding()); err != nil || v != "request" {
		t.Errorf("Run = %v, %v", v, err)
	}
}
