package rest

import (
	"strconv"
	"strings"
)

// newestProtocol is the newest protocol version, 2.2.
const newestProtocol = 22

// negotiate reads Accept-API-Version, "protocol=2.1,resource=1.0" with either part absent, and sets
// Content-API-Version. Every version up to the newest is answered, in the newest form of the same major version.
func (c *Call) negotiate(res *Resource) error {
	newest := res.Version
	if newest == "" {
		newest = "1.0"
	}
	asked := c.Request.Header.Get("Accept-API-Version")
	noResource, noProtocol := true, true
	for part := range strings.SplitSeq(asked, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		n, ok := versionNumber(value)
		switch {
		case name == "":
		case !ok || name != "protocol" && name != "resource":
			return badRequest("Accept-API-Version: Invalid version \"%s\"", strings.TrimSpace(part))
		case name == "protocol" && n > newestProtocol, name == "resource" && n/10 > majorOf(newest):
			return refuse(404, "Accept-API-Version: Requested version \"%s\" does not match any routes.", value)
		case name == "resource":
			c.version, noResource = value, false
		default:
			noProtocol = false
		}
	}
	if err := c.unversioned(noResource, noProtocol); err != nil {
		return err
	}
	version := newest
	if n, ok := versionNumber(c.version); ok && n/10 < majorOf(newest) {
		version = c.version
	}
	header := "resource=" + version
	if c.asksAll() && c.Request.Method == "GET" {
		header = "protocol=2.0," + header + ", " + header // printed so by PingAM
	}
	c.writer.Header().Set("Content-API-Version", header)
	return nil
}

// versionNumber reads "2.1" as 21.
func versionNumber(s string) (int, bool) {
	major, minor, ok := strings.Cut(strings.TrimSpace(s), ".")
	if !ok {
		minor = "0"
	}
	a, err1 := strconv.Atoi(major)
	b, err2 := strconv.Atoi(minor)
	return a*10 + b, err1 == nil && err2 == nil && a >= 0 && a < 100 && b >= 0 && b < 10
}

func majorOf(version string) int {
	n, _ := versionNumber(version)
	return n / 10
}
