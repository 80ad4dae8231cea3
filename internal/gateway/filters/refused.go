package filters

import "gatehouse/internal/gateway/heap"

// Types of the product that are not offered, with the reason and what to do instead.
var (
	cryptoHeader  = heap.Refuse("CryptoHeaderFilter", "it encrypts header fields without authenticating them; use a JwtBuilderFilter with encryption")
	sqlAttributes = heap.Refuse("SqlAttributesFilter", "the gateway has no database drivers; use a FileAttributesFilter, or a ScriptableFilter that calls a service")
	jdbcData      = heap.Refuse("JdbcDataSource", "the gateway has no database drivers")

	protectEvaluation = heap.Refuse("PingOneProtectEvaluationFilter", "PingOne services are not supported",
		"PingOneProtectFeedbackSuccessFilter", "PingOneProtectFeedbackFailureFilter", "PingOneService")
	pingAuthorize = heap.Refuse("PingAuthorizeFilter", "PingOne services are not supported", "PingOneApiAccessManagementFilter")
	mcpAudit      = heap.Refuse("McpAuditFilter", "the Model Context Protocol is not supported")
	mcpProtection = heap.Refuse("McpProtectionFilter", "the Model Context Protocol is not supported")
	mcpValidation = heap.Refuse("McpValidationFilter", "the Model Context Protocol is not supported")
)
