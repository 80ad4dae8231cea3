package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/internal/am/store/embedded"
)

// What an archive holds: the files of the store and the key that its secrets are
// sealed under, where that is in the data folder.
const (
	storePrefix = "store/"
	keyName     = "instance.key"
)

// Write writes an archive (tar, gzip) of the data folder as it is at one moment. The
// server may run: nothing that it answered before is missing.
func Write(ctx context.Context, data string, w io.Writer) error {
	dir, running, err := ask(ctx, data)
	if err == nil && !running {
		dir, err = copyStopped(data)
	}
	if err != nil {
		return fmt.Errorf("back up %s: %w", data, err)
	}
	defer os.RemoveAll(dir)
	z := gzip.NewWriter(w)
	t := tar.NewWriter(z)
	err = addFiles(t, data, dir)
	if err = errors.Join(err, t.Close(), z.Close()); err != nil {
		return fmt.Errorf("back up %s: %w", data, err)
	}
	return nil
}

// copyStopped copies the store of a server that does not run.
func copyStopped(data string) (string, error) {
	path := embedded.Path(data)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("there is no embedded store: %w", err)
	}
	e, err := embedded.Open(path, embedded.Options{})
	if err != nil {
		return "", err
	}
	dir, err := checkpoint(data, e)
	return dir, errors.Join(err, e.Close())
}

func addFiles(t *tar.Writer, data, dir string) error {
	files, err := os.ReadDir(filepath.Join(dir, "store"))
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Type().IsRegular() {
			if err := addFile(t, storePrefix+f.Name(), filepath.Join(dir, "store", f.Name())); err != nil {
				return err
			}
		}
	}
	err = addFile(t, keyName, filepath.Join(data, keyName))
	if errors.Is(err, os.ErrNotExist) {
		return nil // it comes from the environment
	}
	return err
}

func addFile(t *tar.Writer, name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}); err != nil {
		return err
	}
	_, err = io.CopyN(t, f, info.Size())
	return err
}

// Restore makes the data folder from an archive. The folder must not exist, or be
// empty: it appears whole, after every file was read and found sound, or not at all.
func Restore(r io.Reader, data string) error {
	if err := restore(r, data); err != nil {
		return fmt.Errorf("restore %s: %w", data, err)
	}
	return nil
}

func restore(r io.Reader, data string) error {
	if files, err := os.ReadDir(data); err == nil && len(files) > 0 {
		return errors.New("the folder is not empty; name another one, or move it away")
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	data = filepath.Clean(data)
	if err := os.MkdirAll(filepath.Dir(data), 0o700); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(data), "."+filepath.Base(data)+"-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := extract(r, dir); err != nil {
		return err
	}
	e, err := embedded.Open(embedded.Path(dir), embedded.Options{})
	if err != nil {
		return err
	}
	if err := errors.Join(e.Verify(), e.Close()); err != nil {
		return err
	}
	if err := os.Remove(data); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Rename(dir, data)
}

// extract writes the files of an archive, which may come from anywhere: only the names
// that Write gives are taken.
func extract(r io.Reader, dir string) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("this is no backup: %w", err)
	}
	t := tar.NewReader(z)
	if err := os.Mkdir(embedded.Path(dir), 0o700); err != nil {
		return err
	}
	found := false
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("the backup is damaged: %w", err)
		}
		path := ""
		if name, ok := strings.CutPrefix(h.Name, storePrefix); ok && filepath.IsLocal(name) && name == filepath.Base(name) {
			path, found = filepath.Join(embedded.Path(dir), name), true
		} else if h.Name == keyName {
			path = filepath.Join(dir, keyName)
		}
		if path == "" || h.Typeflag != tar.TypeReg {
			return fmt.Errorf("this is no backup: it holds %q", h.Name)
		}
		if err := extractFile(t, path); err != nil {
			return fmt.Errorf("the backup is damaged: %s: %w", h.Name, err)
		}
	}
	// The checksum of the compressed stream stands behind the archive.
	if _, err := io.Copy(io.Discard, z); err != nil {
		return fmt.Errorf("the backup is damaged: %w", err)
	}
	if !found {
		return errors.New("this is no backup: it holds no store")
	}
	return nil
}

func extractFile(r io.Reader, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}
