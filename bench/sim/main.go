// Command sim replays the busiest hour of a day against an authorization server and a gateway: logins, refreshed tokens,
// introspections, calls, as many a second as a given number of daily users makes. It says how long they took, what each
// kind costs, how many times as much would go, and what gives way first.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const help = `sim replays the busiest hour of a day.

  go run ./bench/sim --users 1000000
      starts a node of its own, ./gatehouse with the embedded store in a temporary folder, and offers it for a few
      seconds what a million daily users do in their busiest hour; then twice as much, and so on until it gives way
  go run ./bench/sim --users 20000 --passwords 1 --calls 100
      everybody types a password at each login and calls the application a hundred times in a session
  go run ./bench/sim --store postgres://user:password@db.example.com/gatehouse
      the same with a database
  GATEHOUSE_ADMIN_PASSWORD=… go run ./bench/sim --am https://am.example.com/openam --call https://api.example.com/things
      offers it to servers that run elsewhere; accounts and clients whose names begin with "sim-" are made there. Settings
      of an OAuth2 provider that is there already stay: it has to let clients skip consent, and --exchanges above 0 need
      a script that writes may_act

Requests are sent when they are due, whether or not the ones before were answered, and the time of each counts from when
it was due.

`

// options are what the command line says.
type options struct {
	day      day
	binary   string
	am, call string
	store    string
	accounts int
	length   time.Duration
	cost     time.Duration
	limit    time.Duration
	most     float64
	seed     uint64
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parse(os.Args[1:], os.Stderr)
	if err == nil {
		var r *report
		if r, err = simulate(ctx, o, os.Stderr); err == nil {
			r.print(os.Stdout)
			return
		}
	}
	if !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "sim:", err)
		os.Exit(1)
	}
}

// parse reads the command line.
func parse(args []string, out io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("sim", flag.ContinueOnError)
	f.SetOutput(out)
	f.Usage = func() { fmt.Fprint(out, help); f.PrintDefaults() }
	f.IntVar(&o.day.Users, "users", 1_000_000, "how many people come on a day")
	f.Float64Var(&o.day.Sessions, "sessions", 2, "sessions of each on a day; each begins with a login by authorization code")
	f.Float64Var(&o.day.Passwords, "passwords", 0.5, "`part` of the logins for which a password is typed; the others are single sign-on")
	f.Float64Var(&o.day.Refreshes, "refreshes", 1, "refreshed tokens in a session")
	f.Float64Var(&o.day.Calls, "calls", 20, "calls of the application through the gateway in a session")
	f.Float64Var(&o.day.Introspections, "introspections", 0.1, "introspections by others for each of these calls")
	f.Float64Var(&o.day.ClientCredentials, "client-credentials", 0.2, "tokens that programs get for themselves, for each person and day")
	f.Float64Var(&o.day.Exchanges, "exchanges", 0.1, "exchanged tokens for each person and day")
	f.Float64Var(&o.day.Peak, "peak", 3, "how many times as much as in an average hour happens in the busiest")
	f.StringVar(&o.binary, "binary", "./gatehouse", "the `file` to run")
	f.StringVar(&o.store, "store", "", "a store `URL` for the node, see gatehouse am --help; the default is the embedded one")
	f.StringVar(&o.am, "am", "", "the `URL` of an authorization server that runs already, with its context")
	f.StringVar(&o.call, "call", "", "with --am: a `URL` that wants an access token with the scope sim-call; without it nothing is called")
	f.IntVar(&o.accounts, "accounts", 20, "how many accounts are made for those who log in")
	f.DurationVar(&o.length, "time", 10*time.Second, "how long each step takes")
	f.DurationVar(&o.cost, "cost-time", 2*time.Second, "how long each kind of request is measured alone; 0: not at all")
	f.DurationVar(&o.limit, "limit", time.Second, "a step fails when the 99th percentile of a kind is above this, or one request in a thousand fails")
	f.Float64Var(&o.most, "most", 64, "end at this multiple of the day's load; 1: do not look for the headroom")
	f.Uint64Var(&o.seed, "seed", 1, "of the times at which requests are due")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case f.NArg() > 0:
		return nil, fmt.Errorf("unexpected %q; see --help", f.Arg(0))
	case o.day.Users < 1, o.day.Sessions <= 0, o.day.Peak < 1, o.accounts < 1, o.length <= 0, o.most < 1:
		return nil, fmt.Errorf("--users, --sessions, --accounts and --time must be above zero, --peak and --most at least 1")
	case o.day.Passwords < 0 || o.day.Passwords > 1:
		return nil, fmt.Errorf("--passwords is a part: from 0 to 1")
	case min(o.day.Refreshes, o.day.Calls, o.day.Introspections, o.day.ClientCredentials, o.day.Exchanges) < 0:
		return nil, fmt.Errorf("a number of requests cannot be negative")
	case o.call != "" && o.am == "":
		return nil, fmt.Errorf("--call is for servers that run already: give --am too")
	}
	o.am = strings.TrimSuffix(o.am, "/")
	return o, nil
}
