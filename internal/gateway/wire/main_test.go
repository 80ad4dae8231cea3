package wire_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain also checks that no test leaves a goroutine behind.
func TestMain(m *testing.M) {
	if benchRole() {
		return
	}
	goleak.VerifyTestMain(m)
}
