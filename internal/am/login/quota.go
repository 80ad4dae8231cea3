package login

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// ServiceSession is the service with the times and the number of sessions.
const ServiceSession = "session"

// Quotas are settings of the whole server: whether users may have so many sessions only, and what becomes of those that
// are too many (PingAM: session quotas).
type Quotas struct {
	Enabled string `json:"iplanet-am-session-enable-session-constraint"` // "ON" or "OFF"
	// Action is one of QuotaActions.
	Action string `json:"behaviourWhenQuotaExhausted"`
	// DenyWhenDown is as if YES: without the store nobody signs in. WaitTime has no effect.
	DenyWhenDown string `json:"denyLoginWhenRepoDown"`
	WaitTime     int    `json:"quotaConstraintMaxWaitTime"`
}

// Names of what becomes of sessions that are too many.
const (
	denyAccess     = "org.forgerock.openam.session.service.DenyAccessAction"
	destroyNext    = "org.forgerock.openam.session.service.DestroyNextExpiringAction"
	destroyOldest  = "org.forgerock.openam.session.service.DestroyOldestAction"
	destroyAll     = "org.forgerock.openam.session.service.DestroyAllAction"
	defaultQuota   = 5
	quotaAttribute = "iplanet-am-session-quota-limit" // of users
)

// QuotaActions lists them.
func QuotaActions() []string { return []string{denyAccess, destroyNext, destroyOldest, destroyAll} }

// DefaultQuotas are the settings of which nothing was said.
func DefaultQuotas() Quotas {
	return Quotas{Enabled: "OFF", Action: destroyNext, DenyWhenDown: "NO", WaitTime: 6000}
}

var errQuota = &Refusal{Status: http.StatusUnauthorized, Message: "You have reached your session limit."}

// room is what makes room for another session of the subject, nil where any number may be: agents and the administrator
// may have any, and so may users as long as sessions are not counted.
func (s *Service) room(ctx context.Context, rl *realm.Realm, a Authenticated) (func([]store.Session) error, error) {
	if a.Subject.Type != TypeUser || IsAdmin(rl.Path, a.Subject.Name) {
		return nil, nil
	}
	set, limit, err := s.quota(ctx, rl, a.User)
	if err != nil || set.Enabled != "ON" {
		return nil, err
	}
	return func(list []store.Session) error {
		if len(list) < limit {
			return nil
		}
		observe.CountLimit(ctx, observe.OverLimit("user_sessions"))
		gone, err := tooMany(set.Action, list, limit)
		if err != nil {
			return err
		}
		for _, sess := range gone {
			if err := s.Destroy(ctx, sess); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// tooMany picks the sessions that have to go before there can be another one.
func tooMany(action string, list []store.Session, limit int) ([]store.Session, error) {
	switch action {
	case denyAccess:
		return nil, errQuota
	case destroyAll:
		return list, nil
	case destroyOldest:
		slices.SortFunc(list, func(a, b store.Session) int { return a.Created.Compare(b.Created) })
	default:
		slices.SortFunc(list, func(a, b store.Session) int {
			return cmp.Or(a.Ends().Compare(b.Ends()), a.Created.Compare(b.Created))
		})
	}
	return list[:min(len(list), len(list)-limit+1)], nil
}

// quota reads the settings of the server, and how many sessions the user may have: what the profile says, else the
// realm's service, else the server's defaults.
func (s *Service) quota(ctx context.Context, rl *realm.Realm, u *realm.User) (Quotas, int, error) {
	set := DefaultQuotas()
	type dynamic struct {
		Limit *int `json:"quotaLimit"`
	}
	var global struct {
		Quotas   *Quotas `json:"quotas"`
		Defaults struct {
			Dynamic dynamic `json:"dynamic"`
		} `json:"defaults"`
	}
	global.Quotas = &set
	doc, err := s.docs.Get(ctx, "", store.KindGlobal, ServiceSession)
	if errors.Is(err, store.ErrNotFound) {
		return set, 0, nil // quotas are off
	}
	if err == nil {
		err = json.Unmarshal(doc.Body, &global)
	}
	if err != nil || set.Enabled != "ON" {
		return set, 0, err
	}
	var own struct {
		Dynamic dynamic `json:"dynamic"`
	}
	doc, err = rl.Service(ctx, ServiceSession)
	if err == nil {
		err = json.Unmarshal(doc.Body, &own)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return set, 0, err
	}
	limit := defaultQuota
	if n := cmp.Or(own.Dynamic.Limit, global.Defaults.Dynamic.Limit); n != nil {
		limit = *n
	}
	if u != nil {
		for _, v := range u.Attribute(quotaAttribute) {
			if n, err := strconv.Atoi(v); err == nil {
				limit = n
			}
		}
	}
	return set, max(limit, 1), nil
}
