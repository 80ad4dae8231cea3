package realm_test

import (
	"os"
	"path/filepath"
	"testing"
)

func checkInstanceKeyFile(t *testing.T, dir string) {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, "instance.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("instance.key = %v, %v, want mode 0600", info, err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("files beside it: %v, %v", files, err)
	}
}
