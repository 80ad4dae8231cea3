// Package examples holds the configuration folder that the demo runs.
package examples

import "embed"

// Demo is the folder demo: what `gatehouse demo` copies when it starts for the first time.
//
//go:embed demo
var Demo embed.FS
