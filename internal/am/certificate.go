package am

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookAtFiles is how often the files of a certificate are looked at, at most.
const lookAtFiles = time.Second

// Certificate is the certificate of two PEM files, for connections by TLS. Files that change are read again; while what
// they hold cannot be used, the last one that could is.
type Certificate struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	looked time.Time
	seen   [2]fileStamp
	last   *tls.Certificate
	failed bool
}

type fileStamp struct {
	changed time.Time
	size    int64
}

// OpenCertificate reads the files for the first time.
func OpenCertificate(cert, key string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{cert: cert, key: key, log: log, looked: time.Now()}
	c.seen = c.stamps()
	return c, c.read()
}

func (c *Certificate) stamps() (s [2]fileStamp) {
	for i, path := range []string{c.cert, c.key} {
		if info, err := os.Stat(path); err == nil {
			s[i] = fileStamp{info.ModTime(), info.Size()}
		}
	}
	return s
}

func (c *Certificate) read() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	c.last = &pair
	return nil
}

// Get is for tls.Config.GetCertificate.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) >= lookAtFiles {
		c.looked = now
		c.look()
	}
	return c.last, nil
}

// look reads the files when they have changed, and again each time when they could not be read.
func (c *Certificate) look() {
	seen := c.stamps()
	if seen == c.seen && !c.failed {
		return
	}
	c.seen = seen
	err := c.read()
	switch {
	case err == nil:
		c.log.Info("the certificate has been read again", "file", c.cert)
	case !c.failed:
		c.log.Error("the certificate cannot be read; the last one is used further", "error", err)
	}
	c.failed = err != nil
}
