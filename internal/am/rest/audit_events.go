package rest

import "gatehouse/internal/am/store"

// auditEvents are the last audit events of this node of the server, of all realms, the newest first (no interface of
// PingAM, whose events are in files and databases alone). They are read only.
func (s *Server) auditEvents() []*Resource {
	events := func() ([]Object, error) {
		if s.Audited == nil {
			return nil, unsupported("Reading audit events")
		}
		return s.Audited()
	}
	return []*Resource{{
		Path: "global-config/gatehouse/audit", Version: "1.0", Global: true, Unversioned: true, Counted: true,
		Query: func(*Call) ([]Object, error) { return events() },
		Read: func(_ *Call, id string) (Object, error) {
			all, err := events()
			if err != nil {
				return nil, err
			}
			for _, o := range all {
				if o["_id"] == id {
					return o, nil
				}
			}
			return nil, store.ErrNotFound
		},
	}}
}
