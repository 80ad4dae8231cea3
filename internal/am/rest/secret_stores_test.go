package rest_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
)

// own-keys.p12 has a key of the curve P-256 under the alias "signing"; its password is "of-the-test".
func TestSecretStores(t *testing.T) {
	const stores = "/realm-config/secrets/stores"
	const keystore = stores + "/KeyStoreSecretStore/own"
	const label = "am.services.oauth2.stateless.signing.ES256"
	s := newSite(t)
	admin, dir := s.admin(), t.TempDir()
	file, err := filepath.Abs("testdata/own-keys.p12")
	if err != nil {
		t.Fatal(err)
	}
	body := func(file, password string) map[string]any {
		return map[string]any{"file": file, "storePassword": password}
	}
	kid := func(sign func(*realm.Keys) (string, error)) string {
		t.Helper()
		r, _ := s.realms.Find("/")
		kid, err := sign(r.Keys())
		if err != nil {
			t.Fatal(err)
		}
		return kid
	}
	token := func(k *realm.Keys) (string, error) {
		signer, err := k.TokenSigner(context.Background(), "ES256", "")
		if err != nil {
			return "", err
		}
		text, err := signer.Sign([]byte("{}"))
		head, _, _ := strings.Cut(text, ".")
		return head, err
	}
	id := func(k *realm.Keys) (string, error) {
		key, err := k.Active(context.Background(), realm.LabelES256)
		return key.ID, err
	}
	before, idBefore := kid(token), kid(id)

	const files = stores + "/FileSystemSecretStore/passwords"
	admin("PUT", files, map[string]any{"directory": "here"}).refused(t, 400, "directory: an absolute path is needed")
	admin("PUT", files, map[string]any{"directory": dir, "format": "ENCRYPTED_PLAIN"}).want(t, 501)
	admin("PUT", files, map[string]any{"directory": dir, "suffix": ".pass"}).want(t, 201)
	for name, text := range map[string]string{"right.pass": "of-the-test\n", "wrong.pass": "of-another"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	admin("PUT", keystore, body("own-keys.p12", "right")).refused(t, 400, "file: an absolute path is needed")
	admin("PUT", keystore, body(filepath.Join(dir, "missing"), "right")).want(t, 400)
	admin("PUT", keystore, body(file, "unknown")).refused(t, 400, `Unable to save config: no secret store has the secret "unknown"`)
	admin("PUT", keystore, body(file, "wrong")).want(t, 400)
	admin("PUT", keystore, body(file, "../"+filepath.Base(dir)+"/right")).want(t, 400)
	admin("PUT", keystore, map[string]any{"file": file, "storetype": "BKS"}).want(t, 501)
	made := admin("PUT", keystore, body(file, "right")).want(t, 201)
	if at(made, "_type", "_id") != "KeyStoreSecretStore" || made["storePassword"] != "right" || made["_rev"] == nil {
		t.Errorf("made %v", made)
	}

	mappings := keystore + "/mappings"
	create := mappings + "?_action=create"
	mapping := func(label string, aliases ...string) map[string]any {
		return map[string]any{"secretId": label, "aliases": aliases}
	}
	admin("POST", create, mapping("no.such.label", "1")).want(t, 400)
	admin("POST", create, mapping(label)).want(t, 400)
	admin("POST", create, mapping(label, "missing")).refused(t, 400, `Unable to save config: the key store has no entry "missing"`)
	const alias = "signing"
	admin("POST", create, mapping("am.services.oauth2.stateless.signing.ES384", alias)).want(t, 400) // another curve
	admin("POST", create, mapping("am.services.oauth2.stateless.signing.RSA", alias)).want(t, 400)
	admin("POST", create, mapping("am.services.oauth2.stateless.token.encryption", alias)).want(t, 400)
	admin("POST", create, mapping(label, alias)).want(t, 201)
	admin("POST", create, mapping(label, alias)).want(t, 409)
	if list := admin("GET", mappings+"?_queryFilter=true", nil).want(t, 200)["result"].([]any); len(list) != 1 || at(list[0], "_id") != label {
		t.Errorf("mappings %v", list)
	}

	after, idAfter := kid(token), kid(id)
	if after == before {
		t.Error("tokens are signed with the key from before")
	}
	if idAfter != idBefore {
		t.Error("the key of ID tokens changed with that of access tokens")
	}
	r, _ := s.realms.Find("/")
	if _, err := r.Keys().Rotate(context.Background(), label, time.Now()); err == nil {
		t.Error("a key in a key store was rotated")
	}

	admin("DELETE", mappings+"/"+label, nil).want(t, 200)
	admin("GET", mappings+"/"+label, nil).want(t, 404)
	if kid(token) != before {
		t.Error("without the mapping the former key does not come back")
	}
	admin("DELETE", keystore, nil).want(t, 200)
	admin("GET", keystore, nil).want(t, 404)
	admin("DELETE", stores+"/KeyStoreSecretStore/default-keystore", nil).want(t, 501)
	admin("POST", stores+"/KeyStoreSecretStore/default-keystore/mappings?_action=create", mapping(label, alias)).want(t, 501)
	admin("GET", stores+"/NoSuchStore/x", nil).want(t, 404)
}
