// Command gatehouse is an identity gateway and an authorization server in one binary.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	if err := withBallast(func() error { return command().ExecuteContext(ctx) }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:   "gatehouse",
		Short: "An identity gateway and an OAuth 2.0 / OpenID Connect authorization server",
		Long: "gatehouse runs PingGateway (ForgeRock IG, OpenIG) configuration folders, and answers the clients of PingAM\n" +
			"and PingOne Advanced Identity Cloud.",
		Example:      "  gatehouse demo\n  gatehouse gateway ~/.openig\n  gatehouse validate ~/.openig\n  gatehouse am --data /var/lib/gatehouse",
		SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.AddCommand(gatewayCommand(), amCommand(), importCommand(), exportCommand(), demoCommand(), sampleCommand(), validateCommand(), tryCommand(),
		backupCommand(), restoreCommand(), versionCommand())
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w; %s --help lists what there is", err, c.CommandPath())
	})
	for _, c := range root.Commands() {
		c.Args = explainArguments(c.Args)
	}
	return root
}

// explainArguments makes the errors of check say what the command line should be.
func explainArguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if check == nil || check(c, args) == nil {
			return nil
		}
		return fmt.Errorf("expected gatehouse %s, found %s; gatehouse %s --help has examples", c.Use, count(len(args), "argument"), c.Name())
	}
}
