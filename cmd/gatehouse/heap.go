package main

import "os"

// ballast is never written to and so takes address space, not memory. It makes a small heap look large enough to the
// garbage collector that it runs a few times a second under load instead of a hundred times; a large heap hardly notices.
var ballast [2][]byte

const ballastBytes = 16 << 20 // of each half

// withBallast runs f. Who sets GOGC or GOMEMLIMIT wants something else and gets it.
func withBallast(f func() error) error {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		ballast[0], ballast[1] = make([]byte, ballastBytes), make([]byte, ballastBytes)
	}
	return f()
}

// halveBallast is for a process with an embedded store, whose caches are as large and do the same.
func halveBallast() { ballast[1] = nil }
