package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/internal/gateway"
)

// gatewayFlags are the flags of commands that load a configuration folder.
type gatewayFlags struct {
	resolve []string
	define  []string
	limits  []string
	log     logFlags
}

func (f *gatewayFlags) add(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.resolve, "resolve", nil,
		"connect to `HOST:PORT:ADDR[,ADDR...]` instead of looking HOST up, to one that answers (repeatable; an ADDR may carry a port of its own)")
	c.Flags().StringArrayVarP(&f.define, "define", "D", nil, "set a system property `name=value` (repeatable)")
	c.Flags().StringArrayVar(&f.limits, "limit", nil, "another value for a limit, as `NAME=VALUE`; the reference has a page of limits (repeatable)")
	f.log.add(c)
}

// options turns the flags into what the gateway needs.
func (f *gatewayFlags) options(dir string) (gateway.Options, error) {
	o := gateway.Options{Dir: dir, Hosts: map[string]string{}, System: map[string]string{}}
	for _, r := range f.resolve {
		host, addr, err := parseResolve(r)
		if err != nil {
			return o, err
		}
		o.Hosts[host] = addr
	}
	for _, d := range f.define {
		name, value, ok := strings.Cut(d, "=")
		if !ok {
			return o, fmt.Errorf("-D %s: expected name=value", d)
		}
		o.System[name] = value
	}
	var err error
	o.Limits, err = gateway.ParseLimits(f.limits)
	return o, err
}

// parseResolve reads HOST:PORT:ADDR or HOST:PORT:ADDR:PORT, as curl has it.
func parseResolve(s string) (host, addr string, err error) {
	parts := strings.SplitN(s, ":", 3)
	if len(parts) < 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return "", "", fmt.Errorf("--resolve %s: expected HOST:PORT:ADDR", s)
	}
	for _, addr := range strings.Split(parts[2], ",") {
		if strings.TrimSpace(addr) == "" {
			return "", "", fmt.Errorf("--resolve %s: an address is empty", s)
		}
	}
	return parts[0] + ":" + parts[1], parts[2], nil
}

// instanceDir is the folder that is used when none is given.
func instanceDir(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	if dir := os.Getenv("IG_INSTANCE_DIR"); dir != "" {
		return dir
	}
	return filepath.Join(os.Getenv("HOME"), ".openig")
}

func gatewayCommand() *cobra.Command {
	var f gatewayFlags
	var drain time.Duration
	c := &cobra.Command{
		Use:   "gateway [DIR]",
		Short: "Run the gateway on a configuration folder",
		Long: "Runs the gateway on a folder that holds config/admin.json, config/config.json and config/routes/*.json.\n" +
			"Without DIR it is $IG_INSTANCE_DIR, else $HOME/.openig. Changed routes are picked up while it runs.",
		Example: "  gatehouse gateway ./my-gateway\n" +
			"  gatehouse gateway --resolve am.example.com:8088:127.0.0.1 ./my-gateway\n" +
			"  AGENT_SECRET_ID=cGFzc3dvcmQ= gatehouse gateway -D ig.run.mode=development",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.options(instanceDir(args))
			if err != nil {
				return err
			}
			if o.Log, err = f.log.logger(c.ErrOrStderr()); err != nil {
				return err
			}
			g, err := startGateway(c.Context(), o)
			if err != nil {
				return err
			}
			<-c.Context().Done()
			if drain > 0 {
				o.Log.Info("draining: requests are answered, health/ready says 503", "for", drain)
				g.Drain()
				time.Sleep(drain)
			}
			return stopGateway(g)
		},
	}
	f.add(c)
	c.Flags().DurationVar(&drain, "drain", 0, "how long to go on answering after the signal to stop, while health/ready says 503")
	return c
}

func startGateway(ctx context.Context, o gateway.Options) (*gateway.Gateway, error) {
	began := time.Now()
	g, err := gateway.Load(o)
	if g != nil { // a doubtful field may be the one that is missing elsewhere
		for _, w := range g.Warnings {
			o.Log.Warn(w.String())
		}
	}
	if err != nil {
		return nil, err
	}
	if err := g.Start(ctx); err != nil {
		return nil, explainPort(err)
	}
	o.Log.Info("the gateway is ready", "folder", o.Dir, "took", time.Since(began).Round(time.Millisecond))
	return g, nil
}

// stopGateway waits for running requests as long as admin.json says. Who does not want to
// wait sends a second signal.
func stopGateway(g *gateway.Gateway) error { return g.Stop(context.Background()) }
