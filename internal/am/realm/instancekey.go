package realm

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// instanceKeyVariable is the environment variable that holds the instance key, for
// servers whose data folder must not.
const instanceKeyVariable = "GATEHOUSE_INSTANCE_KEY"

const instanceKeyFile = "instance.key"

// LoadInstanceKey returns the key under which an instance's secrets are sealed: from
// the environment variable GATEHOUSE_INSTANCE_KEY (32 bytes in base64) if it is set,
// else from the file instance.key in dir, which is made, readable by its owner only,
// at the first start. All nodes of a cluster need the same key.
func LoadInstanceKey(dir string) ([32]byte, error) {
	if coded := os.Getenv(instanceKeyVariable); coded != "" {
		key, err := parseInstanceKey(coded)
		if err != nil {
			return key, fmt.Errorf("%s: %w", instanceKeyVariable, err)
		}
		return key, nil
	}
	path := filepath.Join(dir, instanceKeyFile)
	coded, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeInstanceKey(path); err == nil {
			coded, err = os.ReadFile(path)
		}
	}
	if err != nil {
		return [32]byte{}, fmt.Errorf("load instance key: %w", err)
	}
	key, err := parseInstanceKey(string(coded))
	if err != nil {
		return key, fmt.Errorf("load instance key: %s: %w", path, err)
	}
	return key, nil
}

// makeInstanceKey writes a new key. It appears under its name complete or not at all,
// and never in place of another one: what the other one sealed could not be opened.
func makeInstanceKey(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".instance-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	var key [32]byte
	rand.Read(key[:]) // never fails
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key[:]) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func parseInstanceKey(coded string) ([32]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(coded))
	if err != nil || len(raw) != 32 {
		return [32]byte{}, errors.New("expected 32 bytes in base64")
	}
	return [32]byte(raw), nil
}
