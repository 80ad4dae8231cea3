package observe_test

import (
	"slices"
	"testing"
	"time"

	"gatehouse/internal/observe"
)

func TestMeter(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	m := observe.NewMeter(func() time.Time { return now }, "a", "b")
	m.Count(0, 200, 2*time.Millisecond)
	m.Count(0, 401, 4*time.Millisecond)
	m.Count(0, 503, 6*time.Millisecond)
	m.Count(7, 200, time.Second) // there is no such place
	now = now.Add(observe.MeterStep)
	m.Count(0, 200, time.Millisecond)
	if got := m.Report(2)[0]; !slices.Equal(got.Count, []int64{0, 3}) || got.Refused[1] != 1 || got.Failed[1] != 1 || got.Mean[1] != 4*time.Millisecond || got.Longest[1] != 6*time.Millisecond {
		t.Errorf("figures of a = %+v", got)
	}
	now = now.Add(observe.MeterStep)
	if got := m.Report(3)[0]; !slices.Equal(got.Count, []int64{0, 3, 1}) {
		t.Errorf("figures of a = %+v", got)
	}
	if got := m.Report(3)[1]; got.Name != "b" || !slices.Equal(got.Count, []int64{0, 0, 0}) {
		t.Errorf("figures of b = %+v", got)
	}
	// After half an hour the places of the ring are used again, and what was there is gone.
	now = now.Add(180 * observe.MeterStep)
	m.Count(0, 200, time.Millisecond)
	now = now.Add(observe.MeterStep)
	sum := int64(0)
	for _, n := range m.Report(1000)[0].Count {
		sum += n
	}
	if sum != 1 {
		t.Errorf("%d requests in the last half hour, want 1", sum)
	}
}

func BenchmarkMeter(b *testing.B) {
	m := observe.NewMeter(nil, "a")
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			m.Count(0, 200, time.Millisecond)
		}
	})
}

func TestMeterTotals(t *testing.T) {
	m := observe.NewMeter(nil, "a", "b")
	m.Count(0, 200, 100*time.Microsecond)
	m.Count(0, 302, 101*time.Microsecond)
	m.Count(0, 503, time.Minute)
	m.Count(1, 404, time.Second)
	all := m.Totals()
	if a := all[0]; a.Name != "a" || a.ByFamily != [5]uint64{0, 1, 1, 0, 1} || a.Below[0] != 1 || a.Below[1] != 2 || a.Below[len(a.Below)-1] != 2 || a.Took != time.Minute+201*time.Microsecond {
		t.Errorf("totals of a = %+v", a)
	}
	if b := all[1]; b.ByFamily[3] != 1 || b.Below[11] != 0 || b.Below[12] != 1 {
		t.Errorf("totals of b = %+v", b)
	}
}
