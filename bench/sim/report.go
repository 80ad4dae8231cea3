package main

import (
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
	"time"
)

// report is what came out.
type report struct {
	day      day
	limit    time.Duration
	own      bool // the servers are ours, so that what they use is known
	embedded bool
	costs    map[kind]cost
	steps    []*step
}

// headroom is the largest multiple of the busiest hour that went well, and whether a larger one did not.
func (r *report) headroom() (multiple float64, end *step) {
	for _, s := range r.steps {
		if s.holds(r.limit) {
			multiple = max(multiple, s.multiple)
		} else if end == nil || s.multiple < end.multiple {
			end = s
		}
	}
	return multiple, end
}

func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "%s, %s/%s, %d processors\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Fprintf(out, "%d people a day, %.3g sessions each, a peak of %.3g times the mean\n\n", r.day.Users, r.day.Sessions, r.day.Peak)
	r.printCosts(out)
	for _, s := range r.steps {
		r.printStep(out, s)
	}
	r.printHeadroom(out)
}

func (r *report) printCosts(out io.Writer) {
	if r.costs == nil {
		return
	}
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "kind\ta day\ta second at the peak\tCPU each, authorization server\tgateway\tprocessors at the peak\tpart")
	all := 0.0
	for k := range kinds {
		all += r.processors(k)
	}
	for k := range kinds {
		c, p := r.costs[k], r.processors(k)
		fmt.Fprintf(w, "%s\t%.0f\t%.2f\t%s\t%s\t%.4f\t%.0f %%\n", k, r.day.perDay(k), r.day.peak(k), short(c.am), short(c.gateway), p, 100*p/all)
	}
	fmt.Fprintf(w, "all\t\t\t\t\t%.4f\t\n", all)
	_ = w.Flush()
	fmt.Fprintf(out, "by these costs %d processors would be busy all the time at %.3g times the peak\n", runtime.NumCPU(), float64(runtime.NumCPU())/all)
	fmt.Fprintln(out)
}

// processors is how many are busy with a kind at the peak.
func (r *report) processors(k kind) float64 { return r.day.peak(k) * r.costs[k].all().Seconds() }

func (r *report) printStep(out io.Writer, s *step) {
	verdict := "held"
	if !s.holds(r.limit) {
		verdict = "NOT HELD"
	}
	all, failed := s.requests()
	fmt.Fprintf(out, "%.3g times the busiest hour: %s. %d requests, %d failed; began late: median %s, 99 %% within %s\n",
		s.multiple, verdict, all, failed, short(s.late.quantile(0.5)), short(s.late.quantile(0.99)))
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "kind\ta second\tmedian\t90 %\t99 %\t99.9 %\tfailed")
	for k := range kinds {
		t := &s.kinds[k]
		if len(t.took) == 0 {
			continue
		}
		fmt.Fprintf(w, "%s\t%.1f\t%s\t%s\t%s\t%s\t%d\n", k, s.rate(k), short(t.quantile(0.5)), short(t.quantile(0.9)), short(t.quantile(0.99)), short(t.quantile(0.999)), t.failed)
		if t.first != nil {
			fmt.Fprintf(w, "\tfirst failure: %v\n", t.first)
		}
	}
	_ = w.Flush()
	if r.own {
		u := s.used()
		fmt.Fprintf(out, "processors: authorization server %.2f, gateway %.2f, load generator and application %.2f, others %.2f; memory %d and %d MiB; store %+.1f MiB, %.1f MiB written\n",
			u.am, u.gateway, u.self, u.others, s.after.amMemory>>20, s.after.gwMemory>>20,
			float64(s.after.disk-s.before.disk)/(1<<20), float64(s.after.written-s.before.written)/(1<<20))
	}
	fmt.Fprintln(out)
}

// used is how many processors somebody kept busy.
type used struct{ am, gateway, self, others float64 }

func (s *step) used() used {
	t := s.after.at.Sub(s.before.at).Seconds()
	u := used{
		am: (s.after.am - s.before.am).Seconds() / t, gateway: (s.after.gateway - s.before.gateway).Seconds() / t,
		self: (s.after.self - s.before.self).Seconds() / t,
	}
	u.others = max((s.after.all-s.before.all).Seconds()/t-u.am-u.gateway-u.self, 0)
	return u
}

func (r *report) printHeadroom(out io.Writer) {
	multiple, end := r.headroom()
	switch {
	case end == nil:
		fmt.Fprintf(out, "headroom: at least %.3g times the busiest hour, no more was offered\n", multiple)
	case multiple == 0:
		fmt.Fprintf(out, "headroom: none, %.3g times the busiest hour is too much\n", end.multiple)
	default:
		fmt.Fprintf(out, "headroom: %.3g times the busiest hour, that of %.0f people a day; %.3g times is too much\n",
			multiple, multiple*float64(r.day.Users), end.multiple)
	}
	if !r.own {
		return
	}
	if end != nil {
		fmt.Fprintf(out, "first to give way: %s\n", end.bottleneck(float64(runtime.NumCPU())))
	}
	var records, growth float64
	for _, s := range r.steps {
		for _, k := range []kind{password, authorize, code, refresh, clientCredentials, exchange} {
			records += float64(len(s.kinds[k].took) - s.kinds[k].failed)
		}
		growth += float64(s.after.disk - s.before.disk)
	}
	if r.embedded && records > 0 && growth > 0 {
		each := growth / records
		fmt.Fprintf(out, "the store grew by %.0f B for each session, code or token; %.0f of them a day would be %.2f GiB if none ended\n",
			each, r.day.writes(), each*r.day.writes()/(1<<30))
	}
}

// bottleneck names what was used up in a step that failed.
func (s *step) bottleneck(processors float64) string {
	u := s.used()
	own := u.am + u.gateway + u.self
	switch {
	case own < 0.75*processors && u.others > 0.25*processors:
		return fmt.Sprintf("the processors, %.2f of which other programs had: not a measurement of this node", u.others)
	case own < 0.75*processors:
		return fmt.Sprintf("waiting, mostly for the store to be written: only %.2f of %.0f processors were busy", own, processors)
	case u.self > u.am && u.self > u.gateway:
		return fmt.Sprintf("the processors, and the load generator itself used most (%.2f of %.0f): run it elsewhere", u.self, processors)
	case u.am > u.gateway:
		return fmt.Sprintf("the processors, of which the authorization server used most (%.2f of %.0f)", u.am, processors)
	}
	return fmt.Sprintf("the processors, of which the gateway used most (%.2f of %.0f)", u.gateway, processors)
}

func short(d time.Duration) string {
	switch {
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}
