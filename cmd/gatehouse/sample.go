package main

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/internal/observe"
	"gatehouse/internal/sample"
)

func sampleCommand() *cobra.Command {
	listen := ""
	c := &cobra.Command{
		Use:     "sample",
		Short:   "Run the sample application, which shows what arrived",
		Long:    "Runs the application that the guides protect: it answers every request with the request that it got.",
		Example: "  gatehouse sample\n  gatehouse sample --listen 127.0.0.1:9081",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			log := observe.NewLogger(c.ErrOrStderr(), "text", observe.Level())
			l, err := net.Listen("tcp", listen)
			if err != nil {
				return explainPort(err)
			}
			log.Info("listening", "address", l.Addr().String())
			app := &http.Server{Handler: sample.Handler(), ReadHeaderTimeout: 10 * time.Second}
			ended := make(chan error, 1)
			go func() { ended <- app.Serve(l) }()
			log.Info("the sample application is ready")
			select {
			case err = <-ended:
				return err
			case <-c.Context().Done():
			}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			return app.Shutdown(ctx)
		},
	}
	c.Flags().StringVar(&listen, "listen", demoApp, "the `address` to listen on")
	return c
}
