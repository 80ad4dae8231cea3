// Package filters holds the filter types, one file a type.
package filters

import "gatehouse/internal/gateway/heap"

// All lists the filter types.
var All = []*heap.Type{
	allowOnly,
	assigning,
	chainOfFilters,
	circuitBreaker,
	conditional,
	conditionEnforcement,
	cookie,
	cors,
	cryptoHeader,
	csrf,
	dateHeader,
	defaultRateThrottling,
	entityExtract,
	fileAttributes,
	forwardedRequest,
	header,
	httpBasicAuth,
	idTokenValidation,
	jdbcData,
	jwtBuilder,
	jwtValidation,
	locationHeader,
	mappedThrottling,
	passwordReplay,
	scriptable,
	scriptableCustomizer,
	scriptableThrottling,
	setCookieUpdate,
	sqlAttributes,
	staticRequest,
	switching,
	throttling,
	transactionIDOutbound,
	uriPathRewrite,
}
