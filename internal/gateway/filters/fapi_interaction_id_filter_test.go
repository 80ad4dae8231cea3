package filters

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"gatehouse/internal/gateway/chain"
)

func TestFapiInteractionID(t *testing.T) {
	const field = "X-Fapi-Interaction-Id"
	f := build(t, `{"type":"FapiInteractionIdFilter"}`)
	for name, given := range map[string]string{
		"given": "c770aef3-6784-41f7-8e0e-ff5f97bddb3a", "none": "", "too long": strings.Repeat("x", 129),
	} {
		seen := ""
		x := get(t, "https://app/", field, given)
		resp := pass(t, f, x, chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
			seen = y.Request.Header.Get(field)
			return chain.NewResponse(200), nil
		}))
		if name == "given" {
			want(t, name, seen, given)
		} else if err := uuid.Validate(seen); err != nil {
			t.Errorf("%s: sent on %q: %v", name, seen, err)
		}
		want(t, name+", answered", resp.Header.Get(field), seen)
	}
}
