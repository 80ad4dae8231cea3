package secrets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
)

// fileSystem reads one secret from each file of a folder; the label and a suffix make
// the file's name.
type fileSystem struct {
	Directory     string        `conf:"directory,required"`
	Format        formatField   `conf:"format,default=BASE64"`
	Suffix        string        `conf:"suffix"`
	VersionSuffix string        `conf:"versionSuffix"`
	Mappings      []mapping     `conf:"mappings"`
	LeaseExpiry   conf.Duration `conf:"leaseExpiry,default=5 minutes"`
	AutoRefresh   *autoRefresh  `conf:"autoRefresh"`

	formats formats
	leases  *leases
	watch   *watch
}

var fileSystemType = heap.Define("FileSystemSecretStore", func(c *fileSystem, env *heap.Env) (SecretStore, error) {
	// Only a warning: a configuration can be checked where its secrets are not.
	if info, err := os.Stat(c.Directory); err != nil || !info.IsDir() {
		env.Warn("directory", "there is no folder %q", c.Directory)
	}
	c.formats = newFormats(c.Format, c.Mappings, env)
	c.leases = newLeases(leaseOf(env, "leaseExpiry", c.LeaseExpiry), env.Now)
	c.watch = c.AutoRefresh.watch(env.Now)
	return c, nil
})

func (c *fileSystem) Valid(ctx context.Context, id ID) ([]Secret, error) {
	if c.watch.changed() {
		c.leases.clear()
	}
	return c.leases.get(id, func() ([]Secret, error) { return c.load(ctx, id) })
}

func (c *fileSystem) load(ctx context.Context, id ID) ([]Secret, error) {
	// Scripts make labels themselves: none leads out of the folder.
	if why := badID(string(id)); why != "" {
		return nil, errors.New("it is no secret id: " + why)
	}
	files, err := c.files(id)
	if err != nil {
		return nil, err
	}
	var all []Secret
	for _, name := range files {
		list, err := c.loadFile(ctx, id, name)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

func (c *fileSystem) loadFile(ctx context.Context, id ID, name string) ([]Secret, error) {
	path := filepath.Join(c.Directory, name)
	if c.watch != nil {
		c.watch.follow(path)
	}
	raw, err := readFile(path, maxSecretFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := c.formats.of(id).Read(ctx, strings.TrimSuffix(name, c.Suffix), raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// files are the names for a label: one, or with versions the highest first.
func (c *fileSystem) files(id ID) ([]string, error) {
	if c.VersionSuffix == "" {
		return []string{string(id) + c.Suffix}, nil
	}
	if c.watch != nil {
		c.watch.follow(c.Directory)
	}
	entries, err := os.ReadDir(c.Directory)
	if err != nil {
		return nil, err
	}
	byVersion := map[int]string{}
	var versions []int
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), string(id)+c.VersionSuffix)
		if !ok {
			continue
		}
		rest, ok = strings.CutSuffix(rest, c.Suffix)
		if v, err := strconv.Atoi(rest); ok && err == nil && v >= 0 {
			byVersion[v] = e.Name()
			versions = append(versions, v)
		}
	}
	slices.Sort(versions)
	slices.Reverse(versions)
	names := make([]string, len(versions))
	for i, v := range versions {
		names[i] = byVersion[v]
	}
	return names, nil
}

func (c *fileSystem) Active(ctx context.Context, id ID) (Secret, bool, error) {
	return first(c.Valid(ctx, id))
}

func (c *fileSystem) Named(ctx context.Context, id ID, stable string) (Secret, bool, error) {
	list, err := c.Valid(ctx, id)
	return named(list, err, stable)
}

func (c *fileSystem) hint(id ID) string {
	if c.VersionSuffix != "" {
		return "it would be the file " + filepath.Join(c.Directory, string(id)+c.VersionSuffix+"1"+c.Suffix)
	}
	return "it would be the file " + filepath.Join(c.Directory, string(id)+c.Suffix)
}
