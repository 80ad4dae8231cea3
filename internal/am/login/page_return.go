package login

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/am/store"
)

// away is a step whose journey goes on when the browser is back from somebody else's page.
type away struct {
	AuthID    string         `json:"a"`
	Callbacks []wireCallback `json:"c"`
	// Query is what the address of the page said before, which the address of the return may not.
	Query string `json:"q,omitempty"`
}

// trackingCookie names the step to the browser that left (PingAM: tracking cookie of a RedirectCallback).
const trackingCookie = "reentry"

// maxReturn bounds what the address of a return hands to the journey.
const (
	maxReturn       = 8 << 10
	maxReturnValues = 32
)

func (s *Service) away() store.Tickets[away] {
	return store.Tickets[away]{Engine: s.Realms.Engine(), Kind: "away"}
}

// track keeps a step for the browser's return.
func (s *Service) track(w http.ResponseWriter, r *http.Request, place Place, a pageStep) error {
	raw := store.NewRaw()
	err := s.away().Save(r.Context(), place.Realm.Path, raw, away{a.AuthID, a.Callbacks, r.URL.RawQuery}, s.Now().Add(stepLife))
	if err != nil {
		return err
	}
	cookie := s.cookie(place, trackingCookie, raw, "", true)
	cookie.Path, cookie.MaxAge = place.Context+"/", int(stepLife.Seconds())
	http.SetCookie(w, cookie)
	return nil
}

// ownParameters are those that the page and the endpoint read; all others can be of a return.
var ownParameters = []string{
	"authIndexType", "authIndexValue", "resourceURL", "service", "module", "authlevel", "user", "role", "resource", "ForceAuth", "goto", "gotoOnFail",
	"realm", "locale", "arg", "noSession", "suspendedId", "sessionUpgradeSSOTokenId", "login_hint", "_lang", "lang", "theme",
}

// postedReturn is the address of the page with what a browser brings back in a form, "" for a form that is no return.
// Browsers send no cookie along with the forms of other places (OAuth 2.0 Form Post Response Mode, SAML), but they do
// with the address that they are sent on to. A foreign page could lead them there by a link as well.
func postedReturn(w http.ResponseWriter, r *http.Request) string {
	r.Body = http.MaxBytesReader(w, r.Body, maxReturn)
	if err := r.ParseForm(); err != nil || len(r.PostForm) == 0 || r.PostForm.Has("authId") {
		return ""
	}
	q := r.URL.Query()
	for name, values := range r.PostForm {
		if slices.Contains(ownParameters, name) || strings.HasPrefix(name, "IDToken") {
			return ""
		}
		q[name] = values
	}
	to := url.URL{Path: r.URL.Path, RawQuery: q.Encode()}
	if len(to.RawQuery) > maxReturn {
		return ""
	}
	return to.String()
}

// returned takes the step of a browser that is back, with what its address brings; nil when it is not.
func (s *Service) returned(w http.ResponseWriter, r *http.Request, place Place) (*pageStep, url.Values, error) {
	c, err := r.Cookie(trackingCookie)
	brought := r.URL.Query()
	for _, name := range ownParameters {
		brought.Del(name)
	}
	if err != nil || len(c.Value) > maxToken || len(brought) == 0 || len(brought) > maxReturnValues || len(r.URL.RawQuery) > maxReturn {
		return nil, nil, nil
	}
	gone := s.cookie(place, trackingCookie, "", "", true)
	gone.Path, gone.MaxAge = place.Context+"/", -1
	http.SetCookie(w, gone)
	ticket, err := s.away().Find(r.Context(), place.Realm.Path, c.Value)
	if err == nil {
		err = s.away().Take(r.Context(), ticket)
	}
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrUsed) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	before, err := url.ParseQuery(ticket.Value.Query)
	if err != nil {
		return nil, nil, err
	}
	// The form and the way on are those of the page that was left.
	q := r.URL.Query()
	for name, values := range before {
		if slices.Contains(ownParameters, name) && !q.Has(name) {
			q[name] = values
		}
	}
	for name := range brought {
		q.Del(name)
	}
	r.URL.RawQuery = q.Encode()
	return &pageStep{AuthID: ticket.Value.AuthID, Callbacks: ticket.Value.Callbacks}, brought, nil
}
