package console

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func auditPage() page {
	return page{
		Name: "audit", Title: "Audit log", Icon: "list", Section: "Operation",
		Handlers: map[string]func(*visit) error{
			"GET audit":      listEvents,
			"GET audit/{id}": showEvent,
		},
	}
}

// auditAddress is the resource of the events in the server's memory.
const auditAddress = "global-config/gatehouse/audit"

// auditTopics are the choices of the filter; the first is what people mostly look for.
var auditTopics = []option{
	{Value: "", Label: "All but requests"}, {Value: "config", Label: "Configuration"}, {Value: "authentication", Label: "Authentication"},
	{Value: "activity", Label: "Activity"}, {Value: "access", Label: "Requests"}, {Value: "all", Label: "Everything"},
}

// auditFields are where the search looks.
var auditFields = []string{
	"_id", "eventName", "userId", "principal", "realm", "objectId", "operation", "result", "transactionId", "trackingIds", "changedFields",
	"http/request/method", "http/request/path", "response/status", "response/statusCode", "response/detail/client_id", "response/detail/reason", "client/ip",
}

// eventRow is an event as the table shows it.
type eventRow struct {
	ID, Topic, Name, Who, Realm, Object, Outcome string
	Reason                                       string // why a request was refused, "" where it is not known
	At                                           time.Time
	Failed                                       bool
}

func eventRowOf(o object) eventRow {
	r := eventRow{
		ID: text(o["_id"]), Topic: text(o["topic"]), Name: text(o["eventName"]), Realm: text(o["realm"]), Object: text(o["objectId"]),
		Who: cmp.Or(personOf(text(o["userId"])), first(o["principal"])), Outcome: cmp.Or(text(o["result"]), text(o["operation"])),
		At: moment(o["timestamp"]), Failed: text(o["result"]) == "FAILED",
	}
	http, _ := o["http"].(object)
	if request, ok := http["request"].(object); ok {
		r.Object = text(request["method"]) + " " + text(request["path"])
	}
	if response, ok := o["response"].(object); ok {
		r.Outcome, r.Failed = text(response["statusCode"]), text(response["status"]) == "FAILED"
		if detail, ok := response["detail"].(object); ok {
			r.Who, r.Reason = cmp.Or(r.Who, text(detail["client_id"])), text(detail["reason"])
		}
	}
	return r
}

// personOf is the name in a universal id: "demo" of "id=demo,ou=user,…".
func personOf(id string) string {
	if name, ok := strings.CutPrefix(id, "id="); ok {
		name, _, _ = strings.Cut(name, ",ou=")
		return name
	}
	return id
}

// eventFilter is what the form asks for as a _queryFilter.
func eventFilter(topic, words string) string {
	var all []string
	switch topic {
	case "":
		all = append(all, `!(topic eq "access")`)
	case "all":
	default:
		all = append(all, "topic eq "+literal(topic))
	}
	for word := range strings.FieldsSeq(words) {
		var any []string
		for _, f := range auditFields {
			any = append(any, f+" co "+literal(word))
		}
		all = append(all, "("+strings.Join(any, " or ")+")")
	}
	if len(all) == 0 {
		return "true"
	}
	return strings.Join(all, " and ")
}

// events are the rows and what the form shows.
type events struct {
	problem
	listing[eventRow]
	Topics []option
}

func listEvents(v *visit) error {
	n, _ := strconv.Atoi(v.query("page"))
	n = min(max(1, n), 1000)
	words := strings.TrimSpace(v.query("q"))
	out, err := v.api.get(auditAddress + "?" + url.Values{
		"_queryFilter": {eventFilter(v.query("topic"), words)}, "_pageSize": {strconv.Itoa(pageSize)},
		"_pagedResultsOffset": {strconv.Itoa((n - 1) * pageSize)},
		"_fields":             {"_id,topic,timestamp,eventName,userId,principal,realm,objectId,operation,result,http/request/method,http/request/path,response/status,response/statusCode,response/detail"},
	}.Encode())
	l := events{Topics: auditTopics}
	if message := refusal(err); message != "" {
		l.Problem = message
	} else if err != nil {
		return err
	}
	for _, o := range objects(out["result"]) {
		l.Rows = append(l.Rows, eventRowOf(o))
	}
	total, _ := out["totalPagedResults"].(json.Number)
	count, _ := total.Int64()
	l.Total, l.Page, l.First, l.Last = int(count), n, (n-1)*pageSize+1, (n-1)*pageSize+len(l.Rows)
	if n > 1 {
		l.Before = v.Here("page", strconv.Itoa(n-1))
	}
	if l.Last < l.Total && len(l.Rows) > 0 {
		l.Next = v.Here("page", strconv.Itoa(n+1))
	}
	return v.show("audit", v.Say("Audit log"), l)
}

// event is one event: its facts, the object before and after where it is about a change, and all of it.
type event struct {
	eventRow
	Before, After, JSON string
	Changes             []change
	Same                string // the page with the events of the same request
}

func showEvent(v *visit) error {
	o, err := v.api.get(address(auditAddress, v.vars["id"]))
	if err != nil {
		return err
	}
	e := event{eventRow: eventRowOf(o), JSON: indented(o)}
	if o["before"] != nil && o["after"] != nil {
		e.Changes = changes("", o["before"], o["after"])
	}
	if o["before"] != nil {
		e.Before = indented(o["before"])
	}
	if o["after"] != nil {
		e.After = indented(o["after"])
	}
	if id := text(o["transactionId"]); id != "" {
		e.Same = v.link("audit?" + url.Values{"topic": {"all"}, "q": {id}}.Encode())
	}
	return v.show("event", e.Name, e)
}

// change is a member of an object that is not what it was.
type change struct{ Path, Before, After string }

// changes are the members that differ, the innermost of those that both have as objects.
func changes(path string, before, after any) []change {
	b, was := before.(object)
	a, is := after.(object)
	if !was || !is {
		if x, y := indented(before), indented(after); x != y {
			return []change{{path, x, y}}
		}
		return nil
	}
	names := maps.Clone(b)
	maps.Copy(names, a)
	var out []change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		out = append(out, changes(strings.TrimPrefix(path+"."+name, "."), b[name], a[name])...)
	}
	return out
}
