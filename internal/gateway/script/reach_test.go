package script

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
)

// echo answers with what it got; paths choose the kind of answer.
var echo = chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
	r := chain.NewResponse(200)
	switch x.Request.URI.Path() {
	case "/missing":
		r = chain.NewResponse(404)
	case "/broken":
		r = chain.NewResponse(503)
	case "/moved":
		r = chain.NewResponse(302)
		r.Header.Set("Location", "/there?n=1")
		return r, nil
	case "/away":
		r = chain.NewResponse(302)
		r.Header.Set("Location", "http://other.example.com/there")
		return r, nil
	case "/port":
		r = chain.NewResponse(302)
		r.Header.Set("Location", "http://h.example.com:8080/there")
		return r, nil
	case "/loop":
		r = chain.NewResponse(302)
		r.Header.Set("Location", "/loop")
		return r, nil
	case "/down":
		return chain.Fail(502, errors.New("no route")), nil
	}
	r.Header["X-Multi"] = []string{"first", "last"}
	body := x.Request.Method + " " + x.Request.URI.String() + " " + x.Request.Header.Get("X-Sent") + x.Request.Header.Get("Authorization")
	if !x.Request.Entity.Empty() {
		body += " " + x.Request.Header.Get("Content-Type") + " " + x.Request.Entity.String()
	}
	r.Entity.SetBytes([]byte(body))
	return r, nil
})

func TestURLConnections(t *testing.T) {
	const open = "HttpURLConnection k = (HttpURLConnection) new URL('http://h.example.com%s').openConnection()\n"
	at := func(path, rest string) string { return strings.Replace(open, "%s", path, 1) + rest }
	for _, c := range []struct{ name, src, want string }{
		{"get", at("/a", "k.setRequestProperty('X-Sent', 'v'); say \"${k.responseCode} ${k.inputStream.text}\""), "200 GET http://h.example.com/a v"},
		{"request properties", at("/a", "k.addRequestProperty('X-Sent', 'v'); k.requestProperty('X') ; say 'no'"), ""},
		{"post", at("/a", "k.requestMethod = 'POST'; k.doOutput = true; k.setRequestProperty('Content-Type', 'text/plain')\nk.outputStream.withCloseable { it.write('body'.bytes) }\nsay k.inputStream.getText('UTF-8')"), "POST http://h.example.com/a  text/plain body"},
		{"writing makes it a post", at("/a", "k.doOutput = true; new OutputStreamWriter(k.outputStream).withCloseable { it << 'a=1' }; say k.inputStream.text"), "POST http://h.example.com/a  application/x-www-form-urlencoded a=1"},
		{"output must be announced", at("/a", "try { k.outputStream } catch (java.net.ProtocolException e) { say 'refused' }"), "refused"},
		{"not found", at("/missing", "try { k.inputStream } catch (FileNotFoundException e) { say \"${k.responseCode} ${k.errorStream.text.length() > 0}\" }"), "404 true"},
		{"server error", at("/broken", "try { k.inputStream } catch (IOException e) { say e.message }"), "Server returned HTTP response code: 503 for URL: http://h.example.com/broken"},
		{"no error stream", at("/a", "k.connect(); say \"${k.errorStream}\""), "null"},
		{"unreachable", at("/down", "try { k.responseCode } catch (ConnectException e) { say e.message }"), "no route"},
		{"redirect followed", at("/moved", "say k.inputStream.text + k.URL"), "GET http://h.example.com/there?n=1 http://h.example.com/there?n=1"},
		{"redirect not followed", at("/moved", "k.instanceFollowRedirects = false; say k.responseCode + k.getHeaderField('location')"), "302/there?n=1"},
		{"redirect drops credentials", at("/away", "k.setRequestProperty('Authorization', 'secret'); say k.inputStream.text"), "GET http://other.example.com/there "},
		{"redirect to another port drops credentials", at("/port", "k.setRequestProperty('Authorization', 'secret'); say k.inputStream.text"), "GET http://h.example.com:8080/there "},
		{"redirect loop", at("/loop", "try { k.responseCode } catch (java.net.ProtocolException e) { say 'loop' }"), "loop"},
		{"fields", at("/a", "say k.headerFields['X-Multi'].join('+') + k.getHeaderField('X-Multi') + k.headerFields[null][0] + k.getHeaderFieldKey(0)"), "first+lastlastHTTP/1.1 200 OKnull"},
		{"too late", at("/a", "k.responseCode; try { k.requestMethod = 'POST' } catch (IllegalStateException e) { say 'late' }"), "late"},
		{"method unknown", at("/a", "try { k.requestMethod = 'PATCH' } catch (java.net.ProtocolException e) { say 'no' }"), "no"},
		{"constants", "say '' + (HttpURLConnection.HTTP_NOT_FOUND == 404)", "true"},
		{"text of a URL", "say new URL('http://h.example.com/t').text", "GET http://h.example.com/t "},
		{"text with settings", "say new URL('http://h.example.com/t').getText(connectTimeout: 100, readTimeout: 100, requestProperties: ['X-Sent': 'p'], 'UTF-8')", "GET http://h.example.com/t p"},
		{"other schemes", "try { new URL('file:///etc/hostname').text } catch (SecurityException e) { say 'refused' }", "refused"},
		{"secure ones have their class", "say new URL('https://h.example.com/').openConnection().class.name", "javax.net.ssl.HttpsURLConnection"},
		{"in a callback", "return http.send(request).then { r -> say(new URL('http://h.example.com/cb').text) }", "GET http://h.example.com/cb "},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newRig(t)
			g.client = echo
			s := g.source(c.src + "\n" + sayMethod)
			if c.want == "" {
				if _, err := s.Handle(newExchange("/")); err == nil {
					t.Error("no error")
				}
				return
			}
			if _, body := respond(t, s, newExchange("/")); body != c.want {
				t.Errorf("answer = %q, want %q", body, c.want)
			}
		})
	}
}

func TestFilesOfScripts(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"role-id": " r1 \n", "two.txt": "a\nb\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ name, src, want string }{
		{"text", "say new File(dir + '/role-id').text.trim() + new File(dir, 'role-id').getText('UTF-8').length()", "r15"},
		{"lines", "def out = []; new File(dir, 'two.txt').eachLine { out << it }; say out.join() + new File(dir, 'two.txt').readLines().size()", "ab2"},
		{"streams", "say new FileInputStream(new File(dir, 'two.txt')).withCloseable { it.bytes.length } + new BufferedReader(new FileReader(dir + '/two.txt')).readLine()", "4a"},
		{"about", "def f = new File(dir, 'two.txt'); say \"${f.name} ${f.exists()} ${f.isFile()} ${f.length()} ${f.parentFile.isDirectory()} ${new File(dir).list().sort()} ${new File('x/none').exists()}\"", "two.txt true true 4 true [role-id, two.txt] false"},
		{"missing", "try { new File(dir, 'none').text } catch (FileNotFoundException e) { say e.message.contains('none (no such file') as String }", "true"},
		{"folders are not read", "try { new File(dir).text } catch (IOException e) { say 'refused' }", "refused"},
		{"not written", "try { new File(dir, 'new').text = 'x' } catch (SecurityException e) { say 'refused' }", "refused"},
		{"not removed", "try { new File(dir, 'two.txt').delete() } catch (SecurityException e) { say \"${new File(dir, 'two.txt').exists()}\" }", "true"},
		{"properties of a file", "def p = new Properties(); new File(dir, 'two.txt').withInputStream { p.load(it) }; say p.keySet().sort().join()", "ab"},
		{"folders of the instance", "say new File(openig.configDirectory, 'two.txt').exists() as String", "true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newRig(t)
			g.instance = dir
			g.vars["dir"] = dir
			g.vars["openig"] = map[string]any{"configDirectory": expr.File(dir)}
			if _, body := respond(t, g.source(c.src+"\n"+sayMethod), newExchange("/")); body != c.want {
				t.Errorf("answer = %q, want %q", body, c.want)
			}
		})
	}
}

// Files outside the instance folder are out of reach, by any way to name them.
func TestFilesElsewhere(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, src := range []string{
		"new File(secret).text", "new FileInputStream(secret)", "new FileReader(secret)", "new File(dir, 'link').text",
		"new File(dir + '/../' + new File(secret).parentFile.name + '/secret').text", "new File('/etc/hostname').text",
	} {
		g := newRig(t)
		g.instance = dir
		g.vars["dir"], g.vars["secret"] = dir, secret
		_, body := respond(t, g.source("try { "+src+"; say 'read' } catch (SecurityException e) { say 'refused' }\n"+sayMethod), newExchange("/"))
		if body != "refused" {
			t.Errorf("%s: %s", src, body)
		}
	}
	g := newRig(t)
	g.instance = dir
	g.vars["secret"] = secret
	if _, body := respond(t, g.source("def f = new File(secret); say \"${f.exists()} ${f.length()} ${f.parentFile.list()}\"\n"+sayMethod), newExchange("/")); body != "false 0 null" {
		t.Errorf("what is elsewhere shows: %s", body)
	}
}

func TestWhatScriptsOpenEndsWithThem(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	g := newRig(t)
	g.instance = dir
	g.vars["path"] = path
	if _, err := g.source("for (int i = 0; i < 100; i++) { new FileInputStream(path) }").Handle(newExchange("/")); err == nil || !strings.Contains(err.Error(), "more than 64") {
		t.Errorf("too many files = %v", err)
	}
}

func TestEnvironmentOfScripts(t *testing.T) {
	g := newRig(t)
	g.env = map[string]string{"STAGE": "blue"}
	g.system = map[string]string{"app.mode": "m"}
	_, body := respond(t, g.source("say System.getenv('STAGE') + System.getenv().STAGE + System.getenv('NONE') + System.getProperty('app.mode')\n"+sayMethod), newExchange("/"))
	if body != "bluebluenullm" {
		t.Errorf("answer = %q", body)
	}
}
