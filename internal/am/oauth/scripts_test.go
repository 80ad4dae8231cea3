package oauth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Shipped scripts, which run once somebody has changed them.
const (
	mayActScript        = "c735de08-f8f2-4e69-aa4a-2d8d3d438323"
	modificationScript  = "d22f9a0c-426a-4466-b95e-d0f125b0d5fa"
	claimsScript        = "36863ffb-40ec-48b9-94b1-9a99f71cc3b5"
	validateScopeScript = "25e6c06d-cf70-473b-bd28-26931edc476b"
)

func (w *world) editScript(rl, id string) {
	w.t.Helper()
	body, _ := json.Marshal(map[string]string{"script": base64.StdEncoding.EncodeToString([]byte("// changed"))})
	w.put(rl, store.KindScript, id, string(body))
}

// fakeScripts stands for what scripts do.
type fakeScripts struct {
	mayAct string
	modify func(in *oauth.ScriptInput, t *store.Token) map[string]json.RawMessage
	claims map[string]any
	drop   []string // scopes that the validation script drops
	issuer *realm.TrustedIssuer
	err    error
}

func (f *fakeScripts) into(o *oauth.Options) { o.Scripts = f }

func (f *fakeScripts) MayAct(_ context.Context, _ *realm.Script, _ *oauth.ScriptInput, t *store.Token) error {
	if f.mayAct != "" {
		t.MayAct = json.RawMessage(f.mayAct)
	}
	return f.err
}

func (f *fakeScripts) ModifyAccessToken(_ context.Context, _ *realm.Script, in *oauth.ScriptInput, t *store.Token) (map[string]json.RawMessage, error) {
	if f.modify == nil {
		return nil, f.err
	}
	return f.modify(in, t), f.err
}

func (f *fakeScripts) Claims(_ context.Context, _ *realm.Script, _ *oauth.ClaimsInput) (*oauth.Claims, error) {
	return &oauth.Claims{Values: f.claims}, f.err
}

func (f *fakeScripts) ValidateScope(_ context.Context, _ *realm.Script, in *oauth.ScopeInput) ([]string, error) {
	return slices.DeleteFunc(slices.Clone(in.Requested), func(s string) bool { return slices.Contains(f.drop, s) }), f.err
}

func (f *fakeScripts) EvaluateScope(context.Context, *realm.Script, *oauth.ScriptInput, *store.Token) (map[string]any, error) {
	return map[string]any{"evaluated": "yes"}, f.err
}

func (f *fakeScripts) Register(context.Context, *realm.Script, *oauth.RegistrationInput) (*realm.Client, error) {
	return nil, f.err
}

func (f *fakeScripts) JWTIssuer(context.Context, *realm.Script, *realm.Realm, string) (*realm.TrustedIssuer, error) {
	return f.issuer, f.err
}

func (f *fakeScripts) AuthorizeData(context.Context, *realm.Script, *oauth.ScriptInput) (map[string]string, error) {
	return nil, f.err
}
