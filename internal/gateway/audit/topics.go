package audit

import "gatehouse/internal/audit"

// accessTopic is the topic of requests.
const accessTopic = "access"

// accessSafelist is what is written of requests unless the configuration says more or
// less. Query, cookies and the response's header are not in it.
var accessSafelist = []string{
	"/_id", "/timestamp", "/eventName", "/transactionId", "/trackingIds", "/userId", "/client", "/server",
	"/ig/exchangeId", "/ig/routeId", "/ig/routeName", "/ig/ext",
	"/http/request/secure", "/http/request/method", "/http/request/path", "/request", "/response",
}

// accessHeaders are the fields of the request's header that are written by default.
var accessHeaders = []string{
	"accept", "accept-api-version", "content-type", "host", "user-agent", "x-forwarded-for", "x-forwarded-host",
	"x-forwarded-port", "x-forwarded-proto", "x-original-uri", "x-real-ip", "x-request-id", "x-requested-with", "x-scheme",
}

var accessColumns = []string{
	"_id", "timestamp", "eventName", "transactionId", "userId", "trackingIds", "server.ip", "server.port", "client.ip", "client.port",
	"http.request.secure", "http.request.method", "http.request.path", "http.request.queryParameters", "http.request.headers",
	"http.request.cookies", "http.response.headers", "response.status", "response.statusCode", "response.elapsedTime",
	"response.elapsedTimeUnits", "ig.exchangeId", "ig.routeId", "ig.routeName", "ig.ext",
}

// topics are those that need no file.
func topics() []*audit.Schema {
	access := &audit.Schema{Topic: accessTopic, Columns: accessColumns, Safelist: accessSafelist}
	for _, h := range accessHeaders {
		access.Safelist = append(access.Safelist[:len(access.Safelist):len(access.Safelist)], "/http/request/headers/"+h)
	}
	columns := []string{"_id", "timestamp", "eventName", "transactionId", "triggered", "notification"}
	return []*audit.Schema{access, {Topic: "notifications", Safelist: audit.Pointers(columns), Columns: columns}}
}
