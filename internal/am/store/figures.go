package store

// Figure is a number that an engine tells operators.
type Figure struct {
	// Name is without prefix, such as "compactions_total".
	Name, Help string
	// Counter only goes up; others are gauges.
	Counter bool
	Value   float64
}

// Figured is an engine that tells figures. Figures may be called at any time while the engine is open.
type Figured interface{ Figures() []Figure }
