package am

import (
	"net/http"

	"gatehouse/internal/am/oauth"
)

// webFinger tells the issuer of a realm (OIDC Discovery §2), where the realm's provider offers it.
func (s *Server) webFinger(w http.ResponseWriter, r *http.Request, context string) {
	const rel = "http://openid.net/specs/connect/1.0/issuer"
	q := r.URL.Query()
	a := s.find(r, "")
	if a.realm == nil || !a.realm.Active {
		refuse(w, http.StatusNotFound, "Invalid realm, "+a.missing)
		return
	}
	p, ok := a.realm.Provider()
	switch {
	case !ok || !p.OIDC.DiscoveryEnabled:
		refuse(w, http.StatusNotFound, "Not Found")
		return
	case q.Get("resource") == "":
		refuse(w, http.StatusBadRequest, "No resource provided in discovery.")
		return
	case q.Get("rel") != "" && q.Get("rel") != rel:
		refuse(w, http.StatusBadRequest, "No or invalid rel provided in discovery.")
		return
	}
	base := oauth.BaseURL{URL: s.baseURL(r, a.realm, context)}
	writeJSON(w, http.StatusOK, map[string]any{
		"subject": q.Get("resource"),
		"links":   []any{map[string]any{"rel": rel, "href": base.Issuer(a.realm.Path)}},
	})
}
