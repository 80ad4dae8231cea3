package am

import (
	"context"
	"encoding/json"
	"errors"

	"gatehouse/internal/am/directory"
	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/rest"
	"gatehouse/internal/am/store"
	"gatehouse/internal/am/transfer"
)

// Transfer calls the administration interface of this server as the administrator, for imports and exports.
func (s *Server) Transfer() transfer.API {
	return transfer.Local{Handler: s, Context: s.contexts[0], Admin: rest.AsAdministrator}
}

// Secrets returns the secrets of an exported object in plain text, by their places in it.
func (s *Server) Secrets(ctx context.Context) func(*transfer.Entity) (map[string]string, error) {
	kinds := map[string]string{
		transfer.Agent: store.KindAgent, transfer.AgentGroup: store.KindAgentGroup, transfer.Service: store.KindService, transfer.Node: journey.KindNode, transfer.GlobalService: store.KindGlobal,
		transfer.SecretStore: store.KindSecretStore, transfer.IDStore: store.KindService, transfer.ServicePart: store.KindService,
	}
	return func(e *transfer.Entity) (map[string]string, error) {
		kind, ok := kinds[e.Kind]
		if !ok {
			return nil, nil
		}
		id := e.ID
		switch e.Kind {
		case transfer.Node:
			id = journey.NodeID(e.Type, e.ID)
		case transfer.ServicePart:
			id = rest.ServicePartID(e.Parent, e.Type, e.ID)
		case transfer.IDStore:
			id = directory.DocID(e.ID)
		}
		d, err := s.realms.Docs().Get(ctx, e.Realm, kind, id)
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil // a shipped one
		}
		if err != nil {
			return nil, err
		}
		var body map[string]any
		if err := json.Unmarshal(d.Body, &body); err != nil {
			return nil, err
		}
		found := map[string]string{}
		return found, s.sealedIn(body, "", found)
	}
}

func (s *Server) sealedIn(o map[string]any, at string, found map[string]string) error {
	for name, v := range o {
		switch v := v.(type) {
		case map[string]any:
			if err := s.sealedIn(v, at+name+"/", found); err != nil {
				return err
			}
		case string:
			if !realm.IsSealed(v) {
				continue
			}
			plain, err := s.realms.OpenSecret(v)
			if err != nil {
				return err
			}
			found[at+name] = plain
		}
	}
	return nil
}
