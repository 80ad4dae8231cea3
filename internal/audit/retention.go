package audit

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// retention bounds what rotated files take. Numbers below zero set no bound.
type retention struct {
	// MaxNumberOfHistoryFiles is how many rotated files are kept.
	MaxNumberOfHistoryFiles int `conf:"maxNumberOfHistoryFiles,default=-1"`
	// MaxDiskSpaceToUse is how many bytes rotated files may take.
	MaxDiskSpaceToUse int64 `conf:"maxDiskSpaceToUse,default=-1"`
	// MinFreeSpaceRequired is how many bytes must be free on the disk.
	MinFreeSpaceRequired int64 `conf:"minFreeSpaceRequired,default=-1"`
}

type history struct {
	path string
	info os.FileInfo
}

// enforce deletes the oldest rotated files of path until all bounds are kept. The file
// itself is never deleted.
func (r *retention) enforce(path, prefix string, log *slog.Logger) {
	if r.MaxNumberOfHistoryFiles < 0 && r.MaxDiskSpaceToUse <= 0 && r.MinFreeSpaceRequired <= 0 {
		return
	}
	files := rotated(path, prefix)
	var used int64
	for _, f := range files {
		used += f.info.Size()
	}
	for _, f := range files {
		short := false
		if r.MinFreeSpaceRequired > 0 {
			free, ok := freeSpace(filepath.Dir(path))
			short = ok && free < r.MinFreeSpaceRequired
		}
		if !short && (r.MaxNumberOfHistoryFiles < 0 || len(files) <= r.MaxNumberOfHistoryFiles) &&
			(r.MaxDiskSpaceToUse <= 0 || used <= r.MaxDiskSpaceToUse) {
			return
		}
		if err := os.Remove(f.path); err != nil {
			log.Error("an old audit file could not be deleted", "file", f.path, "error", err)
			return
		}
		used -= f.info.Size()
		files = files[1:]
	}
}

// rotated lists the rotated files of path, the oldest first.
func rotated(path, prefix string) []history {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	begin := prefix + filepath.Base(path)
	var files []history
	for _, e := range entries {
		name := e.Name()
		if name == filepath.Base(path) || !strings.HasPrefix(name, begin) {
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			files = append(files, history{filepath.Join(filepath.Dir(path), name), info})
		}
	}
	slices.SortFunc(files, func(a, b history) int {
		if c := a.info.ModTime().Compare(b.info.ModTime()); c != 0 {
			return c
		}
		return strings.Compare(a.path, b.path)
	})
	return files
}
