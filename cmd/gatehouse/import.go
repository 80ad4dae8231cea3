package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"gatehouse/internal/am/transfer"
	"gatehouse/internal/observe"
)

// transferOptions say which server is read or written.
type transferOptions struct {
	data, store, url, user string
}

func (o *transferOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.data, "data", "./gatehouse-data", "the data `folder` of a server that is not running")
	f.StringVar(&o.store, "store", os.Getenv("GATEHOUSE_STORE"), "its store `URL` (postgres://…), also in GATEHOUSE_STORE; the default is the embedded store in the data folder")
	f.StringVar(&o.url, "url", "", "the `URL` of a running server with its context, https://am.example.com/am, in place of --data")
	f.StringVar(&o.user, "user", "amAdmin", "the administrator, for --url; the password is in GATEHOUSE_ADMIN_PASSWORD")
}

// open returns the interface of the server. local is nil for a running one.
func (o *transferOptions) open(ctx context.Context, log *slog.Logger) (api transfer.API, local *amServer, err error) {
	if o.url != "" {
		remote, err := transfer.SignIn(ctx, o.url, o.user, os.Getenv("GATEHOUSE_ADMIN_PASSWORD"))
		return remote, nil, err
	}
	s, err := startAM(amOptions{data: o.data, store: o.store, password: os.Getenv("GATEHOUSE_ADMIN_PASSWORD"), log: log})
	if err != nil {
		return nil, nil, err
	}
	return s.am.Transfer(), s, nil
}

func importCommand() *cobra.Command {
	var o transferOptions
	realm := "/"
	c := &cobra.Command{
		Use:   "import PATH…",
		Short: "Bring configuration into an authorization server",
		Long: "Reads JSON of the administration interface, exports of Amster, frodo and fr-config-manager: realms, clients, agents,\n" +
			"services, scripts, journeys, policies, secret stores. Objects that exist are written over. What is not understood, or\n" +
			"refused, is listed, and the command ends with 1.",
		Example: "  gatehouse import amster-export/\n" +
			"  gatehouse import --realm /alpha allAlphaApplications.oauth2.app.json Login.journey.json\n" +
			"  GATEHOUSE_ADMIN_PASSWORD=… gatehouse import --url https://am.example.com/am export/",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			for _, path := range args { // before a server is made for nothing
				if _, err := os.Stat(path); err != nil {
					return err
				}
			}
			log := observe.NewLogger(c.ErrOrStderr(), "text", "warn")
			api, local, err := o.open(c.Context(), log)
			if err != nil {
				return err
			}
			if local != nil {
				defer local.stop()
				if p := local.am.FirstPassword; p != "" {
					fmt.Fprintf(c.OutOrStdout(), "The administrator is amAdmin, the password %s\nIt is shown this once.\n", p)
				}
			}
			return importInto(c.Context(), c.OutOrStdout(), api, realm, args)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&realm, "realm", realm, "the `path` of the realm for objects that do not say where they belong; it must exist")
	return c
}

// errImport says that an import is not complete; what was left out is printed before.
var errImport = errors.New("not everything was imported")

func importInto(ctx context.Context, out io.Writer, api transfer.API, realm string, paths []string) error {
	complete := true
	for _, path := range paths {
		report, err := transfer.ImportPath(ctx, api, path, realm)
		if report != nil {
			report.Print(out)
			complete = complete && !report.Problems()
		}
		if err != nil {
			return err
		}
	}
	if !complete {
		return errImport
	}
	return nil
}
