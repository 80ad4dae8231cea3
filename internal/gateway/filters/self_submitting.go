package filters

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"

	"gatehouse/internal/gateway/chain"
)

// submitPage is a page with a form that sends itself. Without JavaScript the user sees
// a message and a button.
var submitPage = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html><head><meta charset="UTF-8"><title></title></head><body>
<form id="form" method="post" action="{{.Action}}">
{{range .Fields}}<input type="hidden" id="{{.Name}}" name="{{.Name}}" value="{{.Value}}">
{{end}}<noscript><p>{{.Message}}</p>{{if .Button}}<button>&gt;</button>{{end}}</noscript>
</form>
<script>{{.Script}}</script>
</body></html>
`))

type submission struct {
	Action  string
	Fields  []submissionField
	Message string
	// Button lets the user send the form where JavaScript is off.
	Button bool
	Script template.JS
}

type submissionField struct{ Name, Value string }

// page is the response; nothing but its own script runs on it.
func (s submission) page() (*chain.Response, error) {
	var b bytes.Buffer
	if err := submitPage.Execute(&b, s); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(s.Script))
	resp := chain.NewResponse(200)
	resp.Header["Content-Type"] = []string{"text/html; charset=UTF-8"}
	resp.Header["Content-Security-Policy"] = []string{"default-src 'none'; base-uri 'none'; frame-ancestors 'none'; script-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'"}
	resp.Header["X-Content-Type-Options"] = []string{"nosniff"}
	resp.Header["Cache-Control"] = []string{"no-store"}
	resp.Entity.SetBytes(b.Bytes())
	return resp, nil
}
