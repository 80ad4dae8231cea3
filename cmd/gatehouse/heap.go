package main

import (
	"os"
	"runtime"
)

// ballastBytes is never written to and so takes address space, not memory. It makes a
// small heap look large enough to the garbage collector that it runs a few times a
// second under load instead of a hundred times; a large heap hardly notices.
const ballastBytes = 32 << 20

// withBallast runs f. Who sets GOGC or GOMEMLIMIT wants something else and gets it.
func withBallast(f func() error) error {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return f()
	}
	ballast := make([]byte, ballastBytes)
	err := f()
	runtime.KeepAlive(ballast)
	return err
}
