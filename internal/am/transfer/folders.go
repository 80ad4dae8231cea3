package transfer

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// realmOfFolder is the realm that a file belongs to by its folders, "" where they do not say: "realms/root/realms/alpha" as
// restFolder writes it, "realms/alpha" of fr-config-manager, "realm/root-alpha" of frodo, "realms/root-alpha" of Amster.
func realmOfFolder(root, file string) string {
	rel, err := filepath.Rel(root, file)
	if err != nil {
		return ""
	}
	parts := strings.Split(filepath.ToSlash(rel), "/")
	at := slices.IndexFunc(parts, func(p string) bool { return p == "realms" || p == "realm" })
	if at < 0 || len(parts)-at < 3 {
		return ""
	}
	name, parts := parts[at+1], parts[at+2:]
	switch {
	case strings.HasPrefix(name, "root-"):
		return frodoPath(name, nil)
	case name != "root":
		return "/" + name
	}
	realm := ""
	for ; len(parts) > 2 && parts[0] == "realms"; parts = parts[2:] {
		name, err := url.PathUnescape(parts[1])
		if err != nil {
			return ""
		}
		realm += "/" + name
	}
	return cmp.Or(realm, "/")
}

// apart are the members whose text tools put into files of their own: fr-config-manager as {"file": "…"}, frodo as
// "file://…".
var apart = []string{"script", "html", "message", "styles"}

// putTogether puts the texts of such files back into a document.
func (r *reader) putTogether(at string, o Object) {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		inner, _ := o[name].(Object)
		if slices.Contains(apart, name) {
			if s, ok := r.apart(at, name, o[name]); ok {
				o[name] = s
				continue
			}
			for _, language := range slices.Sorted(maps.Keys(inner)) {
				if s, ok := r.apart(at, name, inner[language]); ok {
					inner[language] = s
				}
			}
		}
		if inner != nil {
			r.putTogether(at, inner)
		}
	}
}

// apart returns the text of the file that v names; ok is false when v names none.
func (r *reader) apart(at, member string, v any) (s string, ok bool) {
	name, ok := strings.CutPrefix(text(v), "file://")
	if o, is := v.(Object); is && len(o) == 1 {
		name, ok = o["file"].(string)
	}
	if !ok {
		return "", false
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		r.unknown = append(r.unknown, fmt.Sprintf("%s: %s: the file %q is not below the folder", at, member, name))
		return "", true
	}
	dir := filepath.Dir(r.path)
	for _, path := range []string{filepath.Join(dir, filepath.FromSlash(name)), filepath.Join(filepath.Dir(dir), filepath.FromSlash(name))} {
		raw, err := readFile(path)
		if err == nil {
			r.used[path] = true
			return string(raw), true
		}
	}
	r.unknown = append(r.unknown, fmt.Sprintf("%s: %s: the file %s is not there, or cannot be read", at, member, name))
	return "", true
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(raw) > maxFile {
		err = fmt.Errorf("%s: the file is too large", path)
	}
	return raw, err
}
