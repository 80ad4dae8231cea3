package nodes

import (
	"encoding/json"
	"html"
	"strings"
)

// Scripts are for applications that run what a journey sends them, in a page with an input "webAuthnOutcome" and a
// button "loginButton_0" (PingAM: ScriptTextOutputCallback). Applications with a library for it read the options out
// of their text, so these stand in them as literals, the list of credentials last.

// scriptFields are what stands in a script for ⟨name⟩.
type scriptFields map[string]string

func (f scriptFields) fill(text string) string {
	pairs := make([]string, 0, 2*len(f))
	for name, value := range f {
		pairs = append(pairs, "⟨"+name+"⟩", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// jsText is a string literal.
func jsText(s string) string {
	raw, err := json.Marshal(s) // escapes < > & and the separators that end lines in scripts
	if err != nil {
		return `""`
	}
	return string(raw)
}

func jsRelyingParty(name, domain string) string {
	if domain == "" {
		return ""
	}
	return `"` + name + `": ` + jsText(domain) + ", "
}

const answerScript = `
(function () {
  var field = document.getElementById("webAuthnOutcome"), button = document.getElementById("loginButton_0");
  var text = function (b) { return new TextDecoder().decode(b); };
  var bytes = function (b) { return new Int8Array(b).toString(); };
  var send = function (outcome) {
    field.value = outcome;
    if (button) { button.click(); } else { field.form.submit(); }
  };
  if (!window.PublicKeyCredential) { send("unsupported"); return; }
`

func registrationScript(f scriptFields) string {
	return f.fill(answerScript + `  var publicKey = {
    "challenge": new Int8Array([⟨challenge⟩]).buffer,
    "timeout": ⟨timeout⟩,
    "attestation": ⟨attestation⟩,
    "rp": { ⟨rp⟩ },
    "authenticatorSelection": ⟨selection⟩,
    "user": { "id": Uint8Array.from(⟨handle⟩, function (c) { return c.charCodeAt(0); }), "name": ⟨user⟩, "displayName": ⟨display⟩ },
    "pubKeyCredParams": ⟨algorithms⟩,
    "excludeCredentials": [⟨exclude⟩]
  };
  navigator.credentials.create({ publicKey: publicKey }).then(function (made) {
    send(text(made.response.clientDataJSON) + "::" + bytes(made.response.attestationObject) + "::" + made.id);
  }).catch(function (e) { send("ERROR::" + e); });
})();
`)
}

func authenticationScript(f scriptFields) string {
	allow := ""
	if f["allow"] != "" {
		allow = `,
    "allowCredentials": [⟨allow⟩]`
	}
	return f.fill(answerScript + `  var options = {
    ⟨rp⟩"challenge": new Int8Array([⟨challenge⟩]).buffer,
    "timeout": ⟨timeout⟩,
    "userVerification": ⟨verification⟩` + allow + `
  };
  navigator.credentials.get({ publicKey: options }).then(function (shown) {
    var r = shown.response, outcome = text(r.clientDataJSON) + "::" + bytes(r.authenticatorData) + "::" + bytes(r.signature) + "::" + shown.id;
    send(r.userHandle ? outcome + "::" + text(r.userHandle) : outcome);
  }).catch(function (e) { send("ERROR::" + e); });
})();
`)
}

// recoveryScript shows codes above the form. Libraries find each code in a line of its own, and the device between
// <em> and </em>.
func recoveryScript(codes []string, device string) string {
	var b strings.Builder
	b.WriteString(`/* Recovery Codes */
(function () {
  var list = document.createElement("pre"), note = document.createElement("p");
  list.textContent =
`)
	for _, c := range codes {
		b.WriteString(`    "` + c + `\n" +` + "\n")
	}
	name := strings.ReplaceAll(html.EscapeString(device), `\`, `&#92;`)
	b.WriteString(`    "";
  note.innerHTML = "Keep these recovery codes in a safe place: each signs you in once if you lose <em>` + name + `</em>.";
  var at = document.querySelector("#wrapper fieldset, form") || document.body;
  at.insertBefore(list, at.firstChild);
  at.insertBefore(note, list);
})();
`)
	return b.String()
}
