package filters

import (
	"github.com/google/uuid"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// interactionHeader is the field by which parties name one exchange of theirs
// (FAPI 1.0 Baseline §6.2.1).
const interactionHeader = "X-Fapi-Interaction-Id"

// maxInteractionID bounds what a client may have the gateway repeat: UUIDs have 36 characters.
const maxInteractionID = 128

type fapiInteractionConfig struct{}

// fapiInteraction gives a request the id of its interaction where the client gave none,
// and repeats it in the response.
var fapiInteraction = heap.Define("FapiInteractionIdFilter", func(*fapiInteractionConfig, *heap.Env) (chain.Filter, error) {
	return chain.FilterFunc(func(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
		id := x.Request.Header.Get(interactionHeader)
		if id == "" || len(id) > maxInteractionID {
			id = uuid.NewString()
			x.Request.Header.Set(interactionHeader, id)
		}
		resp, err := next.Handle(x)
		if err == nil {
			resp.Header.Set(interactionHeader, id)
		}
		return resp, err
	}), nil
})
