// Command bench measures the built gatehouse against bare probes in the same run and
// prints the table of docs/performance.md: requests per second and CPU time per
// request, as ratios. Absolute numbers depend on the machine, ratios hardly.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "probe" {
		if err := probe(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	binary := flag.String("binary", "./gatehouse", "the `file` to measure")
	length := flag.Duration("time", 3*time.Second, "how long each measurement takes")
	rounds := flag.Int("rounds", 3, "how often each measurement is made; the median counts")
	only := flag.String("only", "", "measure only cases whose name matches this `pattern`")
	long := flag.Bool("long", false, "measure with millions of stored and cached tokens; takes many minutes")
	soak := flag.Int64("soak", 0, "issue so many tokens that live a minute, and see that nothing grows; 20 million take an hour or less")
	direct := flag.Bool("direct", false, "with -soak, into a store of this process and not through a server: several times faster")
	flag.Parse()
	if *soak > 0 {
		if err := runSoak(*binary, *soak, *direct); err != nil {
			fmt.Fprintln(os.Stderr, "soak:", err)
			os.Exit(1)
		}
		return
	}
	if *long {
		if err := runLong(*binary, *length, *only); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*binary, *length, *rounds, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if err := scripts(*length); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// comparison says what a case is held against and how far it may be.
type comparison struct {
	of, against string
	// metric is "cpu" (time per request), "rate" (its inverse: requests per second of CPU time), or the name of a case: then it is how often its
	// time goes into what the first takes more than the second.
	metric string
	limit  float64
	// atMost: the ratio must not be above the limit; else not below.
	atMost bool
}

var comparisons = []comparison{
	{"route", "bare wire proxy", "cpu", 1.3, true},
	{"route", "bare ReverseProxy", "cpu", 0.6, true},
	{"resource server, cached", "bare wire proxy", "cpu", 1.4, true},
	{"resource server, cached JWT", "bare wire proxy", "cpu", 1.4, true},
	{"resource server, new RS256 JWT", "bare wire proxy", "bare RS256 verification", 1.3, true},
	{"resource server, new ES256 JWT", "bare wire proxy", "bare ES256 verification", 1.3, true},
	{"client_credentials", "bare synced batch", "rate", 0.65, false},
	{"client_credentials, JWT ES256", "bare ES256 JWT", "rate", 0.65, false},
	{"introspection", "bare JSON", "rate", 0.7, false},
}

func run(binary string, length time.Duration, rounds int, only string) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	b, err := newBench(binary)
	if err != nil {
		return err
	}
	defer b.close()
	cases, err := b.cases()
	if err != nil {
		return err
	}
	results := map[string][]result{}
	// Rounds go over all cases, so that a slow minute of the machine hits all alike.
	for round := range rounds {
		for _, c := range cases {
			if !pattern.MatchString(c.name) {
				continue
			}
			fmt.Fprintf(os.Stderr, "round %d/%d: %s\n", round+1, rounds, c.name)
			r, err := measure(c, length)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			results[c.name] = append(results[c.name], r)
		}
	}
	report(cases, results)
	return nil
}

func report(cases []testCase, results map[string][]result) {
	fmt.Printf("%s, %s/%s, %d processors\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	w := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "case\trequests/s\tCPU/request\tmemory")
	best := map[string]result{}
	for _, c := range cases {
		if len(results[c.name]) == 0 {
			continue
		}
		r := median(results[c.name])
		best[c.name] = r
		fmt.Fprintf(w, "%s\t%.0f\t%s\t%d MiB\n", c.name, r.rate, r.cpu.Round(100*time.Nanosecond), r.memory>>20)
	}
	w.Flush()
	fmt.Println()
	fmt.Fprintln(w, "ratio\tmeasured\tgoal\t")
	for _, c := range comparisons {
		of, ok := best[c.of]
		against, ok2 := best[c.against]
		if !ok || !ok2 {
			continue
		}
		var ratio float64
		what := c.of + " / " + c.against
		switch c.metric {
		case "rate":
			ratio, c.metric = float64(against.cpu)/float64(of.cpu), "requests per CPU second"
		case "cpu":
			ratio = float64(of.cpu) / float64(against.cpu)
		default:
			part, ok := best[c.metric]
			if !ok {
				continue
			}
			ratio = float64(of.cpu-against.cpu) / float64(part.cpu)
			what = "(" + c.of + " - " + c.against + ") / " + c.metric
			c.metric = "cpu"
		}
		sign, met := "≥", ratio >= c.limit
		if c.atMost {
			sign, met = "≤", ratio <= c.limit
		}
		verdict := "met"
		if !met {
			verdict = "NOT MET"
		}
		fmt.Fprintf(w, "%s, %s\t%.2f\t%s %.2f\t%s\n", what, c.metric, ratio, sign, c.limit, verdict)
	}
	w.Flush()
}

func median(list []result) result {
	s := slices.Clone(list)
	slices.SortFunc(s, func(a, b result) int { return int(a.cpu - b.cpu) })
	return s[len(s)/2]
}
