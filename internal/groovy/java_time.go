package groovy

import "time"

// timeOf gives the moment a date value stands for.
func timeOf(v Value) (time.Time, bool) {
	return time.Time{}, false
}
