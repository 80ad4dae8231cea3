package am_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// device is what the client says it runs on.
func device(identifier, browser string, jailBreak float64, place ...float64) string {
	profile := map[string]any{"identifier": identifier, "metadata": map[string]any{
		"platform": map[string]any{"deviceName": "Laptop", "jailBreakScore": jailBreak}, "browser": map[string]any{"userAgent": browser, "language": "en"},
	}}
	if len(place) == 2 {
		profile["location"] = map[string]any{"latitude": place[0], "longitude": fmt.Sprint(place[1])}
	}
	raw, _ := json.Marshal(profile)
	return string(raw)
}

func deviceJourneys(j *journeys) {
	collect := node{"collect", "DeviceProfileCollectorNode", map[string]any{
		"maximumSize": "1", "deviceMetadata": true, "deviceLocation": true, "message": map[string]any{"en": "Looking at the device"},
	}, nil}
	then := func(to string) node {
		c := collect
		c.id, c.to = "collect"+to, map[string]string{"outcome": to}
		return c
	}
	j.tree("Trust", append(signIn(map[string]string{"true": "collectsave", "false": failure}), then("save"),
		node{"save", "DeviceSaveNode", map[string]any{"maxSavedProfiles": 2, "saveDeviceMetadata": true, "saveDeviceLocation": true}, map[string]string{"outcome": success}})...)
	j.tree("Stranger", node{"stranger", "UsernameCollectorNode", nil, map[string]string{"outcome": "collectsave"}}, then("save"),
		node{"save", "DeviceSaveNode", map[string]any{"maxSavedProfiles": 2, "saveDeviceMetadata": true, "saveDeviceLocation": true}, map[string]string{"outcome": success}})
	said := func(url string) node {
		return node{"say" + url, "SetSuccessUrlNode", map[string]any{"successUrl": "/" + url}, map[string]string{"outcome": success}}
	}
	for name, decide := range map[string]node{
		"Match":  {"match", "DeviceMatchNode", map[string]any{"acceptableVariance": 1, "expiration": 30, "useScript": false}, map[string]string{"true": "sayyes", "false": "sayno", "unknownDevice": "sayunknown"}},
		"Near":   {"near", "DeviceLocationMatchNode", map[string]any{"distance": 100}, map[string]string{"true": "sayyes", "false": "sayno", "unknownDevice": "sayunknown"}},
		"Fence":  {"fence", "DeviceGeoFencingNode", map[string]any{"locations": []string{"52.52,13.405", "40.7, -74"}, "distance": 20}, map[string]string{"true": "sayyes", "false": "sayno"}},
		"Tamper": {"tamper", "DeviceTamperingVerificationNode", map[string]any{"score": "0.5"}, map[string]string{"true": "sayyes", "false": "sayno"}},
		"Script": {"script", "DeviceMatchNode", map[string]any{"useScript": true, "script": "x"}, map[string]string{"true": "sayyes", "false": "sayno", "unknownDevice": "sayunknown"}},
		"Fences": {"fences", "DeviceGeoFencingNode", map[string]any{"locations": []string{"here"}, "distance": 20}, map[string]string{"true": "sayyes", "false": "sayno"}},
	} {
		j.tree(name, node{"who" + name, "UsernameCollectorNode", nil, map[string]string{"outcome": "collect" + decide.id}}, then(decide.id), decide, said("yes"), said("no"), said("unknown"))
	}
}

func TestJourneyDevices(t *testing.T) {
	j := newJourneys(t)
	deviceJourneys(j)
	step := j.answer(j.begin("Trust"), "demo", "Ch4ng31t").want(t, 200)
	c := list(step["callbacks"])[0]
	if c["type"] != "DeviceProfileCallback" || output(c, "metadata") != true || output(c, "location") != true || output(c, "message") != "Looking at the device" {
		t.Fatalf("asked: %v", step)
	}
	j.answer(step, device("d1", "Fox", 0, 52.52, 13.4)).want(t, 200)
	// Who has proved nothing can trust no device.
	j.answer(j.answer(j.begin("Stranger"), "demo").want(t, 200), device("evil", "Fox", 0)).want(t, 500)

	ask := func(journey, user, answer string) reply {
		return j.answer(j.answer(j.begin(journey), user).want(t, 200), answer)
	}
	for i, tt := range []struct{ journey, user, answer, want string }{
		{"Match", "demo", device("d1", "Fox", 0), "/yes"},
		{"Match", "demo", device("d1", "Bear", 0), "/yes"}, // one attribute may be another
		{"Match", "demo", device("d1", "Bear", 0.2), "/no"},
		{"Match", "demo", `{"identifier":"d1"}`, "/no"},
		{"Match", "demo", device("d2", "Fox", 0), "/unknown"},
		{"Match", "demo", "", "/unknown"},
		{"Match", "nobody", device("d1", "Fox", 0), "unknown"},
		{"Near", "demo", device("d1", "Fox", 0, 53.2, 13.4), "/yes"},
		{"Near", "demo", device("d1", "Fox", 0, 54, 13.4), "/no"},
		{"Near", "demo", device("d1", "Fox", 0), "/no"},
		{"Near", "demo", device("d2", "Fox", 0, 53.2, 13.4), "/unknown"},
		{"Fence", "demo", device("any", "Fox", 0, 40.71, -74.006), "/yes"},
		{"Fence", "demo", device("any", "Fox", 0, 48.1, 11.6), "/no"},
		{"Fence", "demo", `{"identifier":"x","location":{"latitude":null,"longitude":{}}}`, "/no"},
		{"Tamper", "demo", device("any", "Fox", 0.5), "/yes"},
		{"Tamper", "demo", device("any", "Fox", 0.9), "/no"},
		{"Tamper", "demo", `{"identifier":"x"}`, "/no"},
	} {
		got := ask(tt.journey, tt.user, tt.answer)
		if tt.user == "nobody" { // there is nobody to sign in
			got.want(t, 401)
		} else if got.want(t, 200)["successUrl"] != tt.want {
			t.Errorf("%d %s %s: %v, want %s", i, tt.journey, tt.answer, got.body["successUrl"], tt.want)
		}
	}
	for _, answer := range []string{"text", `{}`, `{"identifier":7}`, device("d1", fmt.Sprintf("%2000d", 1), 0)} {
		ask("Match", "demo", answer).want(t, 400)
	}
	ask("Script", "demo", device("d1", "Fox", 0)).want(t, 500)
	ask("Fences", "demo", device("d1", "Fox", 0)).want(t, 500)

	// The newest devices stay, and are seen by the user alone who has them.
	for _, id := range []string{"d2", "d3"} {
		j.clock.pass(time.Minute)
		j.answer(j.answer(j.begin("Trust"), "demo", "Ch4ng31t").want(t, 200), device(id, "Fox", 0)).want(t, 200)
	}
	if got := ask("Match", "demo", device("d1", "Fox", 0)).want(t, 200); got["successUrl"] != "/unknown" {
		t.Errorf("the oldest of three devices: %v", got)
	}
	const at = "/json/users/demo/devices/profile"
	result := list(j.admin("GET", at+"?_queryFilter=true", nil).want(t, 200)["result"])
	if len(result) != 2 || result[0]["identifier"] != "d2" || result[0]["alias"] != "Laptop" || result[0]["metadata"] == nil {
		t.Fatalf("devices: %v", result)
	}
	j.admin("PUT", at+"/d2", map[string]any{"alias": "Old laptop"}).want(t, 200)
	j.admin("DELETE", at+"/d3", nil).want(t, 200)
	if again := list(j.admin("GET", at+"?_queryFilter=true", nil).want(t, 200)["result"]); len(again) != 1 || again[0]["alias"] != "Old laptop" {
		t.Errorf("after changes: %v", again)
	}
	if user := j.admin("GET", "/json/users/demo", nil).want(t, 200); user["deviceProfiles"] != nil {
		t.Errorf("the profile shows devices: %v", user)
	}
	j.clock.pass(31 * 24 * time.Hour)
	j.token = j.login("/json/authenticate", "amAdmin", adminPassword)
	if got := ask("Match", "demo", device("d2", "Fox", 0)).want(t, 200); got["successUrl"] != "/unknown" {
		t.Errorf("a device that was long gone: %v", got)
	}
}

// A journey says how long it waits for an answer.
func TestJourneyTimeout(t *testing.T) {
	j := newJourneys(t)
	j.tree("Slow",
		node{"more", "UpdateJourneyTimeoutNode", map[string]any{"operation": "SET", "value": 30}, map[string]string{"outcome": "less"}},
		node{"less", "UpdateJourneyTimeoutNode", map[string]any{"operation": "Modify", "value": -10}, map[string]string{"outcome": "page"}},
		signIn(nil)[0], signIn(nil)[1], signIn(nil)[2], node{"check", "DataStoreDecisionNode", nil, map[string]string{"true": success, "false": failure}})
	step, late := j.begin("Slow"), j.begin("Slow")
	j.clock.pass(19 * time.Minute)
	j.answer(step, "demo", "Ch4ng31t").want(t, 200)
	j.clock.pass(2 * time.Minute)
	j.answer(late, "demo", "Ch4ng31t").want(t, 408)
	j.tree("Never", node{"never", "UpdateJourneyTimeoutNode", map[string]any{"operation": "SET", "value": 0}, map[string]string{"outcome": failure}})
	j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Never", "{}").want(t, 500)
}
