package main

import "os"

// ballast is never written to and so takes address space, not memory. It makes a small heap look large enough to the
// garbage collector that it runs a few times a second under load instead of a hundred times; a large heap hardly notices.
var ballast []byte

const ballastBytes = 32 << 20

// withBallast runs f. Who sets GOGC or GOMEMLIMIT wants something else and gets it.
func withBallast(f func() error) error {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		ballast = make([]byte, ballastBytes)
	}
	return f()
}

// smallBallastBytes leave 1,000,000 stored tokens below 150 MiB.
const smallBallastBytes = 12 << 20

// shrinkBallast is for a process with an embedded store, whose caches do most of the same.
func shrinkBallast() {
	if ballast != nil {
		ballast = make([]byte, smallBallastBytes)
	}
}
