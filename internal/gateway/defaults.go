package gateway

import (
	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/heap"
)

// decorators lists the decorator types.
var decorators = []*heap.Type{baseURI, capture}

// services lists types that are no filters, handlers, or stores.
var services = amservice.All

// refused are types of the product that this gateway does not have.
var refused = []*heap.Type{
	heap.Refuse("SamlFederationFilter", "SAML federation is not supported"),
	heap.Refuse("SamlFederationHandler", "SAML federation is not supported"),
	heap.Refuse("UmaService", "UMA is not supported"),
	heap.Refuse("UmaFilter", "UMA is not supported"),
	heap.Refuse("PingFederateStatelessAccessTokenResolver", "PingFederate services are not supported; use a StatelessAccessTokenResolver with its key set"),
	heap.Refuse("PingFederateService", "PingFederate services are not supported"),
	heap.Refuse("FapiResourceFilterChain", fapiReason, "FapiAuthorizeFilterChain", "FapiParFilterChain", "FapiTokenFilterChain", "FapiDcrFilterChain",
		"FapiWellKnownFilterChain", "FapiResourceUnprotectedFilterChain", "FapiPassThroughFilterChain"),
	heap.Refuse("IdmApiClientService", fapiReason),
	heap.Refuse("CachingJwkSetService", fapiReason),
}

// defaultObjects are declared in the root heap unless the document has objects of
// those names.
const defaultObjects = `[
  {"name": "ClientHandler", "type": "ClientHandler"},
  {"name": "ReverseProxyHandler", "type": "ReverseProxyHandler"},
  {"name": "ForgeRockClientHandler", "type": "Chain", "config": {
    "filters": ["TransactionIdOutboundFilter"], "handler": "ClientHandler"}},
  {"name": "TransactionIdOutboundFilter", "type": "TransactionIdOutboundFilter"},
  {"name": "ScheduledExecutorService", "type": "ScheduledExecutorService"},
  {"name": "TemporaryStorage", "type": "TemporaryStorage"},
  {"name": "ProxyOptions", "type": "ProxyOptions", "config": {"type": "SYSTEM"}},
  {"name": "IssuerRepository", "type": "IssuerRepository"},
  {"name": "AuditService", "type": "NoOpAuditService"},
  {"name": "capture", "type": "CaptureDecorator"},
  {"name": "timer", "type": "TimerDecorator"},
  {"name": "baseURI", "type": "BaseUriDecorator"},
  {"name": "tracing", "type": "TracingDecorator"},
  {"name": "ScriptEngine", "type": "ScriptEngine"}
]`

// defaultConfig is config.json where there is none.
const defaultConfig = `{
  "handler": {
    "type": "Router",
    "name": "_router",
    "config": {
      "defaultHandler": {
        "type": "DispatchHandler",
        "config": {"bindings": [
          {"condition": "${request.method == 'GET' and request.uri.path == '/'}", "handler": {"type": "WelcomeHandler"}},
          {"condition": "${request.uri.path == '/'}", "handler": {
            "type": "StaticResponseHandler", "config": {"status": 405, "headers": {"Allow": ["GET"]}}}},
          {"handler": {"type": "StaticResponseHandler", "config": {"status": 404}}}
        ]}
      }
    }
  }
}`

const defaultConnectors = `[{"port": 8080}]`

const defaultAdmin = `{"connectors": [{"port": 8080}], "adminConnector": {"port": 8085}}`

// builtIn parses a document of the program itself.
func builtIn(text string) *conf.Node {
	n, err := conf.Parse("(built-in)", []byte(text))
	if err != nil {
		panic(err)
	}
	return n
}

const fapiReason = "FAPI filter chains are not supported; use an OAuth2ResourceServerFilter with a ConfirmationKeyVerifierAccessTokenResolver"
