package handlers

import "gatehouse/internal/gateway/heap"

// Types of the product that are not offered, with the reason.
var (
	identityAssertion = heap.Refuse("IdentityAssertionHandler", "identity assertion is not supported", "IdentityAssertionHandlerTechPreview",
		"ScriptableIdentityAssertionPlugin", "KerberosIdentityAssertionPlugin", "UsernamePasswordServiceLogin", "KeytabServiceLogin")
	protectRouting = heap.Refuse("PingOneProtectThreatLevelRoutingHandler", "PingOne services are not supported")
)
