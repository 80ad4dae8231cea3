package nodes

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"gatehouse/internal/am/login/devices"
	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/store"
)

// Names of what was collected of a device, in the shared state.
const (
	keyProfile  = "forgeRock.device.profile"
	keyLocation = "forgeRock.device.location"
)

// maxIdentifier bounds how a device calls itself.
const maxIdentifier = 256

// deviceCollector asks the client what it runs on, and where.
type deviceCollector struct {
	MaxKiB   string            `json:"maximumSize"`
	Metadata bool              `json:"deviceMetadata"`
	Location bool              `json:"deviceLocation"`
	Message  map[string]string `json:"message"`
}

func (*deviceCollector) Outcomes() []string { return next }

// Check finds what is wrong with the settings.
func (n *deviceCollector) Check() error {
	if kib, err := strconv.Atoi(n.MaxKiB); err != nil || kib < 1 || kib > 16 {
		return fmt.Errorf("maximumSize: expected 1 to 16 KiB, found %q", n.MaxKiB)
	}
	return nil
}

func (n *deviceCollector) Process(s *journey.Step) (journey.Result, error) {
	if err := n.Check(); err != nil {
		return journey.Result{}, err
	}
	if s.Answers == nil {
		return journey.Ask(journey.DeviceProfile(n.Metadata, n.Location, s.Text(n.Message, "")))
	}
	answer := s.Answers[0].Answer()
	if answer == "" { // a page without scripts knows nothing of its device
		return journey.To("outcome")
	}
	kib, err := strconv.Atoi(n.MaxKiB)
	if err != nil {
		return journey.Result{}, err
	}
	var said struct {
		Identifier string         `json:"identifier"`
		Metadata   map[string]any `json:"metadata"`
		Location   *spot          `json:"location"`
	}
	if len(answer) > kib<<10 {
		return journey.Result{}, fmt.Errorf("a device profile of %d bytes: %w", len(answer), journey.ErrAnswers)
	}
	if err := json.Unmarshal([]byte(answer), &said); err != nil || said.Identifier == "" || len(said.Identifier) > maxIdentifier {
		return journey.Result{}, fmt.Errorf("a device profile that cannot be read: %w", journey.ErrAnswers)
	}
	profile := map[string]any{"identifier": said.Identifier}
	if n.Metadata && said.Metadata != nil {
		profile["metadata"] = said.Metadata
	}
	s.State.Share(keyProfile, profile)
	if n.Location && said.Location.valid() {
		s.State.Share(keyLocation, map[string]any{"latitude": float64(said.Location.Latitude), "longitude": float64(said.Location.Longitude)})
	}
	return journey.To("outcome")
}

// collected is the device of the journey, with "" for none, and its place with nil for none.
func collected(s *journey.Step) (identifier string, metadata map[string]any, at *spot) {
	v, _ := s.State.Get(keyProfile)
	profile, _ := v.(map[string]any)
	identifier, _ = profile["identifier"].(string)
	metadata, _ = profile["metadata"].(map[string]any)
	v, _ = s.State.Get(keyLocation)
	if place, ok := v.(map[string]any); ok {
		latitude, ok1 := place["latitude"].(float64)
		longitude, ok2 := place["longitude"].(float64)
		if p := (&spot{degrees(latitude), degrees(longitude)}); ok1 && ok2 && p.valid() {
			at = p
		}
	}
	return identifier, metadata, at
}

// known is the saved profile of the journey's device, nil for none: of a user who is not there, too.
func known(s *journey.Step) (*devices.Device, error) {
	u, err := s.User()
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // none is no error
	}
	if err != nil {
		return nil, err
	}
	list, err := devices.Profile.Of(u, s.Host)
	identifier, _, _ := collected(s)
	i := slices.IndexFunc(list, func(d devices.Device) bool { return d.UUID == identifier })
	if err != nil || i < 0 || identifier == "" {
		return nil, err
	}
	return &list[i], nil
}

// deviceSave keeps the device in the profile of the user, who has proved who he is: it is trusted from then on.
type deviceSave struct {
	NameVariable string `json:"variableName"`
	Most         int    `json:"maxSavedProfiles"`
	Metadata     bool   `json:"saveDeviceMetadata"`
	Location     bool   `json:"saveDeviceLocation"`
}

func (*deviceSave) Outcomes() []string { return next }

// maxProfiles bounds the devices of a user.
const maxProfiles = 20

func (n *deviceSave) Process(s *journey.Step) (journey.Result, error) {
	identifier, metadata, at := collected(s)
	if identifier == "" {
		return journey.To("outcome")
	}
	u, err := s.User()
	if err != nil {
		return journey.Result{}, err
	}
	if !proved(s, u) {
		return journey.Result{}, errNotProved
	}
	list, err := devices.Profile.Of(u, s.Host)
	if err != nil {
		return journey.Result{}, err
	}
	i := slices.IndexFunc(list, func(d devices.Device) bool { return d.UUID == identifier })
	d := devices.Device{UUID: identifier, Created: s.Now * 1000}
	if i >= 0 {
		d = list[i]
		list = slices.Delete(list, i, i+1)
	}
	d.Used, d.Name = s.Now*1000, n.name(s, metadata, d.Name)
	if n.Metadata {
		d.Metadata = metadata
	}
	if n.Location && at != nil {
		d.Latitude, d.Longitude = float64(at.Latitude), float64(at.Longitude)
		d.Located = true
	}
	list = append(list, d)
	if most := min(max(1, n.Most), maxProfiles); len(list) > most {
		slices.SortStableFunc(list, func(a, b devices.Device) int { return cmp.Compare(a.Used, b.Used) })
		list = list[len(list)-most:]
	}
	if err := saveDevices(s, u, devices.Profile, list); err != nil {
		return journey.Result{}, err
	}
	return journey.To("outcome")
}

// name is what the journey calls the device, else what it is called already, else what it says it is.
func (n *deviceSave) name(s *journey.Step, metadata map[string]any, have string) string {
	name := ""
	if n.NameVariable != "" {
		name = devices.CleanName(s.State.Text(n.NameVariable))
	}
	platform, _ := metadata["platform"].(map[string]any)
	for _, member := range []string{"deviceName", "platform"} {
		text, _ := platform[member].(string)
		name = cmp.Or(name, have, devices.CleanName(text))
	}
	return cmp.Or(name, "Device")
}

// deviceMatch compares the device with the saved one of the same identifier.
type deviceMatch struct {
	Variance   int    `json:"acceptableVariance"`
	Expiration int    `json:"expiration"` // days
	UseScript  bool   `json:"useScript"`
	Script     string `json:"script,omitempty"`
}

var deviceOutcomes = []string{"true", "false", "unknownDevice"}

func (*deviceMatch) Outcomes() []string { return deviceOutcomes }

// Check finds what is wrong with the settings.
func (n *deviceMatch) Check() error {
	if n.UseScript {
		return errors.New("useScript: scripts that compare devices are not supported by this server")
	}
	return nil
}

func (n *deviceMatch) Process(s *journey.Step) (journey.Result, error) {
	if err := n.Check(); err != nil {
		return journey.Result{}, err
	}
	d, err := known(s)
	if err != nil {
		return journey.Result{}, err
	}
	if d == nil || s.Now*1000-d.Used > int64(n.Expiration)*24*60*60*1000 {
		return journey.To("unknownDevice")
	}
	_, metadata, _ := collected(s)
	return journey.Either(differences(d.Metadata, metadata) <= n.Variance)
}

// differences counts the attributes that are not the same.
func differences(a, b any) int {
	x, ok1 := a.(map[string]any)
	y, ok2 := b.(map[string]any)
	if !ok1 || !ok2 {
		one, err1 := json.Marshal(a)
		other, err2 := json.Marshal(b)
		if err1 == nil && err2 == nil && string(one) == string(other) {
			return 0
		}
		return 1
	}
	names := maps.Clone(x)
	maps.Copy(names, y)
	n := 0
	for name := range names {
		n += differences(x[name], y[name])
	}
	return n
}

// deviceTampering tells whether the device thinks that nobody has broken into it.
type deviceTampering struct {
	Score string `json:"score"` // 0 to 1
}

func (*deviceTampering) Outcomes() []string { return yesNo }

// Check finds what is wrong with the settings.
func (n *deviceTampering) Check() error {
	if f, err := strconv.ParseFloat(n.Score, 64); err != nil || !(f >= 0 && f <= 1) {
		return fmt.Errorf("score: expected 0 to 1, found %q", n.Score)
	}
	return nil
}

func (n *deviceTampering) Process(s *journey.Step) (journey.Result, error) {
	if err := n.Check(); err != nil {
		return journey.Result{}, err
	}
	most, err := strconv.ParseFloat(n.Score, 64)
	if err != nil {
		return journey.Result{}, err
	}
	_, metadata, _ := collected(s)
	platform, _ := metadata["platform"].(map[string]any)
	score, ok := platform["jailBreakScore"].(float64)
	return journey.Either(ok && score <= most)
}
