package expr

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// File is a path as a value: openig.configDirectory and its like. Its text is
// the path.
type File string

// String is the path.
func (f File) String() string { return string(f) }

// Get has the bean properties of java.io.File that are about the path.
func (f File) Get(name string) (Value, bool) {
	switch name {
	case "absolutePath":
		if abs, err := filepath.Abs(string(f)); err == nil {
			return abs, true
		}
		return string(f), true
	case "name":
		return filepath.Base(string(f)), true
	case "parent":
		return filepath.Dir(string(f)), true
	case "path":
		return string(f), true
	}
	return nil, false
}

// path makes a relative path absolute.
func (s Site) path(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	if s.env != nil && s.env.ReadDir != "" {
		path = filepath.Join(s.env.ReadDir, path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return abs
}

// fileURL is the file: URL of an absolute path, with one slash behind the
// scheme, and one at the end for directories that exist.
func fileURL(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() && !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath()
}
