package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
)

// document is a parsed configuration file whose properties are bound and whose
// tokens are replaced.
type document struct {
	node     *conf.Node
	text     []byte
	bindings *heap.Bindings
}

// load reads the file and prepares it below the parent's bindings. Problems go to
// errs; nil is returned then.
func (i *instance) load(path string, parent *heap.Bindings, errs *conf.Errors) *document {
	text, err := os.ReadFile(path)
	if err != nil {
		errs.Add(nil, "read %s: %s", i.relative(path), plainError(err))
		return nil
	}
	return i.parse(i.relative(path), text, parent, errs)
}

func (i *instance) parse(file string, text []byte, parent *heap.Bindings, errs *conf.Errors) *document {
	n, err := conf.Parse(file, text)
	if err != nil {
		errs.AddErr(nil, err)
		return nil
	}
	if n.Kind != conf.Object {
		errs.Add(n, "expected an object, found %s", n.Kind)
		return nil
	}
	d := &document{node: n, text: text, bindings: heap.NewBindings(parent, nil)}
	i.bindProperties(d, errs)
	resolve := func(name string) (string, bool) { return i.token(d.bindings, name) }
	for _, f := range n.Fields {
		if f.Name != "properties" {
			conf.Substitute(f.Value, resolve, errs)
		}
	}
	if errs.Err() != nil {
		return nil
	}
	return d
}

// token resolves a configuration token: properties, environment, system properties,
// token files, built-in values.
func (i *instance) token(b *heap.Bindings, name string) (string, bool) {
	if v, ok := b.Token(name); ok {
		return v, true
	}
	if v, ok := i.services.Getenv(conf.EnvName(name)); ok {
		return v, true
	}
	if v, ok := i.services.System(name); ok {
		return v, true
	}
	if v, ok := i.tokenFiles[name]; ok {
		return v, true
	}
	switch name {
	case "ig.instance.dir":
		return i.services.Dirs.Instance, true
	case "ig.instance.url":
		return "file://" + i.services.Dirs.Instance + "/", true
	case "ig.run.mode":
		return i.mode, true
	}
	return "", false
}

// readTokenFiles reads the folders of IG_ENVCONFIG_DIRS or ig.envconfig.dirs.
func (i *instance) readTokenFiles() error {
	dirs, ok := i.services.Getenv("IG_ENVCONFIG_DIRS")
	if !ok {
		dirs, _ = i.services.System("ig.envconfig.dirs")
	}
	for dir := range strings.SplitSeq(dirs, ",") {
		if dir = strings.TrimSpace(dir); dir == "" {
			continue
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			return fmt.Errorf("read token files: %w", err)
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if e.IsDir() || !strings.HasSuffix(path, ".json") && !strings.HasSuffix(path, ".properties") {
				continue
			}
			errs := &conf.Errors{}
			flatten(i.tokenFiles, "", i.propertiesFile(path, nil, errs))
			if err := errs.Err(); err != nil {
				return fmt.Errorf("read token files: %w", err)
			}
		}
	}
	return nil
}

func flatten(into map[string]string, prefix string, m map[string]any) {
	for k, v := range m {
		switch v := v.(type) {
		case map[string]any:
			flatten(into, prefix+k+".", v)
		case nil, []any:
		default:
			into[prefix+k] = fmt.Sprint(v)
		}
	}
}

// relative names a file as errors do: from the configuration folder.
func (i *instance) relative(path string) string {
	if rel, err := filepath.Rel(i.services.Dirs.Config, path); err == nil && !strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(rel)
	}
	return path
}

// plainError drops the path from an error that is printed behind the path.
func plainError(err error) error {
	if pe, ok := err.(*os.PathError); ok {
		return pe.Err
	}
	return err
}
