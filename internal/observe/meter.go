package observe

import (
	"slices"
	"sync"
	"time"
)

// What a Meter keeps: steps of ten seconds, half an hour of them.
const (
	MeterStep  = 10 * time.Second
	meterSteps = 180
)

// Meter counts what happened at places with names, in steps of time, for half an hour. The names are fixed when it is
// made, so that counting takes one short lock of its own place and no memory.
type Meter struct {
	now    func() time.Time
	names  []string
	places []meterPlace
}

type meterPlace struct {
	mu    sync.Mutex
	steps [meterSteps]meterStep
	total Totals
}

// MeterBounds are the upper bounds of Totals.Below.
var MeterBounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second,
}

// Totals are what happened at a place since the meter was made.
type Totals struct {
	Name string
	// ByFamily counts answers by the first digit of their status, 1 to 5 at 0 to 4.
	ByFamily [5]uint64
	// Below counts answers that took at most the bound of the same number; longer ones are in none.
	Below [len(MeterBounds)]uint64
	// Took is the time of all together.
	Took time.Duration
}

// meterStep is what happened in one step of time, the number of steps since 1970.
type meterStep struct {
	at             int64
	count, refused int64
	failed         int64
	total, longest time.Duration
}

// NewMeter returns a meter for the places; now may be nil for the system's clock.
func NewMeter(now func() time.Time, names ...string) *Meter {
	if now == nil {
		now = time.Now
	}
	return &Meter{now: now, names: slices.Clone(names), places: make([]meterPlace, len(names))}
}

// Count notes that a request at the place with that number was answered with an HTTP status and took so long. Numbers
// that there are not count nowhere.
func (m *Meter) Count(place, status int, took time.Duration) { m.CountAt(m.now(), place, status, took) }

// CountAt is Count for who knows what time it is.
func (m *Meter) CountAt(now time.Time, place, status int, took time.Duration) {
	if place < 0 || place >= len(m.places) {
		return
	}
	at := now.UnixNano() / int64(MeterStep)
	p := &m.places[place]
	p.mu.Lock()
	s := &p.steps[at%meterSteps]
	if s.at != at {
		*s = meterStep{at: at}
	}
	s.count++
	switch {
	case status >= 500:
		s.failed++
	case status >= 400:
		s.refused++
	}
	s.total += took
	s.longest = max(s.longest, took)
	if family := status/100 - 1; family >= 0 && family < len(p.total.ByFamily) {
		p.total.ByFamily[family]++
	}
	if i, _ := slices.BinarySearch(MeterBounds[:], took); i < len(MeterBounds) {
		p.total.Below[i]++
	}
	p.total.Took += took
	p.mu.Unlock()
}

// Figures are what happened at a place: a number for each step, the oldest first, the last step that is over at the end.
type Figures struct {
	Name string
	// Count are all requests, Refused those answered with 4xx, Failed those with 5xx.
	Count, Refused, Failed []int64
	// Mean and Longest are times; 0 where there was no request.
	Mean, Longest []time.Duration
}

// Report gives the figures of all places for the last n steps that are over, 179 at most.
func (m *Meter) Report(n int) []Figures {
	n = min(max(n, 1), meterSteps-1)
	end := m.now().UnixNano() / int64(MeterStep)
	out := make([]Figures, len(m.places))
	for i := range m.places {
		f := Figures{
			Name: m.names[i], Count: make([]int64, n), Refused: make([]int64, n), Failed: make([]int64, n),
			Mean: make([]time.Duration, n), Longest: make([]time.Duration, n),
		}
		p := &m.places[i]
		p.mu.Lock()
		for j := range n {
			at := end - int64(n) + int64(j)
			if s := &p.steps[at%meterSteps]; s.at == at && s.count > 0 {
				f.Count[j], f.Refused[j], f.Failed[j], f.Longest[j] = s.count, s.refused, s.failed, s.longest
				f.Mean[j] = s.total / time.Duration(s.count)
			}
		}
		p.mu.Unlock()
		out[i] = f
	}
	return out
}

// Totals gives the totals of all places.
func (m *Meter) Totals() []Totals {
	out := make([]Totals, len(m.places))
	for i := range m.places {
		p := &m.places[i]
		p.mu.Lock()
		out[i] = p.total
		p.mu.Unlock()
		out[i].Name = m.names[i]
		for j := 1; j < len(MeterBounds); j++ {
			out[i].Below[j] += out[i].Below[j-1]
		}
	}
	return out
}
