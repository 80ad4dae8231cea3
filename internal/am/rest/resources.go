package rest

import "slices"

// all lists the resources. The order matters for none: a path that is a resource goes before one that is an object
// of another.
func (s *Server) all() []*Resource {
	return slices.Concat(
		s.absent(),
		s.agents(),
		s.auditEvents(),
		s.authentication(),
		s.authorizationKinds(),
		s.emailTemplates(),
		s.figures(),
		s.globalServices(),
		s.groups(),
		s.idRepositories(),
		s.nodes(),
		s.keyRecords(),
		s.policies(),
		s.policySets(),
		s.realms(),
		s.resourceTypes(),
		s.scripts(),
		s.secretStores(),
		s.serverInfo(),
		s.servers(),
		s.serviceAccounts(),
		s.platform(),
		s.managed(), // after the service accounts, whose path it would take
		s.services(),
		s.sessionResources(),
		s.trees(),
		s.tokenRecords(),
		s.userParts(),
		s.users(),
	)
}
