package expr

import (
	"os"
	"os/user"
	"runtime"
	"strings"
)

// processRoot has the roots that describe the process, for configurations
// whose Env.Vars does not say otherwise: env, the environment variables, and
// system, those Java system properties that mean something here.
func processRoot(name string) (Value, bool) {
	switch name {
	case "env":
		return fixedMap(environment()), true
	case "system":
		return fixedMap(SystemProperties()), true
	}
	return nil, false
}

// fixedMap is a map that expressions cannot change.
type fixedMap map[string]string

func (m fixedMap) Get(name string) (Value, bool) { return textMap(m).get(name) }
func (m fixedMap) Keys() []string                { return textMap(m).keys() }

func environment() map[string]string {
	m := map[string]string{}
	for _, entry := range os.Environ() {
		if name, value, ok := strings.Cut(entry, "="); ok {
			m[name] = value
		}
	}
	return m
}

// SystemProperties are those Java system properties that mean something here.
func SystemProperties() map[string]string {
	m := map[string]string{
		"file.separator": string(os.PathSeparator), "path.separator": string(os.PathListSeparator),
		"line.separator": "\n", "java.io.tmpdir": strings.TrimSuffix(os.TempDir(), "/"),
		"os.name": runtime.GOOS, "os.arch": runtime.GOARCH, "file.encoding": "UTF-8",
	}
	if runtime.GOOS == "linux" {
		m["os.name"] = "Linux"
	}
	if home, err := os.UserHomeDir(); err == nil {
		m["user.home"] = home
	}
	if dir, err := os.Getwd(); err == nil {
		m["user.dir"] = dir
	}
	if u, err := user.Current(); err == nil {
		m["user.name"] = u.Username
	}
	return m
}
