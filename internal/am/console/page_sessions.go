package console

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

func sessionsPage() page {
	return page{
		Name: "sessions", Title: "Sessions", Icon: "list", Section: "People",
		Handlers: map[string]func(*visit) error{
			"GET sessions":  listSessions,
			"POST sessions": endSession,
		},
	}
}

// sessionRow is a session as tables show it.
type sessionRow struct {
	User, Realm, Handle   string
	Used, IdleEnd, MaxEnd time.Time
	// Mine is the one that the console is used with.
	Mine bool
}

func (v *visit) sessionRows(found []object) []sessionRow {
	var rows []sessionRow
	for _, o := range found {
		rows = append(rows, sessionRow{
			User: text(o["username"]), Realm: text(o["realm"]), Handle: text(o["sessionHandle"]),
			Used: moment(o["latestAccessTime"]), IdleEnd: moment(o["maxIdleExpirationTime"]), MaxEnd: moment(o["maxSessionExpirationTime"]),
			Mine: v.handle != "" && text(o["sessionHandle"]) == v.handle,
		})
	}
	return rows
}

// moment reads a time of the interface; the zero time when it is none.
func moment(v any) time.Time {
	t, _ := time.Parse(time.RFC3339, text(v))
	return t
}

// sessionsOf are the sessions of a person of the realm.
func (v *visit) sessionsOf(user string) ([]sessionRow, error) {
	found, err := v.api.all(v.in("sessions"), url.Values{"_queryFilter": {`username eq ` + literal(user) + ` and realm eq ` + literal(v.realm())}})
	return v.sessionRows(found), err
}

// literal is a text in a filter.
func literal(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func listSessions(v *visit) error {
	filter := `realm eq ` + literal(v.realm())
	if q := strings.TrimSpace(v.query("q")); q != "" {
		filter += ` and username co ` + literal(q)
	}
	found, err := v.api.all(v.in("sessions"), url.Values{"_queryFilter": {filter}, "_sortKeys": {"-latestAccessTime"}})
	if err != nil {
		return err
	}
	return v.show("sessions", v.Say("Sessions"), paged(v, v.sessionRows(found), len(found)))
}

// endSession ends the session of a handle.
func endSession(v *visit) error {
	handle := v.form("handle")
	out, err := v.api.post(v.in("sessions")+"?_action=logoutByHandle", object{"sessionHandles": list(handle)})
	if err != nil {
		return err
	}
	to := v.form("back")
	if to == "" || strings.ContainsAny(to, ":\\") || strings.HasPrefix(to, "/") {
		to = "sessions"
	}
	if ended, _ := out["result"].(object); ended[handle] != true {
		return &apiError{Status: http.StatusNotFound, Message: "The session has ended already."}
	}
	return v.goTo(to, v.Say("The session has ended."))
}
