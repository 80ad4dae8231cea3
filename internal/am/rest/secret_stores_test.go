package rest_test

import (
	"context"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"

	"gatehouse/internal/am/realm"
)

// keyFile writes a private key as PEM.
func keyFile(t *testing.T, dir string, curve elliptic.Curve) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, strings.ToLower(curve.Params().Name)+".pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestSecretStores(t *testing.T) {
	const stores = "/realm-config/secrets/stores"
	const keystore = stores + "/KeyStoreSecretStore/own"
	const label = "am.services.oauth2.stateless.signing.ES256"
	s := newSite(t)
	admin, dir := s.admin(), t.TempDir()
	file := keyFile(t, dir, elliptic.P256())
	body := func(file string) map[string]any { return map[string]any{"file": file, "storetype": "PEM"} }
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

	admin("PUT", keystore, body("own.pem")).refused(t, 400, "file: an absolute path is needed")
	admin("PUT", keystore, map[string]any{"file": file, "storetype": "BKS"}).want(t, 501)
	admin("PUT", keystore, body(filepath.Join(dir, "missing"))).want(t, 400)
	admin("PUT", keystore, map[string]any{"file": file, "storetype": "PEM", "storePassword": "keys.pass"}).
		refused(t, 400, `Unable to save config: no secret store has the secret "keys.pass"`)
	admin("PUT", stores+"/FileSystemSecretStore/passwords", map[string]any{"directory": "here"}).refused(t, 400, "directory: an absolute path is needed")
	admin("PUT", stores+"/FileSystemSecretStore/passwords", map[string]any{"directory": dir, "format": "ENCRYPTED_PLAIN"}).want(t, 501)
	admin("PUT", stores+"/FileSystemSecretStore/passwords", map[string]any{"directory": dir}).want(t, 201)
	if err := os.WriteFile(filepath.Join(dir, "keys.pass"), []byte("not needed\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	admin("PUT", keystore, map[string]any{"file": file, "storetype": "PEM", "storePassword": "../" + filepath.Base(dir) + "/keys.pass"}).want(t, 400)
	made := admin("PUT", keystore, map[string]any{"file": file, "storetype": "PEM", "storePassword": "keys.pass"}).want(t, 201)
	if at(made, "_type", "_id") != "KeyStoreSecretStore" || made["storePassword"] != "keys.pass" || made["_rev"] == nil {
		t.Errorf("made %v", made)
	}

	mappings := keystore + "/mappings"
	create := mappings + "?_action=create"
	mapping := func(label string, aliases ...string) map[string]any { return map[string]any{"secretId": label, "aliases": aliases} }
	admin("POST", create, mapping("no.such.label", "1")).want(t, 400)
	admin("POST", create, mapping(label)).want(t, 400)
	admin("POST", create, mapping(label, "missing")).refused(t, 400, `Unable to save config: the key store has no entry "missing"`)
	alias := aliasOf(t, file)
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
	if _, err := r.Keys().Rotate(context.Background(), label, s.now()); err == nil {
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
