package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/internal/gateway"
)

func validateCommand() *cobra.Command {
	var f gatewayFlags
	strict := false
	c := &cobra.Command{
		Use:   "validate DIR",
		Short: "Check a configuration folder and print every problem with its place",
		Long: "Loads the folder as the gateway would, but starts nothing and opens nothing. Every problem is printed as\n" +
			"FILE:LINE:COLUMN: PLACE: what was expected and what was found. The exit status is 1 when there is any.",
		Example: "  gatehouse validate ./my-gateway\n  gatehouse validate --strict ./my-gateway",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.options(args[0])
			if err != nil {
				return err
			}
			problems, warnings, routes := check(o)
			out := c.OutOrStdout()
			for _, w := range warnings {
				fmt.Fprintf(out, "warning: %s\n", w)
			}
			for _, p := range problems {
				fmt.Fprintln(out, p)
			}
			switch n := len(problems); {
			case n > 0:
				return fmt.Errorf("%s: %s", args[0], count(n, "problem"))
			case strict && len(warnings) > 0:
				return fmt.Errorf("%s: %s, which --strict makes errors", args[0], count(len(warnings), "warning"))
			}
			_, err = fmt.Fprintf(out, "%s: no problems, %s\n", args[0], count(routes, "route"))
			return err
		},
	}
	f.add(c)
	c.Flags().BoolVar(&strict, "strict", false, "make warnings errors")
	return c
}

// check loads a folder and returns all that there is to print, each with its excerpt.
func check(o gateway.Options) (problems, warnings []string, routes int) {
	g, err := gateway.Load(o)
	problems = entries(err)
	if g == nil {
		return problems, nil, 0
	}
	for _, p := range g.Problems() {
		list := entries(p)
		slices.SortStableFunc(list, byPlace)
		problems = append(problems, list...)
	}
	for _, w := range append(g.Warnings, g.RouteWarnings()...) {
		warnings = append(warnings, w.String())
	}
	return problems, warnings, g.Routes()
}

// entries cuts a joined error into its problems. Lines that are set in belong to the one
// before.
func entries(err error) []string {
	if err == nil {
		return nil
	}
	var list []string
	for l := range strings.SplitSeq(err.Error(), "\n") {
		switch {
		case strings.TrimSpace(l) == "":
		case len(list) > 0 && (l[0] == ' ' || l[0] == '\t'):
			list[len(list)-1] += "\n" + l
		default:
			list = append(list, l)
		}
	}
	return list
}

var placed = regexp.MustCompile(`^(.+?):(\d+):(\d+): `)

// byPlace orders problems by file, line and column; those without a place come last.
func byPlace(a, b string) int {
	x, y := placed.FindStringSubmatch(a), placed.FindStringSubmatch(b)
	if x == nil || y == nil {
		return cmp.Compare(len(y), len(x))
	}
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	return cmp.Or(cmp.Compare(x[1], y[1]), cmp.Compare(number(x[2]), number(y[2])), cmp.Compare(number(x[3]), number(y[3])))
}

// count is a number of things, of one or of many.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
