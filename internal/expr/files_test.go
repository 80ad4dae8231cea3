package expr

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.txt", "one\r\ntwo\n")
	write("utf16.txt", "\xfe\xff\x00h\x00\xe4")
	write("latin.txt", "h\xe4")
	write("big.txt", strings.Repeat("x", MaxFile+1))
	write("p.properties", "# comment\n! other\n\nkey = value\nlong=a \\\n   b\n k2:v2\numl\\u00e4ut=\\uD83D\\uDE00\\t|\nalone\nsp\\ ace x y\n=none\n")
	write("bad.properties", `a=\u12`)
	if err := os.Mkdir(filepath.Join(dir, "sub dir"), 0o700); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		src  string
		want Value
	}{
		{`${read('a.txt')}`, "one\ntwo"},
		{`${read(dir.concat('/a.txt'))}`, "one\ntwo"},
		{`${read('none.txt')}`, nil},
		{`${read('sub dir')}`, nil},
		{`${read('/dev/zero')}`, nil},
		{`${read('big.txt')}`, nil},
		{`${readWithCharset('utf16.txt', 'utf-16')}`, "hä"},
		{`${readWithCharset('latin.txt', 'ISO-8859-1')}`, "hä"},
		{`${read('latin.txt')}`, "h\uFFFD"},
		{`${readWithCharset('a.txt', 'nope')}`, nil},
		{`${readProperties('p.properties')}`, map[string]any{
			"key": "value", "long": "a b", "k2": "v2", "umläut": "😀\t|", "alone": "", "sp ace": "x y", "": "none",
		}},
		{`${readProperties('bad.properties')}`, nil},
		{`${pathToUrl('sub dir')}`, "file:" + (&url.URL{Path: dir}).EscapedPath() + "/sub%20dir/"},
		{`${fileToUrl(file)}`, "file:" + (&url.URL{Path: dir}).EscapedPath() + "/"},
		{`${file.name}`, filepath.Base(dir)},
		{`${file.getParent()}`, filepath.Dir(dir)},
		{`${file}`, File(dir)},
		{`${file}/x`, dir + "/x"},
	}
	for _, tt := range tests {
		tmpl, err := Compile(tt.src, &Env{ReadDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		got, err := tmpl.EvalErr(scope{"dir": dir, "file": File(dir)})
		if err != nil {
			t.Errorf("%s: %v", tt.src, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: want -, got +\n%s", tt.src, diff)
		}
	}
}

// A file is read at each evaluation, not once.
func TestReadIsNotFolded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	tmpl := compileTest(t, `${read('`+path+`')}`)
	for _, content := range []string{"1", "2"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if v := tmpl.Eval(nil); v != content {
			t.Errorf("got %v, want %s", v, content)
		}
	}
}

func TestCertificates(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "client", Organization: []string{"Example"}},
		NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(2e9, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	s := scope{
		"escaped": url.QueryEscape(text), "header": ":" + base64.StdEncoding.EncodeToString(der) + ":",
		"chain": "text before\n" + text + text,
	}
	for _, src := range []string{`${pemCertificate(urlDecode(escaped))}`, `${derCertificate(header)}`, `${pemCertificate(chain)}`} {
		c, ok := compileTest(t, src).Eval(s).(*x509.Certificate)
		if !ok || c.SerialNumber.Int64() != 7 {
			t.Errorf("%s = %v", src, c)
		}
	}
	properties := map[string]Value{
		`${derCertificate(header).subjectDN}`:                 "CN=client,O=Example",
		`${derCertificate(header).getSerialNumber()}`:         "7",
		`${derCertificate(header).notAfter.epochSeconds}`:     int64(2e9),
		`${derCertificate(header).nope}`:                      nil,
		`${derCertificate(header)}!`:                          "CN=client,O=Example!",
		`${derCertificate(header) == derCertificate(header)}`: true,
		`${length(derCertificate(header).encoded)}`:           int64(len(der)),
	}
	for src, want := range properties {
		if got := compileTest(t, src).Eval(s); got != want {
			t.Errorf("%s = %v, want %v", src, got, want)
		}
	}
}

func TestProcessRoots(t *testing.T) {
	t.Setenv("EXPR_TEST", "set")
	for src, want := range map[string]Value{
		`${env['EXPR_TEST']}`: "set", `${env.EXPR_NONE}`: nil, `${system['file.separator']}`: "/",
		`${system['java.io.tmpdir']}`: strings.TrimSuffix(os.TempDir(), "/"), `${empty system['user.home']}`: false,
		`${env.containsKey('EXPR_TEST')}`: true,
	} {
		tmpl, err := Compile(src, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := tmpl.Eval(nil); got != want {
			t.Errorf("%s = %v, want %v", src, got, want)
		}
	}
}
