package main

import (
	"fmt"
	"slices"
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
				return fmt.Errorf("%s: %d problems", args[0], n)
			case strict && len(warnings) > 0:
				return fmt.Errorf("%s: %d warnings, which --strict makes errors", args[0], len(warnings))
			}
			_, err = fmt.Fprintf(out, "%s: no problems, %d routes\n", args[0], routes)
			return err
		},
	}
	f.add(c)
	c.Flags().BoolVar(&strict, "strict", false, "make warnings errors")
	return c
}

// check loads a folder and returns all lines there are to print.
func check(o gateway.Options) (problems, warnings []string, routes int) {
	g, err := gateway.Load(o)
	problems = lines(err)
	if g == nil {
		return problems, nil, 0
	}
	var routeProblems []string
	for _, p := range g.Problems() {
		routeProblems = append(routeProblems, lines(p)...)
	}
	slices.Sort(routeProblems)
	for _, w := range append(g.Warnings, g.RouteWarnings()...) {
		warnings = append(warnings, w.String())
	}
	return append(problems, routeProblems...), warnings, g.Routes()
}

func lines(err error) []string {
	if err == nil {
		return nil
	}
	var list []string
	for l := range strings.SplitSeq(err.Error(), "\n") {
		if strings.TrimSpace(l) != "" {
			list = append(list, l)
		}
	}
	return list
}
