package gateway

import (
	"strconv"
	"time"

	"gatehouse/internal/conf"
)

// scanInterval is a duration, or, as releases before 2026.3 have it, a number of
// seconds; 0 and less disable the scan.
type scanInterval struct{ conf.Duration }

// UnmarshalConf reads the field.
func (s *scanInterval) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	if n.Kind == conf.Number {
		if seconds, err := strconv.ParseInt(n.Text, 10, 32); err == nil {
			d.Errs.Warn(n, "a number of seconds is the older way: write \"%d seconds\" or \"disabled\"", max(seconds, 0))
			s.Duration = conf.Duration(time.Duration(max(seconds, 0)) * time.Second)
			return
		}
	}
	d.Decode(n, &s.Duration)
}

// DescribeConf names the kind of value.
func (*scanInterval) DescribeConf() string { return "a duration" }
