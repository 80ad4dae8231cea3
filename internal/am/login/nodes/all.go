// Package nodes holds the types of nodes that journeys are made of, one file each.
package nodes

import (
	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/login/selfservice"
)

// All lists the types.
func All() []*journey.Type {
	basic, mfa, risk, tool, context := []string{"basic authn"}, []string{"mfa", "multi-factor"}, []string{"risk"}, []string{"utilities"}, []string{"contextual"}
	identity, federation := []string{"identity management"}, []string{"social", "federation"}
	return []*journey.Type{
		{ID: "AcceptTermsAndConditionsNode", Name: "Accept Terms and Conditions", Tags: identity, New: func() journey.Node { return &acceptTerms{} }},
		{ID: "AccountActiveDecisionNode", Name: "Account Active Decision", Tags: risk, New: func() journey.Node { return &accountActive{} }},
		{ID: "AccountLockoutNode", Name: "Account Lockout", Tags: risk, New: func() journey.Node { return &accountLockout{Action: "LOCK"} }},
		{ID: "AgentDataStoreDecisionNode", Name: "Agent Data Store Decision", Tags: basic, New: func() journey.Node { return &agentDataStore{} }},
		{ID: "AnonymousUserNode", Name: "Anonymous User Mapping", Tags: tool, New: func() journey.Node { return &anonymousUser{Name: "anonymous"} }},
		{ID: "AttributeCollectorNode", Name: "Attribute Collector", Tags: identity, New: func() journey.Node {
			return &attributeCollector{Attributes: []string{}, Identity: "userName"}
		}},
		{ID: "AttributePresentDecisionNode", Name: "Attribute Present Decision", Tags: identity, New: func() journey.Node {
			return &attributePresent{Present: "password", Identity: "userName"}
		}},
		{ID: "AttributeValueDecisionNode", Name: "Attribute Value Decision", Tags: identity, New: func() journey.Node {
			return &attributeValue{Operation: "EQUALS", Identity: "userName"}
		}},
		{ID: "AuthLevelDecisionNode", Name: "Auth Level Decision", Tags: context, New: func() journey.Node { return &authLevelDecision{} }},
		{ID: "BackChannelInitNode", Name: "Backchannel Initialize", Tags: tool, New: func() journey.Node {
			return &backchannelInit{Kind: "USER", NameKey: "username", URLKind: "GET", Retry: true}
		}},
		{ID: "BackChannelStatusNode", Name: "Backchannel Status", Tags: tool, New: func() journey.Node { return &backchannelStatus{} }},
		{ID: "ChoiceCollectorNode", Name: "Choice Collector", Tags: tool, New: func() journey.Node { return &choiceCollector{Choices: []string{}} }},
		{ID: "CookiePresenceDecisionNode", Name: "Cookie Presence Decision Node", Tags: context, New: func() journey.Node { return &cookiePresence{} }},
		{ID: "CreateObjectNode", Name: "Create Object", Tags: identity, New: func() journey.Node { return &createObject{Resource: "managed/user"} }},
		{ID: "CreatePasswordNode", Name: "Create Password", Tags: identity, New: func() journey.Node { return &createPassword{Minimum: 8} }},
		{ID: "DataStoreDecisionNode", Name: "Data Store Decision", Tags: basic, New: func() journey.Node { return &dataStore{} }},
		{ID: "DeviceGeoFencingNode", Name: "Device Geofencing", Tags: context, New: func() journey.Node { return &geofence{Locations: []string{}, Distance: 1} }},
		{ID: "DeviceLocationMatchNode", Name: "Device Location Match", Tags: context, New: func() journey.Node { return &deviceLocation{Distance: 100} }},
		{ID: "DeviceMatchNode", Name: "Device Match", Tags: context, New: func() journey.Node { return &deviceMatch{Expiration: 30} }},
		{ID: "DeviceProfileCollectorNode", Name: "Device Profile Collector", Tags: context, New: func() journey.Node {
			return &deviceCollector{MaxKiB: "3", Metadata: true, Message: map[string]string{}}
		}},
		{ID: "DeviceSaveNode", Name: "Device Profile Save", Tags: context, New: func() journey.Node { return &deviceSave{Most: 5, Metadata: true} }},
		{ID: "DeviceTamperingVerificationNode", Name: "Device Tampering Verification", Tags: context, New: func() journey.Node { return &deviceTampering{Score: "0"} }},
		{ID: "DisplayUserNameNode", Name: "Display Username", Tags: identity, New: func() journey.Node {
			return &displayUsername{Name: "userName", Identity: "mail"}
		}},
		{ID: "EmailSuspendNode", Name: "Email Suspend Node", Tags: tool, New: func() journey.Node { return newEmailSuspend() }},
		{ID: "EmailTemplateNode", Name: "Email Template Node", Tags: tool, New: func() journey.Node {
			return &emailTemplateNode{emailTo{Template: "welcome", Attribute: "mail", Identity: "userName"}}
		}},
		{ID: "IdentifyExistingUserNode", Name: "Identify Existing User", Tags: identity, New: func() journey.Node {
			return &identifyUser{Identifier: "userName", Attribute: "mail"}
		}},
		{ID: "IdentityStoreDecisionNode", Name: "Identity Store Decision", Tags: basic, New: func() journey.Node {
			return &identityStore{passwordChange: passwordChange{MinimumLength: 8}}
		}},
		{ID: "IncrementLoginCountNode", Name: "Increment Login Count", Tags: context, New: func() journey.Node { return &incrementLoginCount{Attribute: "userName"} }},
		{ID: journey.InnerTreeType, Name: "Inner Tree Evaluator", Tags: tool, New: func() journey.Node { return &journey.InnerTree{} }},
		{ID: "KbaCreateNode", Name: "KBA Definition", Tags: identity, New: func() journey.Node { return &kbaCreate{Message: map[string]string{}, Own: true} }},
		{ID: "KbaDecisionNode", Name: "KBA Decision", Tags: identity, New: func() journey.Node { return &kbaDecision{Identity: "userName"} }},
		{ID: "KbaVerifyNode", Name: "KBA Verification", Tags: identity, New: func() journey.Node {
			return &kbaVerify{Attribute: selfservice.AttributeAnswers, Identity: "userName"}
		}},
		{ID: "LdapDecisionNode", Name: "LDAP Decision", Tags: basic, New: func() journey.Node { return newLDAPDecision() }},
		{ID: "LoginCountDecisionNode", Name: "Login Count Decision", Tags: context, New: func() journey.Node { return &loginCountDecision{Attribute: "userName", Interval: "AT", Amount: 25} }},
		{ID: "MessageNode", Name: "Message Node", Tags: tool, New: func() journey.Node {
			return &message{Message: map[string]string{}, Yes: map[string]string{}, No: map[string]string{}}
		}},
		{ID: "MetadataNode", Name: "State Metadata", Tags: tool, New: func() journey.Node { return &stateMetadata{Attributes: []string{}} }},
		{ID: "ModifyAuthLevelNode", Name: "Modify Auth Level", Tags: context, New: func() journey.Node { return &modifyAuthLevel{} }},
		{ID: "OathRegistrationNode", Name: "OATH Registration", Tags: mfa, New: func() journey.Node { return newOathRegistration() }},
		{ID: "OathTokenVerifierNode", Name: "OATH Token Verifier", Tags: mfa, New: func() journey.Node { return newOathVerifier() }},
		{ID: "OneTimePasswordCollectorDecisionNode", Name: "OTP Collector Decision", Tags: mfa, New: func() journey.Node { return &otpCollector{Expiry: 5} }},
		{ID: "OneTimePasswordGeneratorNode", Name: "HOTP Generator", Tags: mfa, New: func() journey.Node { return &otpGenerator{Length: 8} }},
		{ID: "OneTimePasswordSmsSenderNode", Name: "OTP SMS Sender", Tags: mfa, New: func() journey.Node { return newOTPSMSSender() }},
		{ID: "OneTimePasswordSmtpSenderNode", Name: "OTP Email Sender", Tags: mfa, New: func() journey.Node { return newOTPSender() }},
		{ID: "PageNode", Name: "Page Node", Tags: tool, New: func() journey.Node { return &journey.Page{} }},
		{ID: "PasswordCollectorNode", Name: "Password Collector", Tags: basic, New: func() journey.Node { return &passwordCollector{} }},
		{ID: "PatchObjectNode", Name: "Patch Object", Tags: identity, New: func() journey.Node {
			return &patchObject{Ignored: []string{}, Resource: "managed/user", Attribute: "userName"}
		}},
		{ID: "PersistentCookieDecisionNode", Name: "Persistent Cookie Decision", Tags: context, New: func() journey.Node {
			return &persistentCookieDecision{persistentCookie: newPersistentCookie()}
		}},
		{ID: "PollingWaitNode", Name: "Polling Wait Node", Tags: tool, New: func() journey.Node {
			return &pollingWait{Seconds: 8, Tolerance: 3, Message: map[string]string{}, Exit: map[string]string{}}
		}},
		{ID: "ProfileCompletenessDecisionNode", Name: "Profile Completeness Decision", Tags: identity, New: func() journey.Node {
			return &profileCompleteness{Threshold: 50, Identity: "userName"}
		}},
		{ID: "QueryFilterDecisionNode", Name: "Query Filter Decision", Tags: identity, New: func() journey.Node { return &queryFilter{Identity: "userName"} }},
		{ID: "QueryParameterNode", Name: "Query Parameter Node", Tags: tool, New: func() journey.Node {
			return &queryParameters{Allowed: map[string]string{}, Delimited: []string{}}
		}},
		{ID: "RecoveryCodeCollectorDecisionNode", Name: "Recovery Code Collector Decision", Tags: mfa, New: func() journey.Node { return &recoveryCode{Type: "OATH"} }},
		{ID: "RecoveryCodeDisplayNode", Name: "Recovery Code Display Node", Tags: mfa, New: func() journey.Node { return &recoveryDisplay{} }},
		{ID: "RemoveSessionPropertiesNode", Name: "Remove Session Properties", Tags: tool, New: func() journey.Node {
			return &removeSessionProperties{Names: []string{}}
		}},
		{ID: "RequestHeaderNode", Name: "Request Header Node", Tags: tool, New: func() journey.Node {
			return &requestHeaders{Allowed: map[string]string{}, Delimited: []string{}}
		}},
		{ID: "RequiredAttributesDecisionNode", Name: "Required Attributes Present", Tags: identity, New: func() journey.Node {
			return &requiredPresent{Resource: "managed/user"}
		}},
		{ID: "RetryLimitDecisionNode", Name: "Retry Limit Decision", Tags: tool, New: func() journey.Node { return &retryLimit{Limit: 3, KeepInProfile: true} }},
		{ID: "ScriptedDecisionNode", Name: "Scripted Decision", Tags: tool, New: func() journey.Node { return newScriptedDecision() }},
		{ID: "SelectIdPNode", Name: "Select Identity Provider", Tags: federation, New: func() journey.Node {
			return &selectIdP{Password: "password", Local: true, Identity: "userName", Filtered: []string{}}
		}},
		{ID: "SessionDataNode", Name: "Get Session Data", Tags: tool, New: func() journey.Node { return &sessionData{} }},
		{ID: "SetFailureDetailsNode", Name: "Set Failure Details", Tags: tool, New: func() journey.Node {
			return &failureDetails{Message: map[string]string{}, Details: map[string]string{}}
		}},
		{ID: "SetFailureUrlNode", Name: "Failure URL", Tags: tool, New: func() journey.Node { return &setFailureURL{} }},
		{ID: "SetPersistentCookieNode", Name: "Set Persistent Cookie", Tags: context, New: func() journey.Node {
			return &setPersistentCookie{persistentCookie: newPersistentCookie(), Life: 5}
		}},
		{ID: "SetSessionPropertiesNode", Name: "Set Session Properties", Tags: tool, New: func() journey.Node { return &setSessionProperties{Properties: map[string]string{}} }},
		{ID: "SetStateNode", Name: "Set State", Tags: tool, New: func() journey.Node { return &setState{Attributes: map[string]string{}} }},
		{ID: "SetSuccessDetailsNode", Name: "Set Success Details", Tags: tool, New: func() journey.Node {
			return &successDetails{Details: map[string]string{}, Properties: map[string]string{}}
		}},
		{ID: "SetSuccessUrlNode", Name: "Success URL", Tags: tool, New: func() journey.Node { return &setSuccessURL{} }},
		{ID: "SocialProviderHandlerNode", Name: "Social Provider Handler", Tags: federation, New: func() journey.Node { n := newSocialHandler(); return &n }},
		{ID: "SocialProviderHandlerNodeV2", Name: "Social Provider Handler", Tags: federation, New: func() journey.Node { return &socialHandlerV2{socialHandler: newSocialHandler()} }},
		{ID: "StateMetadataNode", Name: "State Metadata", Tags: tool, New: func() journey.Node { return &stateMetadata{Attributes: []string{}} }},
		{ID: "TermsAndConditionsDecisionNode", Name: "Terms and Conditions Decision", Tags: identity, New: func() journey.Node {
			return &termsDecision{Identity: "userName"}
		}},
		{ID: "TimeSinceDecisionNode", Name: "Time Since Decision", Tags: identity, New: func() journey.Node { return &timeSince{Identity: "userName"} }},
		{ID: "UpdateJourneyTimeoutNode", Name: "Update Journey Timeout", Tags: tool, New: func() journey.Node { return &updateTimeout{Operation: "SET", Minutes: journey.DefaultTimeout} }},
		{ID: "UsernameCollectorNode", Name: "Username Collector", Tags: basic, New: func() journey.Node { return &usernameCollector{} }},
		{ID: "ValidatedPasswordNode", Name: "Platform Password", Tags: basic, New: func() journey.Node { return &validatedPassword{Attribute: "password"} }},
		{ID: "ValidatedUsernameNode", Name: "Platform Username", Tags: basic, New: func() journey.Node { return &validatedUsername{Attribute: "userName"} }},
		{ID: "WebAuthnAuthenticationNode", Name: "WebAuthn Authentication Node", Tags: mfa, New: func() journey.Node { return newWebauthnAuthentication() }},
		{ID: "WebAuthnDeviceStorageNode", Name: "WebAuthn Device Storage Node", Tags: mfa, New: func() journey.Node { return &webauthnStorage{Recovery: true} }},
		{ID: "WebAuthnRegistrationNode", Name: "WebAuthn Registration Node", Tags: mfa, New: func() journey.Node { return newWebauthnRegistration() }},
		{ID: "ZeroPageLoginNode", Name: "Zero Page Login Collector", Tags: basic, New: func() journey.Node {
			return &zeroPageLogin{UsernameHeader: "X-OpenAM-Username", PasswordHeader: "X-OpenAM-Password", WithoutReferer: true, Referrers: []string{}}
		}},
	}
}

// next is the only outcome of nodes that decide nothing.
var next = []string{"outcome"}

var yesNo = []string{"true", "false"}
