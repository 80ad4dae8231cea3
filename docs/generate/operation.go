package main

import _ "embed"

// Pages that are written by hand and compared with the program by tests.
var (
	//go:embed metrics.md
	metricsPage string
	//go:embed limits.md
	limitsPage string
)
