package console

// page is a part of the console.
type page struct {
	// Name is the first part of its addresses.
	Name string
	// Title is what the navigation calls it, Icon the picture of package ui beside that; no title: it is not there.
	Title, Icon string
	// Section is the heading that it stands below in the navigation.
	Section string
	// Passive pages are asked for by scripts: they are no use of the session, which would never end otherwise.
	Passive bool
	// Handlers are by pattern: "GET /scripts/{id}".
	Handlers map[string]func(*visit) error
}

// pages lists the pages in the order of the navigation.
func pages() []page {
	return []page{
		dashboardPage(),
		realmsPage(),
		applicationsPage(),
		agentsPage(),
		agentGroupsPage(),
		servicesPage(),
		scriptsPage(),
		journeysPage(),
		identitiesPage(),
		sessionsPage(),
		tokensPage(),
		keysPage(),
		auditPage(),
		searchPage(),
		figuresPage(),
		signOutPage(),
	}
}
