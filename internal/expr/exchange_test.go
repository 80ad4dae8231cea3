package expr

import (
	"reflect"
	"testing"

	"gatehouse/internal/conf"
)

func TestExchange(t *testing.T) {
	s := scope{
		"request":    map[string]any{"method": "GET", "uri": map[string]any{"path": "/wiki/x"}},
		"response":   map[string]any{"status": map[string]any{"code": int64(302), "reasonPhrase": "Found"}},
		"session":    map[string]any{"user": "bjensen"},
		"attributes": map[string]any{"isOk": true, "creds": []any{map[string]any{"name": "x"}}},
		"contexts":   map[string]any{"client": map[string]any{"remoteUser": "u"}, "router": map[string]any{"originalUri": "http://h/"}},
	}
	tests := []struct {
		src  string
		want Value
	}{
		{"${exchange.request.method}", "GET"},
		{"${exchange['request'].method}", "GET"},
		{"${matches(exchange.request.uri.path, '^/wiki') and exchange.isOk}", true},
		{"${exchange.response.status == 302}", true},
		{"${exchange.response.status.code == 302}", true},
		{"${exchange.response.reason}", "Found"},
		{"${exchange.session.user}", "bjensen"},
		{"${exchange.creds[0]['name']}", "x"},
		{"${exchange['isOk'] ? exchange.clientInfo.remoteUser : ''}", "u"},
		{"${exchange.originalUri}", "http://h/"},
		{"${empty exchange.gone}", true},
		{"${length(exchange)}", int64(2)},
		{"a ${exchange.session.user.concat('!')}", "a bjensen!"},
	}
	for _, tt := range tests {
		t.Run(tt.src, func(t *testing.T) {
			tpl, err := Compile(tt.src, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := tpl.EvalErr(s); err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("= %#v, %v, want %#v", got, err, tt.want)
			}
			if !tpl.Older() {
				t.Error("it does not count as old")
			}
		})
	}
}

func TestExchangeIsAPlace(t *testing.T) {
	attributes := map[string]any{}
	tpl, err := Compile("${exchange.target}", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := tpl.Assign(scope{"attributes": attributes}, "v"); err != nil || attributes["target"] != "v" {
		t.Errorf("Assign: %v, attributes %v", err, attributes)
	}
}

func TestExchangeOfTheConfiguration(t *testing.T) {
	env := &Env{Vars: func(name string) (Value, bool) {
		return map[string]any{"request": "own"}, name == "exchange"
	}}
	tpl, err := Compile("${exchange.request}", env)
	if err != nil {
		t.Fatal(err)
	}
	if got := tpl.Eval(scope{"request": "other"}); got != "own" || tpl.Older() {
		t.Errorf("= %v, older %v, want the configuration's own variable", got, tpl.Older())
	}
}

func TestExchangeWarnsOnce(t *testing.T) {
	n, err := conf.Parse("routes/x.json", []byte(`{"a": "${exchange.x}", "b": ["${exchange.y}", "${request.uri}"]}`))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		A *Template   `conf:"a"`
		B []*Template `conf:"b"`
	}
	d := &conf.Decoder{Errs: &conf.Errors{}}
	if !d.Decode(n, &c) {
		t.Fatal(d.Errs.Err())
	}
	if w := d.Errs.Warnings(); len(w) != 1 || w[0].Path != "a" {
		t.Errorf("warnings %v, want one at a", w)
	}
}

func TestExchangePathPrefix(t *testing.T) {
	tpl, err := Compile("${matches(exchange.request.uri.path, '^/wiki')}", nil)
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := tpl.PathPrefix(); !ok || p != "/wiki" {
		t.Errorf("PathPrefix = %q, %v", p, ok)
	}
}
