package handlers

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/jose"
)

// build makes a handler; problems are "PATH: MESSAGE" a line.
func declared(t *testing.T, declaration string, env map[string]string) (chain.Handler, string) {
	t.Helper()
	n, err := conf.Parse("x.json", []byte(`[{"name":"it",`+strings.TrimPrefix(declaration, "{")+`]`))
	if err != nil {
		t.Fatal(err)
	}
	errs := &conf.Errors{}
	h := heap.New(heap.Options{
		Name: "route", Catalog: heap.NewCatalog(All, secrets.All), Errs: errs, Bindings: heap.NewBindings(nil, nil), Declared: n,
		Services: &heap.Services{
			Logger: slog.New(slog.DiscardHandler), Now: time.Now,
			Getenv: func(k string) (string, bool) { v, ok := env[k]; return v, ok },
			System: func(string) (string, bool) { return "", false },
		},
	})
	h.BuildAll()
	if err, ok := errs.Err().(*conf.Error); ok {
		var lines []string
		for _, p := range err.Problems {
			lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(p.Path, "[0]"), ".")+": "+p.Msg)
		}
		return nil, strings.Join(lines, "\n")
	}
	v, _ := h.Get("it")
	return v.(chain.Handler), ""
}

func ask(t *testing.T, h chain.Handler, method, uri string, header ...string) *chain.Response {
	t.Helper()
	req := chain.NewRequest()
	req.Method = method
	var err error
	if req.URI, err = chain.ParseURI(uri); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := h.Handle(chain.New(t.Context(), req, &chain.RootContext{ID: "1"}))
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestResourceHandler(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	for name, content := range map[string]string{
		"secret": "s", "first/a.html": "first", "second/a.html": "second", "second/b b.css": "css", "second/sub/c": "c", "second/start.html": "start",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "secret"), filepath.Join(first, "link")); err != nil {
		t.Fatal(err)
	}
	h, problems := declared(t, `{"type":"ResourceHandler","config":{"directories":["`+first+`","`+second+`"],"basePath":"/base/","welcomePages":["none.html","start.html"]}}`, nil)
	if problems != "" {
		t.Fatal(problems)
	}
	tests := map[string]struct {
		method, path string
		status       int
		body, kind   string
	}{
		"first folder wins":  {"GET", "/base/a.html", 200, "first", "text/html; charset=utf-8"},
		"second folder":      {"GET", "/base/b%20b.css", 200, "css", "text/css; charset=utf-8"},
		"no extension":       {"GET", "/base/sub/c", 200, "c", "application/octet-stream"},
		"folder":             {"GET", "/base/sub", 404, "", ""},
		"folder with slash":  {"GET", "/base/sub/", 404, "", ""},
		"welcome page":       {"GET", "/base/", 200, "start", "text/html; charset=utf-8"},
		"out of the folder":  {"GET", "/base/../secret", 404, "", ""},
		"hidden":             {"GET", "/base/%2e%2e/secret", 404, "", ""},
		"absolute":           {"GET", "/base//etc/passwd", 404, "", ""},
		"link out":           {"GET", "/base/link", 404, "", ""},
		"other path":         {"GET", "/other/a.html", 404, "", ""},
		"begins like base":   {"GET", "/baseball", 404, "", ""},
		"method":             {"HEAD", "/base/a.html", 405, "", ""},
		"null byte":          {"GET", "/base/a.html%00", 404, "", ""},
		"backslash":          {"GET", "/base/..%5csecret", 404, "", ""},
		"base without slash": {"GET", "/base?x=1", 302, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			resp := ask(t, h, test.method, "http://a"+test.path)
			r, _ := resp.Entity.Open()
			var body []byte
			if r != nil {
				body, _ = io.ReadAll(r)
			}
			resp.Entity.Close()
			if resp.Status.Code != test.status || string(body) != test.body || resp.Header.Get("Content-Type") != test.kind {
				t.Errorf("%s %s = %d %q %q, want %d %q %q", test.method, test.path, resp.Status.Code, body, resp.Header.Get("Content-Type"), test.status, test.body, test.kind)
			}
			if l := resp.Header.Get("Location"); test.status == 302 && l != "/base/?x=1" {
				t.Errorf("Location is %q", l)
			}
		})
	}
	resp := ask(t, h, "GET", "http://a/base/a.html")
	modified := resp.Header.Get("Last-Modified")
	resp.Entity.Close()
	if resp := ask(t, h, "GET", "http://a/base/a.html", "If-Modified-Since", modified); resp.Status.Code != 304 {
		t.Errorf("not modified: %d", resp.Status.Code)
	}
	if _, problems := declared(t, `{"type":"ResourceHandler"}`, nil); problems != `: the required field "directories" is missing` {
		t.Error(problems)
	}
}

func TestJwkSetHandler(t *testing.T) {
	k, err := jose.Generate(jose.KindP256)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := k.MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"MY_KEY": string(pem), "HMAC_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}
	serve := func(purposes, more string) []any {
		h, problems := declared(t, `{"type":"JwkSetHandler","config":{"secretsProvider":{"type":"SystemAndEnvSecretStore","config":{"mappings":[
			{"secretId":"my.key","format":{"type":"PemPropertyFormat"}},{"secretId":"hmac.key","format":{"type":"SecretKeyPropertyFormat","config":{"algorithm":"HmacSHA256"}}}]}},
			"purposes":[`+purposes+`]`+more+`}}`, env)
		if problems != "" {
			t.Fatal(problems)
		}
		resp := ask(t, h, "GET", "http://a/jwks")
		if resp.Status.Code != 200 || resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("answer is %v %v", resp.Status, resp.Header)
		}
		v, err := resp.Entity.JSON()
		if err != nil {
			t.Fatal(err)
		}
		return v.(map[string]any)["keys"].([]any)
	}
	const exposed = `,"exposePrivateSecrets":true`
	tests := map[string]struct {
		purpose, more string
		keys          int
		use, alg      any
		private       bool
	}{
		"verify":             {`{"secretId":"my.key","keyUsage":"VERIFY","jwkAlgorithm":"ES256"}`, "", 1, "sig", "ES256", false},
		"sign":               {`{"secretId":"my.key","keyUsage":"SIGN"}`, "", 1, "sig", nil, false},
		"sign, exposed":      {`{"secretId":"my.key","keyUsage":"sign"}`, exposed, 1, "sig", nil, true},
		"verify, exposed":    {`{"secretId":"my.key","keyUsage":"VERIFY"}`, exposed, 1, "sig", nil, false},
		"encrypt":            {`{"secretId":"my.key","keyUsage":"ENCRYPT"}`, exposed, 1, "enc", nil, false},
		"decrypt":            {`{"secretId":"my.key","keyUsage":"DECRYPT"}`, exposed, 1, "enc", nil, true},
		"symmetric":          {`{"secretId":"hmac.key","keyUsage":"VERIFY"}`, exposed, 0, nil, nil, false},
		"symmetric, exposed": {`{"secretId":"hmac.key","keyUsage":"SIGN"}`, exposed, 1, "sig", nil, false},
		"symmetric, hidden":  {`{"secretId":"hmac.key","keyUsage":"SIGN"}`, "", 0, nil, nil, false},
		"unknown":            {`{"secretId":"no.key","keyUsage":"SIGN"}`, "", 0, nil, nil, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			keys := serve(test.purpose, test.more)
			if len(keys) != test.keys {
				t.Fatalf("there are %d keys, want %d", len(keys), test.keys)
			}
			if test.keys == 0 {
				return
			}
			key := keys[0].(map[string]any)
			if key["use"] != test.use || key["alg"] != test.alg || key["kid"] == nil {
				t.Errorf("the key is %v", key)
			}
			if _, private := key["d"]; private != test.private {
				t.Errorf("private is %v, want %v", private, test.private)
			}
		})
	}
	for declaration, want := range map[string]string{
		`{"type":"StaticResponseHandler","config":{"status":101,"headers":{"A B":["x"]},"trailers":{"X\n":"x"}}}`: `config.status: expected a number of at least 200, found 101` + "\n" +
			`config.headers["A B"]: "A B" cannot be the name of a header field` + "\n" + `config.trailers["X\n"]: "X\n" cannot be the name of a header field`,
		`{"type":"ResourceHandler","config":{"directories":"${array('/nowhere')}"}}`:                                                               "",
		`{"type":"JwkSetHandler","config":{"purposes":[]}}`:                                                                                        `config: the required field "secretsProvider" is missing` + "\n" + `config.purposes: expected a list of objects, at least 1 of them, found 0`,
		`{"type":"JwkSetHandler","config":{"secretsProvider":{"type":"SystemAndEnvSecretStore"},"purposes":[{"secretId":"a","keyUsage":"LOOK"}]}}`: `config.purposes[0].keyUsage: expected one of AGREE_KEY, ENCRYPT, DECRYPT, SIGN, VERIFY, WRAP_KEY, UNWRAP_KEY, found "LOOK"`,
	} {
		if _, got := declared(t, declaration, nil); got != want {
			t.Errorf("%s gives\n%s\nwant\n%s", declaration, got, want)
		}
	}
}
