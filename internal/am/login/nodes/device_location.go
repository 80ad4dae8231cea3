package nodes

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/am/login/journey"
)

// spot is a place on earth, in degrees, which clients write as numbers or as texts.
type spot struct {
	Latitude  degrees `json:"latitude"`
	Longitude degrees `json:"longitude"`
}

type degrees float64

// UnmarshalJSON reads a number or a text.
func (d *degrees) UnmarshalJSON(raw []byte) error {
	f, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	*d = degrees(f)
	if err != nil {
		*d = degrees(math.NaN()) // "null", or an object: the device does not know
	}
	return nil
}

func (p *spot) valid() bool {
	return p != nil && math.Abs(float64(p.Latitude)) <= 90 && math.Abs(float64(p.Longitude)) <= 180
}

// kilometres is the distance of two places on a ball of the earth's size, by haversines.
func (p *spot) kilometres(q *spot) float64 {
	const radius, rad = 6371.0088, math.Pi / 180
	a, b := float64(p.Latitude)*rad, float64(q.Latitude)*rad
	x, y := math.Sin((b-a)/2), math.Sin((float64(q.Longitude)-float64(p.Longitude))*rad/2)
	return 2 * radius * math.Asin(math.Sqrt(min(1, x*x+math.Cos(a)*math.Cos(b)*y*y)))
}

// deviceLocation tells whether the device is near the place where it was saved.
type deviceLocation struct {
	Distance int `json:"distance"` // kilometres
}

func (*deviceLocation) Outcomes() []string { return deviceOutcomes }

func (n *deviceLocation) Process(s *journey.Step) (journey.Result, error) {
	d, err := known(s)
	if err != nil {
		return journey.Result{}, err
	}
	if d == nil {
		return journey.To("unknownDevice")
	}
	_, _, at := collected(s)
	return journey.Either(at != nil && d.Located && at.kilometres(&spot{degrees(d.Latitude), degrees(d.Longitude)}) <= float64(n.Distance))
}

// geofence tells whether the device is near one of several places: "true" inside, "false" outside.
type geofence struct {
	Locations []string `json:"locations"`
	Distance  int      `json:"distance"` // kilometres
}

func (*geofence) Outcomes() []string { return yesNo }

// Check finds what is wrong with the settings.
func (n *geofence) Check() error { _, err := n.places(); return err }

func (n *geofence) places() ([]*spot, error) {
	var list []*spot
	for _, text := range n.Locations {
		latitude, longitude, _ := strings.Cut(text, ",")
		x, err1 := strconv.ParseFloat(strings.TrimSpace(latitude), 64)
		y, err2 := strconv.ParseFloat(strings.TrimSpace(longitude), 64)
		p := &spot{degrees(x), degrees(y)}
		if err1 != nil || err2 != nil || !p.valid() {
			return nil, fmt.Errorf("locations: expected latitude,longitude in degrees, found %q", text)
		}
		list = append(list, p)
	}
	return list, nil
}

func (n *geofence) Process(s *journey.Step) (journey.Result, error) {
	list, err := n.places()
	if err != nil {
		return journey.Result{}, err
	}
	_, _, at := collected(s)
	return journey.Either(at != nil && slices.ContainsFunc(list, func(p *spot) bool { return p.kilometres(at) <= float64(n.Distance) }))
}
