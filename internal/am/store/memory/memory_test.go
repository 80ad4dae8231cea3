package memory_test

import (
	"testing"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/memory"
	"gatehouse/internal/am/store/storetest"
)

func TestEngine(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, now func() time.Time) (store.Engine, func() (store.Engine, error)) {
		return memory.NewAt(now), nil
	})
}
