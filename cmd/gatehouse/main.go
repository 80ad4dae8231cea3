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
		SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.AddCommand(gatewayCommand(), amCommand(), importCommand(), exportCommand(), demoCommand(), sampleCommand(), validateCommand(), tryCommand(),
		backupCommand(), restoreCommand(), versionCommand())
	return root
}
