package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"gatehouse/internal/observe"
)

// logFlags are the flags of commands that run for long.
type logFlags struct{ format, level string }

func (f *logFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.format, "log-format", "text", "how to log: text or json")
	c.Flags().StringVar(&f.level, "log-level", "", "the least `level` to log: debug, info, warn or error; the default is ROOT_LOG_LEVEL of the environment, else info")
}

// logger makes the logger that the flags ask for.
func (f *logFlags) logger(w io.Writer) (*slog.Logger, error) {
	if f.format != "text" && f.format != "json" {
		return nil, fmt.Errorf("--log-format: expected text or json, found %q", f.format)
	}
	level := f.level
	if level == "" {
		level = observe.Level() // what it has wrong is the environment's, which other programs share: info then
	} else if err := new(slog.Level).UnmarshalText([]byte(level)); err != nil && level != "trace" {
		return nil, fmt.Errorf("--log-level: expected debug, info, warn or error, found %q", level)
	}
	return observe.NewLogger(w, f.format, level), nil
}
