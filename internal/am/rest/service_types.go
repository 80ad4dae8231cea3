package rest

import (
	"encoding/json"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
)

// baseURLSettings are the defaults of the Base URL Source service.
type baseURLSettings struct {
	Source      string `json:"source"`
	FixedValue  string `json:"fixedValue,omitempty"`
	Class       string `json:"extensionClassName,omitempty"`
	ContextPath string `json:"contextPath,omitempty"`
}

type validationSettings struct {
	Destinations []string `json:"validGotoDestinations"`
}

type transactionSettings struct {
	Life int `json:"timeToLive"`
}

// serviceSessionProperties is the service with the properties of sessions that callers may see and set.
const serviceSessionProperties = "amSessionPropertyWhitelist"

type sessionProperties struct {
	Names []string `json:"sessionPropertyWhitelist"`
	// Query are those that lists of sessions show besides.
	Query []string `json:"whitelistedQueryProperties"`
}

// sessionSettings are those of new sessions; times are minutes.
type sessionSettings struct {
	Dynamic struct {
		Life    int `json:"maxSessionTime"`
		Idle    int `json:"maxIdleTime"`
		Caching int `json:"maxCachingTime"`
		Quota   int `json:"quotaLimit"`
	} `json:"dynamic"`
}

// serviceTypes lists the services that can be added to a realm. Those marked open are kept for exports and imports;
// nothing in this server uses them.
func serviceTypes() []*Type {
	open := func(id, name string) *Type { return &Type{ID: id, Name: name, Open: true} }
	session := sessionSettings{}
	session.Dynamic.Life, session.Dynamic.Idle, session.Dynamic.Caching, session.Dynamic.Quota = 120, 30, 3, 5
	return []*Type{
		{
			ID: realm.ServiceOAuth2, Name: "OAuth2 Provider",
			Groups: groupsOf(realm.DefaultProvider(), providerTitles(), options{
				"codeVerifierEnforced":    enum("false", "true", "public", "passwordless"),
				"requestObjectProcessing": enum("OIDC", "JAR"),
				"macaroonTokenFormat":     enum("V1", "V2"),
			}),
		},
		{
			ID: "validation", Name: "Validation Service",
			Groups: groupsOf(validationSettings{Destinations: []string{}}, map[string]string{"validGotoDestinations": "Valid goto URL Resources"}, nil),
		},
		{
			ID: "baseurl", Name: "Base URL Source",
			Groups: groupsOf(baseURLSettings{Source: "REQUEST_VALUES", ContextPath: "/openam"}, map[string]string{
				"source": "Base URL Source", "fixedValue": "Fixed value base URL", "extensionClassName": "Extension class name", "contextPath": "Context path",
			}, options{"source": enum("REQUEST_VALUES", "FIXED_VALUE", "FORWARDED_HEADER", "X_FORWARDED_HEADERS")}),
		},
		{
			ID: "session", Name: "Session",
			Groups: groupsOf(session, map[string]string{
				"dynamic": "Dynamic Attributes", "maxSessionTime": "Maximum Session Time (minutes)", "maxIdleTime": "Maximum Idle Time (minutes)",
				"maxCachingTime": "Maximum Caching Time (minutes)", "quotaLimit": "Active User Sessions",
			}, nil),
		},
		cacheManagerType(),
		{
			ID: login.ServicePages, Name: "Pages (Gatehouse)", Check: checkPages,
			Groups: groupsOf(login.PageSettings{Footer: []string{}}, map[string]string{
				"name": "Name", "logo": "Logo", "accentColor": "Accent Colour", "footerLinks": "Footer Links",
			}, nil),
		},
		open("RemoteConsentService", "Remote Consent Service"),
		{
			ID: serviceSessionProperties, Name: "Session Property Whitelist Service", Lenient: true,
			Groups: groupsOf(sessionProperties{Names: []string{"AMCtxId"}, Query: []string{}}, map[string]string{
				"sessionPropertyWhitelist": "Allowlisted Session Property Names", "whitelistedQueryProperties": "Session Properties to return for session queries",
			}, nil),
		},
		open("audit", "Audit Logging"),
		open("dashboard", "Dashboard"),
		open("email", "Email Service"),
		open("idm-integration", "IDM Integration"),
		open("pingOneWorkerService", "PingOne Worker Service"),
		open("policyconfiguration", "Policy Configuration"),
		open("pushNotification", "Push Notification Service"),
		open("selfService", "User Self-Service"),
		open("selfServiceTrees", "Self Service Trees"),
		open("SocialIdentityProviders", "Social Identity Provider Service"),
		{
			ID: login.ServiceTransaction, Name: "Transaction Authentication Service",
			Groups: groupsOf(transactionSettings{int(login.TransactionLife.Seconds())}, map[string]string{"timeToLive": "Time to Live (seconds)"}, nil),
		},
		open("uma", "UMA Provider"),
		open("user", "User"),
	}
}

func checkPages(o Object) error {
	raw, err := json.Marshal(o)
	if err != nil {
		return err
	}
	var set login.PageSettings
	if err := json.Unmarshal(raw, &set); err != nil {
		return badRequest("%v", err)
	}
	if err := set.Check(); err != nil {
		return badRequest("%v", err)
	}
	return nil
}
