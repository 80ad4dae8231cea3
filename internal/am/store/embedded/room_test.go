package embedded_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/embedded"
)

// disk is one with room for so many bytes.
type disk struct {
	vfs.FS
	mu    sync.Mutex
	room  int64
	sizes map[string]int64
}

func (d *disk) grow(name string, n int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n > d.room {
		return &diskError{name}
	}
	d.room -= n
	d.sizes[name] += n
	return nil
}

func (d *disk) give(n int64) {
	d.mu.Lock()
	d.room += n
	d.mu.Unlock()
}

type diskError struct{ name string }

func (e *diskError) Error() string { return e.name + ": no space left on device" }
func (e *diskError) Unwrap() error { return syscall.ENOSPC }

func (d *disk) free(name string) {
	d.mu.Lock()
	d.room += d.sizes[name]
	delete(d.sizes, name)
	d.mu.Unlock()
}

func (d *disk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.FS.Create(name, c)
	return limited{f, d, name}, err
}

func (d *disk) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	d.free(from)
	f, err := d.FS.ReuseForWrite(from, to, c)
	return limited{f, d, to}, err
}

func (d *disk) Remove(name string) error {
	err := d.FS.Remove(name)
	if err == nil {
		d.free(name)
	}
	return err
}

func (d *disk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return vfs.DiskUsage{AvailBytes: uint64(d.room)}, nil
}

type limited struct {
	vfs.File
	disk *disk
	name string
}

func (f limited) Write(b []byte) (int, error) {
	if err := f.disk.grow(f.name, int64(len(b))); err != nil {
		return 0, err
	}
	return f.File.Write(b)
}

func (f limited) Preallocate(_, n int64) error {
	if filepath.Base(f.name) != "BALLAST" {
		return nil // logs grow as they are written
	}
	return f.disk.grow(f.name, n)
}

// noise is the body of record n; it cannot be compressed.
func noise(n int32) []byte {
	b := make([]byte, 64<<10)
	_, _ = rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(b)
	return b
}

// A full disk refuses writes and loses none that was acknowledged; with room again, it goes on.
func TestDiskFull(t *testing.T) {
	const ballast = 8 << 20
	d := &disk{FS: vfs.Default, room: 24 << 20, sizes: map[string]int64{}}
	dir := t.TempDir()
	o := embedded.OnDisk(embedded.Options{BallastBytes: ballast}, d)
	e, err := embedded.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	var written atomic.Int32
	put := func() error {
		n := written.Add(1)
		key := store.Key{Kind: "thing", ID: fmt.Sprint(n)}
		err := e.Batch(t.Context(), store.Op{Record: store.Record{Key: key, Body: noise(n)}})
		if err != nil {
			written.Add(-1)
		}
		return err
	}
	fill := func() int32 {
		for range 4096 {
			if err = put(); err != nil {
				break
			}
		}
		if !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("after %d records: %v, want store.ErrUnavailable", written.Load(), err)
		}
		return written.Load()
	}
	check := func(e *embedded.Engine, n int32) {
		t.Helper()
		for i := range n {
			rec, err := e.Get(t.Context(), store.Key{Kind: "thing", ID: fmt.Sprint(i + 1)})
			if err != nil || !bytes.Equal(rec.Body, noise(i+1)) {
				t.Fatalf("record %d of %d: %d bytes, %v", i+1, n, len(rec.Body), err)
			}
		}
	}
	first := fill()
	check(e, first)
	embedded.Looked(e, time.Time{})
	if err := put(); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a write while there is no room: %v", err)
	}
	d.give(40 << 20)
	embedded.Looked(e, time.Now().Add(time.Hour)) // the clock was set back since
	if err := put(); err != nil {
		t.Fatalf("a write when there is room again: %v", err)
	}
	second := fill()
	if second < first+100 {
		t.Errorf("%d records at first and %d with more room", first, second)
	}
	if err := e.Close(); err != nil {
		t.Logf("close on a full disk: %v", err)
	}
	d.give(64 << 20)
	again, err := embedded.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	check(again, second)
	if err := again.Verify(); err != nil {
		t.Error(err)
	}
}

func TestCheckpoint(t *testing.T) {
	dir := t.TempDir()
	e := open(t, filepath.Join(dir, "store"))
	key := func(i int) store.Key { return store.Key{Kind: "thing", ID: fmt.Sprint(i)} }
	for i := range 100 {
		if err := e.Batch(t.Context(), store.Op{Record: store.Record{Key: key(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	copied := filepath.Join(dir, "copy")
	if err := e.Checkpoint(copied); err != nil {
		t.Fatal(err)
	}
	if err := e.Batch(t.Context(), store.Op{Record: store.Record{Key: key(0)}, Delete: true}); err != nil {
		t.Fatal(err)
	}
	again := open(t, copied)
	if err := again.Verify(); err != nil {
		t.Error(err)
	}
	if recs, err := again.List(t.Context(), store.Query{Kind: "thing"}); err != nil || len(recs) != 100 {
		t.Errorf("the copy has %d records, %v, want the 100 of its moment", len(recs), err)
	}
}
