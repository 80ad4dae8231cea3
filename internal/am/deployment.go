package am

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
)

// Deployment is the kind of installation that tools take the server for. Kinds other than Classic have a built-in client
// for signing administrators in, by which the tools recognise them.
type Deployment string

// Deployments. ForgeOps is an installation of the platform of one's own, Cloud is PingOne Advanced Identity Cloud.
const (
	Classic  Deployment = "classic"
	ForgeOps Deployment = "forgeops"
	Cloud    Deployment = "cloud"
)

// administratorClients are the built-in clients, by deployment.
var administratorClients = map[Deployment]string{Classic: "", ForgeOps: "idm-admin-ui", Cloud: "idmAdminClient"}

// ParseDeployment reads the name of a deployment.
func ParseDeployment(name string) (Deployment, error) {
	if _, ok := administratorClients[Deployment(name)]; !ok {
		var names []string
		for d := range maps.Keys(administratorClients) {
			names = append(names, string(d))
		}
		slices.Sort(names)
		return "", fmt.Errorf("expected one of %s, found %q", strings.Join(names, ", "), name)
	}
	return Deployment(name), nil
}

// provideForAdministrators makes the root realm an authorization server, where it has to be one for the built-in client.
func (s *Server) provideForAdministrators(ctx context.Context) error {
	root, ok := s.realms.Find("/")
	if !ok || administratorClients[s.options.Deployment] == "" {
		return nil
	}
	if _, ok := root.Provider(); ok {
		return nil
	}
	got, err := s.Transfer().Call(ctx, http.MethodPost, "/", "realm-config/services/"+realm.ServiceOAuth2+"?_action=create", map[string]any{})
	if err != nil || got.Status == http.StatusCreated || got.Status == http.StatusConflict { // another node was faster
		return err
	}
	return fmt.Errorf("add the OAuth2 Provider service to the root realm: %d %s", got.Status, got.Body)
}
