// Package backup copies the data of a server with the embedded store while it runs, and
// puts them back.
package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"gatehouse/internal/am/store/embedded"
)

const (
	// socketName is a socket in the data folder, which only the owner of the folder can
	// reach, by which a running server is asked for a copy.
	socketName = "control.sock"
	// copyPattern names the folders that copies are made in.
	copyPattern = "backup-*"
)

// Control answers a running server's owner.
type Control struct {
	server *http.Server
}

// Serve lets a server on the data folder be backed up while it runs, until Close.
func Serve(data string, e *embedded.Engine, log *slog.Logger) (*Control, error) {
	left, err := filepath.Glob(filepath.Join(data, copyPattern))
	if err != nil {
		return nil, err
	}
	for _, dir := range left { // of a backup that was broken off
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
	}
	path := filepath.Join(data, socketName)
	// What lies there is of a server that crashed: the store is ours alone.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	c := &Control{}
	c.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/checkpoint" {
			http.NotFound(w, r)
			return
		}
		dir, err := checkpoint(data, e)
		if err != nil {
			log.Error("backup", "error", err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		log.Info("backup", "folder", dir)
		_ = json.NewEncoder(w).Encode(filepath.Base(dir)) // when the client is gone, the next start removes the folder
	})}
	go func() { _ = c.server.Serve(l) }()
	return c, nil
}

// Close ends the service; a copy that is being made is not waited for.
func (c *Control) Close() error { return c.server.Close() }

// checkpoint copies the store into a new folder below data.
func checkpoint(data string, e *embedded.Engine) (string, error) {
	dir, err := os.MkdirTemp(data, copyPattern)
	if err != nil {
		return "", err
	}
	if err := e.Checkpoint(filepath.Join(dir, "store")); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}

// ask has the running server copy its store; running is false when there is none.
func ask(ctx context.Context, data string) (dir string, running bool, err error) {
	path := filepath.Join(data, socketName)
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://server/checkpoint", nil)
	if err != nil {
		return "", false, err
	}
	resp, err := client.Do(req)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return "", false, nil
	}
	if err != nil {
		return "", true, fmt.Errorf("ask the running server: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", true, fmt.Errorf("the running server answered %s; see its log", resp.Status)
	}
	// The name alone: the server may call the data folder otherwise, from where it was started.
	err = json.NewDecoder(resp.Body).Decode(&dir)
	if ok, _ := filepath.Match(copyPattern, dir); err == nil && !ok {
		err = fmt.Errorf("a copy called %q", dir)
	}
	if err != nil {
		return "", true, fmt.Errorf("ask the running server: %w", err)
	}
	return filepath.Join(data, dir), true, nil
}
