package heap

import "sync"

// Sample is a number that an object tells operators.
type Sample struct {
	Metric string
	Kind   SampleKind
	// Labels are names and values by turns.
	Labels []string
	// PerObject adds labels that name the object; without, the samples of all objects
	// that have the same labels are added up.
	PerObject bool
	// Value is that of a gauge or a counter, or the sum of a summary.
	Value float64
	// Count is that of a summary.
	Count uint64
}

// SampleKind is a kind of metric as Prometheus has it.
type SampleKind uint8

const (
	// Gauge goes up and down.
	Gauge SampleKind = iota
	// Counter only goes up.
	Counter
	// Summary is a sum and how many there were.
	Summary
)

// Measured is an object that has samples. Samples may be called at any time.
type Measured struct {
	Name    string
	Samples func() []Sample
}

// measured are the objects of a heap that have samples.
type measured struct {
	mu   sync.Mutex
	list []Measured
}

// Measure has f called whenever somebody asks for metrics, as long as the object is in
// service.
func (e *Env) Measure(f func() []Sample) {
	m := &e.Heap.measured
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, Measured{e.Name, f})
}

// Measured returns the objects of this heap that have samples.
func (h *Heap) Measured() []Measured {
	h.measured.mu.Lock()
	defer h.measured.mu.Unlock()
	return h.measured.list[:len(h.measured.list):len(h.measured.list)]
}
