package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/internal/am/transfer"
	"gatehouse/internal/observe"
)

func exportCommand() *cobra.Command {
	var o transferOptions
	var realm, format string
	secrets := false
	c := &cobra.Command{
		Use:   "export FOLDER",
		Short: "Write the configuration of an authorization server to files",
		Long: "Writes realms, clients, agents, services, scripts, journeys, policies and secret stores to a folder, from which\n" +
			"gatehouse import brings them back. Users are not configuration and stay.",
		Example: "  gatehouse export backup/\n" +
			"  gatehouse export --realm /alpha --format frodo alpha/\n" +
			"  gatehouse export --secrets move/     # with client secrets in plain text",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			api, local, err := o.open(c.Context(), observe.NewLogger(c.ErrOrStderr(), "text", "warn"))
			if err != nil {
				return err
			}
			if local != nil {
				defer local.stop()
			}
			entities, err := transfer.Export(c.Context(), api, realm)
			if err != nil {
				return err
			}
			if secrets {
				if local == nil {
					return errors.New("--secrets needs --data: a running server shows its secrets to nobody")
				}
				if err := transfer.Secrets(entities, local.am.Secrets(c.Context())); err != nil {
					return err
				}
			}
			if err := transfer.Write(args[0], format, entities, time.Now()); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%d objects are in %s\n", len(entities), args[0])
			return nil
		},
	}
	o.flags(c)
	f := c.Flags()
	f.StringVar(&realm, "realm", "", "the `path` of one realm; the default is all, and the settings of the whole server")
	f.StringVar(&format, "format", "rest", "the form of the files: "+strings.Join(transfer.Formats, ", "))
	f.BoolVar(&secrets, "secrets", false, "write secrets of clients and services too, in plain text")
	return c
}
