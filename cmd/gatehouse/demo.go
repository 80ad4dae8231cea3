package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/examples"
	"gatehouse/internal/gateway"
	"gatehouse/internal/observe"
	"gatehouse/internal/sample"
)

// Where the demo listens. The documents' host names stand for this machine.
const (
	demoAM     = "127.0.0.1:8088"
	demoFront  = "127.0.0.1:8080"
	demoTLS    = "127.0.0.1:8443"
	demoApp    = "127.0.0.1:8081"
	demoSecret = "cGFzc3dvcmQ=" // "password", in base64 as secret stores read it
)

var demoHosts = map[string]string{
	"am.example.com:8088": demoAM, "openam.example.com:8088": demoAM, "app.example.com:8081": demoApp,
	"ig.example.com:8080": demoFront, "ig.example.com:8443": demoTLS,
}

func demoCommand() *cobra.Command {
	data := ""
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run the gateway, the authorization server and a sample application on sample data",
		Long: "Runs everything in one process, for a look around: the authorization server on 8088, the gateway on 8080 and 8443\n" +
			"with a certificate of its own making, its administration on 8085, the sample application on 8081; all of them\n" +
			"for this machine only. A second start finds the data of the first.",
		Example: "  gatehouse demo\n  gatehouse demo --data /tmp/gatehouse",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runDemo(c.Context(), data, c.OutOrStdout(), observe.NewLogger(c.ErrOrStderr(), "text", observe.Level()))
		},
	}
	c.Flags().StringVar(&data, "data", "./gatehouse-data", "the `folder` for all data")
	return c
}

func runDemo(ctx context.Context, data string, out io.Writer, log *slog.Logger) error {
	began := time.Now()
	folder := filepath.Join(data, "gateway")
	if err := copyDemo(folder); err != nil {
		return err
	}
	cert, err := demoCertificate(filepath.Join(folder, "secrets"))
	if err != nil {
		return err
	}
	server, err := startAM(amOptions{
		data: filepath.Join(data, "am"), listen: []string{demoAM}, contexts: []string{"/openam", "/am"},
		password: demoPassword, log: log.With("part", "am"), trustTransaction: true,
	})
	if err != nil {
		return err
	}
	defer func() { _ = server.stop() }()
	if err := seedDemo(ctx, server.base+"/openam"); err != nil {
		return fmt.Errorf("set up the demo: %w", err)
	}
	hosts, stopApp, err := startSampleDemo(cert, log.With("part", "app"))
	if err != nil {
		return explainPort(err)
	}
	defer stopApp()
	g, err := startGateway(ctx, gateway.Options{
		Dir: folder, Hosts: hosts, Log: log.With("part", "gateway"),
		Getenv: func(name string) (string, bool) {
			if name == "AGENT_SECRET_ID" || name == "CLIENT_SECRET_ID" {
				return demoSecret, true
			}
			return os.LookupEnv(name)
		},
	})
	if err != nil {
		return err
	}
	for _, p := range g.Problems() {
		log.Error("a route is not in service; see above", "problem", p)
	}
	log.Info("the demo is ready", "took", time.Since(began).Round(time.Millisecond))
	printDemo(out, folder, cert)
	<-ctx.Done()
	fmt.Fprintln(out, "\nStopping …")
	return stopGateway(g)
}

// startSampleDemo starts the sample application with its start page. What the gateway calls by the names of hosts goes
// through a proxy of the application, which shows those messages as well.
func startSampleDemo(cert string, log *slog.Logger) (hosts map[string]string, stop func(), err error) {
	text, err := os.ReadFile(cert)
	if err != nil {
		return nil, nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	demo := sample.NewDemo(sample.Options{AM: "http://" + demoAM, Self: "http://" + demoApp, Hosts: demoHosts, Roots: roots, Log: log})
	l, err := net.Listen("tcp", demoApp)
	if err != nil {
		return nil, nil, err
	}
	var servers []*http.Server
	serve := func(l net.Listener, h http.Handler) {
		s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
		servers = append(servers, s)
		go func() { _ = s.Serve(l) }()
	}
	stop = func() {
		for _, s := range servers {
			_ = s.Close()
		}
	}
	serve(l, demo)
	hosts = maps.Clone(demoHosts)
	for _, name := range []string{"am.example.com:8088", "openam.example.com:8088", "ig.example.com:8080"} {
		between, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			stop()
			return nil, nil, err
		}
		serve(between, demo.Proxy(name))
		hosts[name] = between.Addr().String()
	}
	return hosts, stop, nil
}

// copyDemo copies the configuration folder, unless it is there: people change it.
func copyDemo(folder string) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	return fs.WalkDir(examples.Demo, "demo", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(folder, strings.TrimPrefix(path, "demo"))
		if d.IsDir() {
			return os.MkdirAll(target, 0o750)
		}
		b, err := examples.Demo.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, b, 0o600)
	})
}

func printDemo(out io.Writer, folder, cert string) {
	fmt.Fprintf(out, `
Gatehouse is running. Ctrl-C stops it.

  authorization server   http://127.0.0.1:8088/openam and /am    amAdmin / %[1]s, demo / Ch4ng31t
  its console            http://127.0.0.1:8088/openam/console/   amAdmin / %[1]s
  gateway                http://127.0.0.1:8080, https://127.0.0.1:8443
  administration         http://127.0.0.1:8085/api/system/objects/_router/routes?_queryFilter=true
  sample application     http://127.0.0.1:8081, through the gateway at http://127.0.0.1:8080/app
  gateway configuration  %[2]s: change a route, it is picked up

Try, in a browser: http://127.0.0.1:8081 runs each flow and shows every message.

Try, in another terminal:

# A client gets a token for itself (realm alpha), with form parameters and with basic authentication
curl --request POST \
 --data "grant_type=client_credentials" --data "client_id=myClient" --data "client_secret=forgerock" --data "scope=write" \
 "http://127.0.0.1:8088/openam/oauth2/realms/root/realms/alpha/access_token"
curl --request POST --user 'myClient:forgerock' --data "grant_type=client_credentials" --data "scope=write" \
 "http://127.0.0.1:8088/am/oauth2/realms/root/realms/alpha/access_token"

# The gateway fetches a token and calls a protected resource with it
curl --cacert %[3]s --resolve ig.example.com:8443:127.0.0.1 \
 https://ig.example.com:8443/client-credentials

# Token exchange: a token for two scopes becomes one for a single scope
subjecttoken=$(curl -s --user "client-application:password" \
 --data "grant_type=password&username=demo&password=Ch4ng31t&scope=mail%%20employeenumber" \
 -H "Host: am.example.com:8088" http://127.0.0.1:8088/openam/oauth2/access_token | jq -r ".access_token") && echo $subjecttoken
issuedtoken=$(curl -s --cacert %[3]s --resolve ig.example.com:8443:127.0.0.1 \
 --data "subject_token=${subjecttoken}" https://ig.example.com:8443/token-exchange | jq -r ".access_token") && echo $issuedtoken
curl --request POST http://127.0.0.1:8088/openam/oauth2/realms/root/introspect \
 --data-urlencode "token=${issuedtoken}" --data-urlencode 'client_id=serviceConfidentialClient' --data-urlencode 'client_secret=password'

`, demoPassword, folder, cert)
}
