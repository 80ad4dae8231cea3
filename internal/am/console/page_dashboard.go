package console

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

func dashboardPage() page {
	return page{
		Name: "", Title: "Dashboard", Icon: "chart",
		Handlers: map[string]func(*visit) error{"GET ": showDashboard},
	}
}

// figuresPage brings the dashboard's figures anew, for its script.
func figuresPage() page {
	return page{
		Name: "figures", Passive: true,
		Handlers: map[string]func(*visit) error{"GET figures": func(v *visit) error {
			d, err := readFigures(v)
			if err != nil {
				return err
			}
			return v.part("dashboard", "figures", d)
		}},
	}
}

func showDashboard(v *visit) error {
	d, err := readFigures(v)
	if err != nil {
		return err
	}
	return v.show("dashboard", v.Say("Dashboard"), d)
}

// dashboard is what the page shows.
type dashboard struct {
	Charts   []chart
	Slowest  []endpointRow
	Sessions string
	At       time.Time
}

// chart is a figure with its line.
type chart struct {
	Title, Now, Unit, Help string
	// Line and Area are the points of the line and of what is below it, in a field of 320 by 64.
	Line, Area string
	Top        string
	Text       string
	Bad        bool
	More       string // the address of what is counted, "" for none
}

// endpointRow is an endpoint in the table of the slowest.
type endpointRow struct {
	Name          string
	Requests      int64
	Mean, Longest string
	Errors        int64
	// Share is its mean time in hundredths of the slowest one's.
	Share int
	mean  float64
}

// endpointFigures is an endpoint as the interface tells of it.
type endpointFigures struct {
	Endpoint      string  `json:"endpoint"`
	Count         []int64 `json:"count"`
	Refused       []int64 `json:"refused"`
	Failed        []int64 `json:"failed"`
	MeanMicros    []int64 `json:"meanMicros"`
	LongestMicros []int64 `json:"longestMicros"`
}

func readFigures(v *visit) (dashboard, error) {
	d := dashboard{At: v.console.Now()}
	o, err := v.api.get("global-config/gatehouse/figures")
	if err != nil {
		return d, err
	}
	raw, err := json.Marshal(o["endpoints"])
	if err != nil {
		return d, err
	}
	var all []endpointFigures
	if err := json.Unmarshal(raw, &all); err != nil {
		return d, err
	}
	d.Sessions = text(o["sessions"])
	if o["sessionsExact"] == false {
		d.Sessions = v.Say("%s or more", d.Sessions)
	}
	// Of each endpoint, what was answered well; of all, what was not.
	well := func(names ...string) []int64 {
		var sum []int64
		for _, f := range all {
			if slices.Contains(names, f.Endpoint) {
				sum = add(sum, f.Count, 1)
				sum = add(add(sum, f.Refused, -1), f.Failed, -1)
			}
		}
		return sum
	}
	var refused, failed []int64
	for _, f := range all {
		refused, failed = add(refused, f.Refused, 1), add(failed, f.Failed, 1)
	}
	d.Charts = []chart{
		v.chart("Tokens issued", "a minute", "Answers of the token endpoint.", well("oauth2/access_token"), false),
		v.chart("Introspections", "a minute", "Tokens that resource servers asked about.", well("oauth2/introspect", "oauth2/tokeninfo"), false),
		v.chart("Refused requests", "a minute", "Answers with a status from 400 to 499.", refused, false),
		v.chart("Errors", "a minute", "Answers with a status from 500: the server's own fault.", failed, true),
	}
	d.Charts[2].More = v.link("audit?topic=access&q=FAILED")
	d.Charts[3].More = d.Charts[2].More
	d.Slowest = v.slowest(all)
	return d, nil
}

func add(to, more []int64, sign int64) []int64 {
	if to == nil {
		to = make([]int64, len(more))
	}
	for i := range min(len(to), len(more)) {
		to[i] += sign * more[i]
	}
	return to
}

const (
	chartWidth, chartHeight = 320, 64
	stepsAMinute            = 6
)

// chart draws counts as a rate a minute: each point is the sum of the minute that ends there.
func (v *visit) chart(title, unit, help string, counts []int64, bad bool) chart {
	rates := make([]int64, 0, len(counts))
	sum := int64(0)
	for i, n := range counts {
		if sum += n; i >= stepsAMinute {
			sum -= counts[i-stepsAMinute]
		}
		rates = append(rates, sum)
	}
	c := chart{Title: v.Say(title), Unit: v.Say(unit), Help: v.Say(help), Now: "0", Top: "0"}
	if len(rates) == 0 {
		return c
	}
	now, top := rates[len(rates)-1], max(1, slices.Max(rates))
	c.Now, c.Top, c.Bad = fmt.Sprint(now), fmt.Sprint(top), bad && now > 0
	var line strings.Builder
	for i, r := range rates {
		fmt.Fprintf(&line, "%.1f,%.1f ", float64(i)*chartWidth/float64(max(1, len(rates)-1)), chartHeight-2-float64(r)*(chartHeight-6)/float64(top))
	}
	c.Line = strings.TrimSpace(line.String())
	c.Area = fmt.Sprintf("0,%d %s %d,%d", chartHeight, c.Line, chartWidth, chartHeight)
	c.Text = v.Say("%s in the last half hour: now %d a minute, at most %d.", c.Title, now, slices.Max(rates))
	return c
}

// recentSteps are those that the table looks at: five minutes.
const recentSteps = 5 * stepsAMinute

// slowest lists the endpoints that were asked in the last minutes, by their mean time.
func (v *visit) slowest(all []endpointFigures) []endpointRow {
	var rows []endpointRow
	for _, f := range all {
		r := endpointRow{Name: f.Endpoint}
		total, longest := int64(0), int64(0)
		for i := max(0, len(f.Count)-recentSteps); i < len(f.Count); i++ {
			r.Requests += f.Count[i]
			r.Errors += f.Failed[i]
			total += f.Count[i] * f.MeanMicros[i]
			longest = max(longest, f.LongestMicros[i])
		}
		if r.Requests == 0 {
			continue
		}
		r.mean = float64(total) / float64(r.Requests)
		r.Mean, r.Longest = v.milliseconds(r.mean), v.milliseconds(float64(longest))
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b endpointRow) int { return cmp.Or(cmp.Compare(b.mean, a.mean), cmp.Compare(a.Name, b.Name)) })
	rows = rows[:min(len(rows), 8)]
	for i := range rows {
		rows[i].Share = int(100 * rows[i].mean / max(1, rows[0].mean))
	}
	return rows
}

// milliseconds are digits as the person writes them.
func (v *visit) milliseconds(micros float64) string {
	if micros >= 10000 {
		return fmt.Sprintf("%.0f ms", micros/1000)
	}
	return strings.Replace(fmt.Sprintf("%.2f ms", micros/1000), ".", v.Say("."), 1)
}
