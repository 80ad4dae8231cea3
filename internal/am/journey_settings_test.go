package am_test

import (
	"testing"
	"time"
)

// What a tree says of itself: it runs over a session, makes none, waits for answers, and bounds its sessions.
func TestTreeSettings(t *testing.T) {
	j := newJourneys(t)
	j.tree("Plain", signIn(map[string]string{"true": success, "false": failure})...)
	nodes := j.admin("GET", treesAt+"/trees/Plain", nil).want(t, 200)["nodes"]
	set := func(settings map[string]any) {
		t.Helper()
		settings["entryNodeId"], settings["nodes"] = "page", nodes
		got := j.admin("PUT", treesAt+"/trees/Plain", settings).want(t, 200)
		for name, v := range settings {
			if n, ok := v.(int); ok && got[name] != float64(n) {
				t.Errorf("%s is %v, want %d", name, got[name], n)
			}
		}
	}
	signIn := func() map[string]any { t.Helper(); return j.answer(j.begin("Plain"), "demo", "Ch4ng31t").want(t, 200) }
	over := func(token any) map[string]any {
		t.Helper()
		return j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Plain", "{}", "iPlanetDirectoryPro", token.(string)).want(t, 200)
	}

	set(map[string]any{})
	token := signIn()["tokenId"]
	if got := over(token); got["tokenId"] != token {
		t.Errorf("over a session: %v", got)
	}
	set(map[string]any{"mustRun": true})
	if got := over(token); got["tokenId"] != nil || got["authId"] == nil {
		t.Errorf("a journey that must run, over a session: %v", got)
	}

	set(map[string]any{"noSession": true})
	if got := signIn(); got["tokenId"] != nil || got["message"] != "Authentication Successful" || got["realm"] != "/" {
		t.Errorf("a journey without session: %v", got)
	}

	set(map[string]any{"maximumSessionTime": 30, "maximumIdleTime": 2, "treeTimeout": 1})
	alive := func(token any) bool {
		t.Helper()
		return j.send("POST", "/json/sessions?_action=validate", map[string]any{"tokenId": token}).want(t, 200)["valid"] == true
	}
	token = signIn()["tokenId"]
	j.clock.pass(time.Minute)
	if !alive(token) {
		t.Error("the session ended before its idle time")
	}
	j.clock.pass(3 * time.Minute)
	if alive(token) {
		t.Error("the session outlived its idle time")
	}
	step := j.begin("Plain")
	j.clock.pass(2 * time.Minute)
	j.answer(step, "demo", "Ch4ng31t").want(t, 408)
}
