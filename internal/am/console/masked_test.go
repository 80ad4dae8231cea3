package console

import (
	"reflect"
	"testing"
)

// Commands that are shown hold no secret, whatever the settings call theirs, and everything else as it is sent.
func TestCommandsHoldNoSecrets(t *testing.T) {
	in := object{
		"userpassword": "x", "clientSecret": object{"inherited": false, "value": "x"}, "samlPrivateKey": "x", "nested": []any{object{"client_secret": "x", "name": "y"}},
		"password": "", "passwordGrantAuthService": "Login", "moduleMessageEnabledInPasswordGrant": true, "secretLabelIdentifier": "label",
	}
	want := object{
		"userpassword": "…", "clientSecret": "…", "samlPrivateKey": "…", "nested": []any{object{"client_secret": "…", "name": "y"}},
		"password": "", "passwordGrantAuthService": "Login", "moduleMessageEnabledInPasswordGrant": true, "secretLabelIdentifier": "label",
	}
	if got := masked(in); !reflect.DeepEqual(got, want) {
		t.Errorf("shown is %v", got)
	}
}
