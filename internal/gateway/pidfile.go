package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// pidFile tells a second gateway on the same folder that there is one. A file that a
// killed process left behind hinders nobody.
type pidFile struct {
	path     string
	override bool
	written  bool
}

// pidFile reads how strict to be: admin.json, the token ig.pid.file.mode, strict.
func (i *instance) pidFile(mode string) *pidFile {
	if mode == "" {
		mode, _ = i.token(i.root(), "ig.pid.file.mode")
	}
	return &pidFile{path: filepath.Join(i.services.Dirs.Instance, "gatehouse.pid"), override: strings.EqualFold(mode, "override")}
}

// errUnwritable says that the folder takes no file, which many containers have.
var errUnwritable = errors.New("the pid file is not written")

// write claims the folder for this process.
func (p *pidFile) write() error {
	if text, err := os.ReadFile(p.path); err == nil && !p.override {
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err == nil && pid != os.Getpid() && alive(pid) {
			return fmt.Errorf("another gateway runs on this folder: %s names process %d; end it, or set \"pidFileMode\": \"override\" in admin.json", p.path, pid)
		}
	}
	if err := os.WriteFile(p.path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil { //nolint:gosec // anybody may ask which process runs
		return fmt.Errorf("%w: %w", errUnwritable, err)
	}
	p.written = true
	return nil
}

// remove gives the folder up, unless another process has claimed it since.
func (p *pidFile) remove() {
	if text, err := os.ReadFile(p.path); p.written && err == nil && strings.TrimSpace(string(text)) == strconv.Itoa(os.Getpid()) {
		_ = os.Remove(p.path)
	}
}

// alive asks the system for the process; one that may not be asked exists.
func alive(pid int) bool {
	if pid <= 0 {
		return false
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, fs.ErrPermission)
}
